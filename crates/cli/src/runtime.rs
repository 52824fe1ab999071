//! What the first process of a container listens to: signals and the apps; and what they print.

mod print;
mod tail;

pub(crate) use print::Print;

use crate::connect;
use crate::home::Home;
use crate::outcome::Stop;
use rpm_core::{Ending, Signal, Status};
use rpm_proto::{Client, Fault, ProcessView, Request};
use rpm_sys::signals::Signals;
use rpm_sys::{clock, poll, process};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// SIGCHLD, `signal(7)`.
const CHILD: i32 = 17;
/// SIGHUP, SIGUSR1, SIGUSR2, SIGCONT and SIGWINCH are handed to the apps.
const HANDED_ON: [i32; 5] = [1, 10, 12, 18, 28];

/// Something that the first process acts upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Something happened to an app.
    Changed,
    /// A signal came.
    Signal(Signal),
    /// The daemon is gone for good.
    Lost,
}

/// Where news come in.
pub(crate) struct Inbox {
    sender: Sender<News>,
    news: Receiver<News>,
}

impl Inbox {
    /// Takes all signals of this process from now on; to be called before there are threads.
    pub(crate) fn open() -> Result<Self, Stop> {
        let signals = Signals::all()?;
        let (sender, news) = channel();
        let of_signals = sender.clone();
        thread::spawn(move || hear_signals(&signals, &of_signals));
        Ok(Self { sender, news })
    }

    /// The next news.
    pub(crate) fn next(&self) -> News {
        self.news.recv().unwrap_or(News::Lost)
    }

    /// Waits; whether a signal asked for the end meanwhile.
    pub(crate) fn is_told_to_end_within(&self, time: Duration) -> bool {
        let until_ms = clock::monotonic_ms() + u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        loop {
            let left_ms = until_ms.saturating_sub(clock::monotonic_ms());
            match self.news.recv_timeout(Duration::from_millis(left_ms)) {
                Ok(News::Signal(Signal::TERM | Signal::INT)) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }

    /// Hears of apps too, also from a daemon that follows the one that is there now.
    pub(crate) fn watch(&self, home: &Home) -> Result<(), Stop> {
        let mut client = watching(home)?.ok_or_else(lost)?;
        let (home, sender) = (home.clone(), self.sender.clone());
        thread::spawn(move || {
            loop {
                while client.next().is_ok() {
                    if sender.send(News::Changed).is_err() {
                        return;
                    }
                }
                // What happened in between is seen by looking.
                let news = match watching(&home) {
                    Ok(Some(next)) => {
                        client = next;
                        News::Changed
                    }
                    Ok(None) | Err(_) => News::Lost,
                };
                if sender.send(news).is_err() || news == News::Lost {
                    return;
                }
            }
        });
        Ok(())
    }
}

fn watching(home: &Home) -> Result<Option<Client>, Stop> {
    let Some(mut client) = connect::to_running(home)? else {
        return Ok(None);
    };
    client.send(&Request::Watch)?;
    Ok(Some(client))
}

fn hear_signals(signals: &Signals, sender: &Sender<News>) {
    loop {
        if poll::wait_for(signals, false, None).is_err() {
            return;
        }
        while let Ok(Some(number)) = signals.next() {
            if number == CHILD {
                // Orphans of the container are ours; nobody asks how they ended.
                while let Ok(Some(_)) = process::reap_any() {}
                continue;
            }
            let signal = Signal(number);
            let is_news =
                signal == Signal::TERM || signal == Signal::INT || HANDED_ON.contains(&number);
            if is_news && sender.send(News::Signal(signal)).is_err() {
                return;
            }
        }
    }
}

/// The apps as they were seen last.
#[derive(Debug, Default)]
pub(crate) struct Apps {
    seen: Vec<ProcessView>,
}

impl Apps {
    /// Takes what is there now.
    pub(crate) fn look(&mut self, views: Vec<ProcessView>) {
        self.seen = views;
    }

    /// The status to end with, when none runs and none is about to: that of the first that failed,
    /// else 0. What a shell says of a process that a signal ended is 128 and the signal.
    pub(crate) fn over(&self) -> Option<u8> {
        let is_over = |view: &ProcessView| matches!(view.status, Status::Stopped | Status::Errored);
        if !self.seen.iter().all(is_over) {
            return None;
        }
        let status = |view: &ProcessView| match (view.last_exit, view.status) {
            (Some(Ending::Code(code)), _) => u8::try_from(code & 0xff).unwrap_or(1),
            (Some(Ending::Signal(signal)), _) => u8::try_from(128 + signal.0).unwrap_or(1),
            (Some(Ending::Unknown), _) | (None, Status::Errored) => 1,
            (None, _) => 0,
        };
        Some(self.seen.iter().map(status).find(|status| *status > 0).unwrap_or(0))
    }
}

/// What a fault is called when the daemon ended under way.
pub(crate) fn lost() -> Fault {
    Fault::new(rpm_proto::Code::DaemonSilent, "the daemon ended")
        .help("`rpm.log` in the home says why")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpm_core::spec::ExecMode;

    fn view(status: Status, last_exit: Option<Ending>) -> ProcessView {
        ProcessView {
            id: 0,
            name: "app".to_owned(),
            namespace: "default".to_owned(),
            version: "N/A".to_owned(),
            mode: ExecMode::Fork,
            slot: 0,
            status,
            pid: 0,
            restarts: 0,
            unstable: 0,
            created_at: 0,
            started_at: 0,
            cpu: 0.0,
            memory: 0,
            last_exit,
            error: None,
            user: "me".to_owned(),
            watching: false,
            module: false,
        }
    }

    #[test]
    fn the_end_is_that_of_the_first_that_failed() {
        let over = |views: &[ProcessView]| Apps { seen: views.to_vec() }.over();
        let fine = view(Status::Stopped, Some(Ending::Code(0)));
        let failed = view(Status::Stopped, Some(Ending::Code(3)));
        let killed = view(Status::Errored, Some(Ending::Signal(Signal::KILL)));
        assert_eq!(over(&[]), Some(0));
        assert_eq!(over(std::slice::from_ref(&fine)), Some(0));
        assert_eq!(over(&[fine.clone(), failed, killed.clone()]), Some(3));
        assert_eq!(over(&[killed]), Some(137));
        assert_eq!(over(&[view(Status::Errored, None)]), Some(1));
        for alive in [Status::Online, Status::Launching, Status::Stopping, Status::Waiting] {
            assert_eq!(over(&[fine.clone(), view(alive, None)]), None);
        }
    }
}
