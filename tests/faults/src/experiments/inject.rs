//! System calls of the daemon that fail, by strace.

use super::{Experiment, Order, skipped};
use crate::disturb::{Injection, is_root};
use crate::report::Report;
use crate::scene::{Mix, Scene};
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};

/// Calls of the keeper.
pub(crate) const KEEPER: Experiment = Experiment {
    name: "inject-keeper",
    about: "system calls of the keeper fail (strace)",
    times: 1,
    short_times: 0,
    run: keeper,
};

/// Calls of the supervisor.
pub(crate) const SUPERVISOR: Experiment = Experiment {
    name: "inject-supervisor",
    about: "system calls of the supervisor fail (strace)",
    times: 1,
    short_times: 0,
    run: supervisor,
};

const KEEPER_CALLS: &[&str] = &[
    "clone3:error=EAGAIN:when=1..3",
    "clone3:error=ENOMEM:when=1..3",
    "sendmsg:error=EAGAIN:when=1+3",
    "sendmsg:error=ENOBUFS:when=1+3",
    "recvmsg:error=EINTR:when=1+2",
    "ppoll:error=EINTR:when=1+2",
    "poll:error=EINTR:when=1+2",
    "wait4:error=EINTR:when=1+2",
    "waitid:error=EINTR:when=1+2",
    "socketpair:error=EMFILE:when=1..2",
    "execveat:error=ENOMEM:when=1..2",
];

const SUPERVISOR_CALLS: &[&str] = &[
    "splice:error=EINTR:when=1+3",
    "splice:error=EAGAIN:when=1+3",
    "readv:error=EINTR:when=1+3",
    "openat:error=EMFILE:when=1..4",
    "openat:error=ENFILE:when=1..4",
    "fdatasync:error=EIO:when=1..3",
    "fsync:error=EIO:when=1..3",
    "rename:error=ENOSPC:when=1..3",
    "renameat:error=ENOSPC:when=1..3",
    "ftruncate:error=EIO:when=1..2",
    "memfd_create:error=EMFILE:when=1..2",
    "sendmsg:error=EAGAIN:when=1+3",
    "sendmsg:error=ENOBUFS:when=1+3",
    "accept4:error=EMFILE:when=1..3",
    "epoll_wait:error=EINTR:when=1+3",
    "epoll_pwait:error=EINTR:when=1+3",
    "mmap:error=ENOMEM:when=1..2",
    "pipe2:error=EMFILE:when=1..2",
    "write:error=ENOSPC:when=1+7",
    "writev:error=ENOSPC:when=1+7",
];

fn keeper(order: &mut Order) -> Report {
    injected(order, KEEPER_CALLS, |scene| Some(scene.keeper))
}

fn supervisor(order: &mut Order) -> Report {
    injected(order, SUPERVISOR_CALLS, Scene::supervisor)
}

fn injected(order: &Order, calls: &[&str], who: fn(&Scene) -> Option<u32>) -> Report {
    if !is_root() {
        return skipped("needs root, to trace the daemon");
    }
    let mix = Mix { lines_a_second: 50, web_lines: 10, victims: 2, ..Mix::ALL };
    let mut scene = Scene::start(mix, &[]);
    let mut disturbs_logs = false;
    for call in calls.iter().cycle().take(calls.len() * usize::try_from(order.times).unwrap()) {
        let broken = scene.report.broken.len();
        let Some(pid) = who(&scene) else { continue };
        // No other file of a supervisor's can be on a full disk: sockets and bells have none.
        let writes = call.starts_with("write");
        let paths = if writes { scene.logs() } else { Vec::new() };
        let injection = match Injection::start(pid, call, &paths) {
            Ok(injection) => injection,
            Err(why) => {
                drop(scene.finish());
                return skipped(why);
            }
        };
        let victim = scene.try_to_end(0, Signal::SIGUSR1);
        if who(&scene) == Some(scene.keeper) {
            scene.kill_supervisor();
            scene.report.faults -= 1;
        } else {
            // A command that opens files, writes and starts something; it may be refused.
            scene.rpm.run(&["restart", "victim-1"]);
        }
        std::thread::sleep(Duration::from_secs(1));
        let hits = injection.end();
        scene.report.faults += hits;
        scene.note(format!("{call}: {hits} calls failed"));
        disturbs_logs |= hits > 0 && writes;
        scene.regain(Instant::now());
        if scene.report.broken.len() > broken {
            scene.report.broken.push(format!("by {call}"));
            break;
        }
        scene.meet();
        if let Some(victim) = victim {
            let wrong = scene.report.exits.wrong;
            // An attempt to start that has failed counts as a restart.
            scene.check_return(victim);
            if scene.report.exits.wrong > wrong {
                scene.note(format!("by {call}"));
            }
        }
    }
    let mut report = scene.finish();
    if disturbs_logs {
        report.promise_nothing_silent(101);
    } else {
        report.promise_nothing_noticed();
    }
    report
}
