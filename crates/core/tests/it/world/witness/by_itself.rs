//! The laws of what restarts an app though nobody asks and nothing ends: it hangs, its files change,
//! or its time has come.

use super::Witness;
use super::account::Wish;
use rpm_core::action::News;
use rpm_core::{Action, CommandId, Event, InstanceView, Notice, Status, Supervisor};

/// Stands for a reload that nobody asked for, as files have changed.
const FILES: CommandId = CommandId(u64::MAX);

impl Witness {
    /// What the machine says that it does by itself.
    pub(super) fn by_itself(&mut self, now: u64, before: &Supervisor, notice: &Notice) {
        let proc = notice.proc;
        match &notice.news {
            News::Online => {
                let run = notice.generation.and_then(|run| self.runs.get_mut(&run));
                run.unwrap().lived_at = Some(now);
            }
            News::WatchdogMissed { watchdog_ms } => {
                let others = self.others(notice);
                let run = notice.generation.and_then(|run| self.runs.get_mut(&run)).unwrap();
                let silent = now - run.lived_at.unwrap();
                assert_eq!(run.spec.ready.watchdog_ms, Some(*watchdog_ms));
                assert!(silent >= *watchdog_ms, "{proc} said that it lives {silent} ms ago");
                assert!(!others, "{proc} is being replaced");
                run.hangs = true;
            }
            News::Scheduled => {
                let status = before.instance(proc).map(|view| view.status);
                assert_ne!(status, Some(Status::Stopping), "{proc} is to stop");
                let account = self.instances.entry(proc).or_default();
                assert_ne!(account.wish, Wish::Gone, "{proc} is to go");
                // PM2 starts what is stopped, too.
                account.wish = Wish::Up;
            }
            News::FilesChanged { .. } => {
                let wish = self.instances.entry(proc).or_default().wish;
                assert_eq!(wish, Wish::Up, "files of {proc} matter, and it is not to run");
                let reloads = before.instance(proc).is_some_and(|view| view.spec.watch.reload);
                if reloads && !before.is_reloading(&notice.name) {
                    self.rollouts.files_changed(&notice.name);
                    self.instances.entry(proc).or_default().vague.insert(FILES);
                }
            }
            News::Deleted => drop(self.scheduled.remove(&proc)),
            _ => {}
        }
    }

    /// Whether an instance has another run than the one of this notice.
    fn others(&self, notice: &Notice) -> bool {
        self.runs.iter().any(|(generation, run)| {
            run.proc == notice.proc && !run.forgotten && Some(*generation) != notice.generation
        })
    }

    /// Each instance that watches and is to run is told once of a change, and begins anew; a time of
    /// a schedule that is told twice counts once.
    pub(super) fn files_changed(
        &mut self,
        event: &Event,
        actions: &[Action],
        before: &Supervisor,
        after: &Supervisor,
    ) {
        let is_news = |action: &Action, is: &dyn Fn(&Notice) -> bool| match action {
            Action::Publish(notice) => is(notice),
            _ => false,
        };
        if let Event::Scheduled { proc, at } = event
            && before.instance(*proc).is_some_and(|view| view.spec.cron.is_some())
        {
            let told = |notice: &Notice| matches!(notice.news, News::Scheduled);
            let told = actions.iter().any(|action| is_news(action, &told));
            let last = self.scheduled.insert(*proc, *at);
            assert!(!told || last != Some(*at), "{proc} began twice for {at:?}");
        }
        let Event::FilesChanged { app, .. } = event else {
            return;
        };
        let members = before.instances().filter(|view| view.spec.name == *app);
        let members: Vec<InstanceView<'_>> = members.collect();
        let reloads = members.iter().any(|view| view.spec.watch.reload);
        for view in members {
            let proc = view.proc;
            let told = |notice: &Notice| {
                notice.proc == proc && matches!(notice.news, News::FilesChanged { .. })
            };
            let told = actions.iter().filter(|action| is_news(action, &told)).count();
            assert_eq!(told, usize::from(view.watches), "how often {proc} is told");
            let status = after.instance(proc).map(|view| view.status);
            match status {
                _ if !view.watches || reloads => {}
                Some(Status::Launching | Status::Stopping) => {}
                other => {
                    panic!("{proc} was {}, its files have changed, it is {other:?}", view.status)
                }
            }
        }
    }

    /// Reloads for changed files are over.
    pub(super) fn reloaded(&mut self, table: &Supervisor) {
        for view in table.instances().filter(|view| !table.is_reloading(&view.spec.name)) {
            if let Some(account) = self.instances.get_mut(&view.proc) {
                account.reloaded(FILES, &view);
            }
        }
    }

    /// An app that has promised to say that it lives is not silent for longer than its time, but
    /// while something of a reload is left.
    pub(super) fn nobody_hangs(&self, now: u64, table: &Supervisor) {
        for view in table.instances().filter(|view| view.status == Status::Online) {
            let Some((generation, run)) =
                view.generation.and_then(|it| self.runs.get_key_value(&it))
            else {
                continue;
            };
            let (Some(watchdog_ms), Some(lived_at)) = (run.spec.ready.watchdog_ms, run.lived_at)
            else {
                continue;
            };
            let excused = self
                .runs
                .iter()
                .any(|(other, it)| it.proc == view.proc && !it.forgotten && other != generation);
            let silent = now - lived_at;
            let late = silent.saturating_sub(watchdog_ms);
            assert!(late == 0 || excused, "{} hangs, and it is {late} ms too late", view.proc);
        }
    }
}
