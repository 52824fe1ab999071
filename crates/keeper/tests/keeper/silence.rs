//! A supervisor that hangs is replaced; one that cannot speak is not.

use crate::Test;
use crate::home::{Home, wait};
use rpm_sys::{pidfd, poll};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(crate) const TESTS: [Test; 3] = [
    ("a_supervisor_that_hangs_is_replaced", a_supervisor_that_hangs_is_replaced),
    ("a_supervisor_that_is_stopped_is_left_alone", a_stopped_supervisor_is_left_alone),
    ("after_both_were_stopped_the_count_starts_anew", after_both_were_stopped),
];

const SIGSTOP: i32 = 19;
const SIGCONT: i32 = 18;
/// Longer than a supervisor may be silent.
const LONG: Duration = Duration::from_secs(13);

fn a_supervisor_that_hangs_is_replaced() {
    let (mut home, mut supervisor) = Home::started();
    let _pipes = supervisor.spawn(1, "exec sleep 1000");
    let (_, pid, _) = supervisor.spawned();
    assert!(supervisor.hear_all().is_empty());
    let begun = Instant::now();
    wait(supervisor.pidfd());
    assert!(begun.elapsed() > Duration::from_secs(9), "{:?}", begun.elapsed());
    home.await_log("silent for too long");
    drop(supervisor);
    let mut next = home.next();
    assert_eq!(next.greeting().slots[0].pid, pid);
    home.stop(next);
}

fn a_stopped_supervisor_is_left_alone() {
    let (home, mut supervisor) = Home::started();
    supervisor.hear_all();
    pidfd::send_signal(supervisor.pidfd(), SIGSTOP).unwrap();
    assert!(!ends_within(supervisor.pidfd(), LONG));
    pidfd::send_signal(supervisor.pidfd(), SIGCONT).unwrap();
    assert!(!ends_within(supervisor.pidfd(), Duration::from_secs(3)), "it has time to speak");
    supervisor.hear_all();
    home.stop(supervisor);
}

fn after_both_were_stopped() {
    let (home, mut supervisor) = Home::started();
    supervisor.hear_all();
    for process in [home.keeper().1, supervisor.pidfd()] {
        pidfd::send_signal(process, SIGSTOP).unwrap();
    }
    // As long as a silence that would be too long for one that runs.
    sleep(LONG);
    for process in [home.keeper().1, supervisor.pidfd()] {
        pidfd::send_signal(process, SIGCONT).unwrap();
    }
    assert!(!ends_within(supervisor.pidfd(), Duration::from_secs(3)), "it has time to speak");
    supervisor.hear_all();
    home.stop(supervisor);
}

fn ends_within(pidfd: &std::os::fd::OwnedFd, time: Duration) -> bool {
    poll::wait_for(pidfd, false, Some(u64::try_from(time.as_millis()).unwrap())).unwrap()
}
