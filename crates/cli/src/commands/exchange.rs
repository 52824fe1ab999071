//! Questions to the daemon, and what is shown of the answers.

use super::{Cli, modules, settings, words};
use crate::connect;
use crate::outcome::{Outcome, Stop};
use crate::progress::Progress;
use crate::render::order::Order;
use crate::render::processes::{self, View};
use crate::report::Told;
use rpm_core::Target;
use rpm_proto::{Client, Detail, Fault, ProcessView, Reply, Request};

impl Cli {
    /// A connection to the daemon where one runs.
    pub(crate) fn running(&self) -> Result<Option<Client>, Stop> {
        Ok(connect::to_running(&self.home)?)
    }

    /// A connection to the daemon, which is started where none runs.
    pub(crate) fn started(&mut self) -> Result<Client, Stop> {
        let (mut client, is_new) = connect::or_start(&self.home)?;
        if is_new && self.screen.talks() && std::env::var_os("PM2_DISCRETE_MODE").is_none() {
            self.screen.note(format!("started the daemon in {}", self.home.path()))?;
            self.tell_taken_up(&mut client)?;
        }
        if is_new {
            settings::tell_daemon(self, &mut client)?;
            modules::start_installed(self, &mut client)?;
        }
        Ok(client)
    }

    /// Says what a new daemon found of one that did not end well.
    fn tell_taken_up(&mut self, client: &mut Client) -> Outcome {
        if let Reply::TakenUp { adopted, ended } = client.call(&Request::TakenUp, |_| {})?
            && adopted + ended > 0
        {
            self.screen.warn(format!(
                "the last daemon and its keeper did not end well: {adopted} of its processes go on, \
                 {ended} were ended"
            ))?;
        }
        Ok(())
    }

    /// Asks, and shows meanwhile how far it is. A failure is a reply like others.
    pub(crate) fn ask(&mut self, client: &mut Client, request: &Request) -> Result<Reply, Stop> {
        let shows = self.screen.talks() && self.screen.look.err_terminal;
        let mut progress = Progress::default();
        let mut drawn = Ok(());
        let screen = &mut self.screen;
        let reply = client.call(request, |reply| {
            if let (true, Reply::Notice { notice }) = (shows, reply) {
                progress.update(&notice);
                let line = progress.line(screen.look.err_width.saturating_sub(1));
                drawn = screen.err_raw(format!("\r\x1b[2K{line}"));
            }
        });
        if !progress.is_empty() {
            screen.err_raw("\r\x1b[2K")?;
        }
        drawn?;
        Ok(reply?)
    }

    /// Asks for something that changes processes, and says what was touched, also when it failed.
    pub(crate) fn change(&mut self, client: &mut Client, request: &Request) -> Outcome {
        let (affected, outcome) = match self.ask(client, request)? {
            Reply::Done { affected } => (affected, Ok(())),
            Reply::Failed { fault, affected } => (affected, Err(fault.into())),
            _ => return Err(connect::unexpected().into()),
        };
        for line in words::lines(&affected, self.screen.look.out_terminal, self.screen.paint()) {
            self.screen.say(line)?;
        }
        self.affected.extend(affected);
        outcome
    }

    /// Ends a command that changed processes: JSON, or PM2's table. A failure that touched
    /// something shows it too, before it is told.
    pub(crate) fn conclude(
        &mut self,
        client: Option<&mut Client>,
        outcome: Outcome,
        table: Table,
    ) -> Outcome {
        if self.screen.wish.json {
            outcome?;
            return Ok(self.screen.json(&Told { error: None, affected: &self.affected })?);
        }
        let is_worth_it = outcome.is_ok() || !self.affected.is_empty();
        if let (Table::Shown, true, true, Some(client)) =
            (table, is_worth_it, self.screen.talks(), client)
        {
            let rows = views(client)?;
            self.draw(rows)?;
        }
        outcome
    }

    /// Draws PM2's table.
    pub(crate) fn draw(&mut self, mut rows: Vec<ProcessView>) -> Outcome {
        self.order()?.sort(&mut rows);
        let (modules, apps): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.module);
        let mut text = processes::draw(&apps, self.view());
        if !modules.is_empty() {
            text.push_str("Module\n");
            text.push_str(&processes::draw(&modules, self.view()));
        }
        Ok(self.screen.answer(text)?)
    }

    /// The order that was asked for.
    pub(crate) fn order(&self) -> Result<Order, Fault> {
        self.flags.tables.sort.as_deref().map_or(Ok(Order::default()), Order::read)
    }

    /// How tables are drawn.
    pub(crate) fn view(&self) -> View {
        View {
            now: jiff::Timestamp::now().as_millisecond(),
            width: self.screen.look.width,
            paint: self.screen.paint(),
            mini: self.flags.tables.mini_list,
        }
    }
}

/// All processes.
pub(crate) fn views(client: &mut Client) -> Result<Vec<ProcessView>, Stop> {
    match client.call(&Request::List, |_| {})? {
        Reply::Processes { processes } => Ok(processes),
        Reply::Failed { fault, .. } => Err(fault.into()),
        _ => Err(connect::unexpected().into()),
    }
}

/// Everything known of the processes that `target` names, or of all.
pub(crate) fn details(client: &mut Client, target: Option<&str>) -> Result<Vec<Detail>, Stop> {
    let target = target.map(Target::from);
    match client.call(&Request::Inspect { target }, |_| {})? {
        Reply::Details { details } => Ok(details),
        Reply::Failed { fault, .. } => Err(fault.into()),
        _ => Err(connect::unexpected().into()),
    }
}

/// Whether PM2 shows its table after a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    /// It does.
    Shown,
    /// It does not.
    Hidden,
}
