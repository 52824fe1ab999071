//! The rules as rows: each names what PM2 does.

use super::*;
use crate::signal::Signal;

const QUICK: u64 = 10;
const LONG: u64 = 60_000;

fn policy() -> RestartPolicy {
    RestartPolicy { max_restarts: 3, ..RestartPolicy::default() }
}

fn after(unstable: u32) -> History {
    History { unstable, backoff_ms: 0 }
}

#[test]
fn verdicts() {
    let once = RestartPolicy { autorestart: false, ..policy() };
    let stops = RestartPolicy { stop_exit_codes: vec![0, 3], ..policy() };
    let delayed = RestartPolicy { delay_ms: 4000, ..policy() };
    let never = RestartPolicy { max_restarts: 0, ..policy() };
    let again = |delay_ms| Verdict::Again { delay_ms };
    let killed = Ending::Signal(Signal::KILL);
    #[rustfmt::skip]
    let rows: [(&str, &RestartPolicy, u32, u64, Ending, Verdict, u32); 15] = [
        ("PM2: any exit is followed by a start", &policy(), 0, LONG, Ending::Code(0), again(0), 0),
        ("PM2: also that by a signal", &policy(), 0, LONG, killed, again(0), 0),
        ("PM2: a short run is unstable", &policy(), 0, QUICK, Ending::Code(1), again(0), 1),
        ("PM2: min_uptime itself is stable", &policy(), 1, 1000, Ending::Code(1), again(0), 0),
        ("one below is not", &policy(), 1, 999, Ending::Code(1), again(0), 2),
        ("PM2: max_restarts 3 allows two", &policy(), 1, QUICK, Ending::Code(1), again(0), 2),
        ("PM2: the third is errored, and counts anew", &policy(), 2, QUICK, Ending::Code(1), Verdict::GiveUp, 0),
        ("better: a stable run ends the row", &policy(), 2, LONG, Ending::Code(1), again(0), 0),
        ("max_restarts 0 allows no exit", &never, 0, LONG, Ending::Code(1), Verdict::GiveUp, 0),
        ("PM2: autorestart false", &once, 0, QUICK, Ending::Code(1), Verdict::Stop, 0),
        ("PM2: a stop code", &stops, 1, QUICK, Ending::Code(3), Verdict::Stop, 1),
        ("another code", &stops, 1, QUICK, Ending::Code(4), again(0), 2),
        ("better: a signal is not code 0", &stops, 0, QUICK, killed, again(0), 1),
        ("nor is what nobody knows", &stops, 0, QUICK, Ending::Unknown, again(0), 1),
        ("PM2: restart_delay", &delayed, 0, LONG, Ending::Code(0), again(4000), 0),
    ];
    for (rule, policy, unstable, lived, how, verdict, left) in rows {
        let (got, history) = judge(policy, after(unstable), lived, how);
        assert_eq!((got, history.unstable), (verdict, left), "{rule}");
    }
}

#[test]
fn a_back_off_grows_until_a_calm_run() {
    let policy = RestartPolicy { backoff_ms: Some(100), delay_ms: 7, ..policy() };
    let history = |backoff_ms| History { unstable: 0, backoff_ms };
    let rows = [
        ("PM2: the base first, and it wins over restart_delay", 0, 1000, 100),
        ("PM2: then half as much again", 100, 1000, 150),
        ("also after a run that was stable but short", 150, 29_999, 225),
        ("PM2: 30 s of calm begin anew", 225, 30_000, 100),
    ];
    for (rule, last, lived, wait) in rows {
        let (verdict, after) = judge(&policy, history(last), lived, Ending::Code(1));
        assert_eq!(verdict, Verdict::Again { delay_ms: wait }, "{rule}");
        assert_eq!(after.backoff_ms, wait, "{rule}");
    }
    let none = RestartPolicy { backoff_ms: Some(0), ..policy };
    let (verdict, _) = judge(&none, history(0), 1000, Ending::Code(1));
    assert_eq!(verdict, Verdict::Again { delay_ms: 7 }, "PM2: a base of 0 is none");
}

#[test]
fn what_is_no_success_is_a_failure() {
    let policy = RestartPolicy { stop_exit_codes: vec![3], ..policy() };
    let rows = [
        (Ending::Code(0), false),
        (Ending::Code(1), true),
        (Ending::Code(3), false),
        (Ending::Signal(Signal::KILL), true),
        (Ending::Unknown, false),
    ];
    for (how, fails) in rows {
        assert_eq!(is_failure(&policy, how), fails, "{how}");
    }
}
