//! Trees are signalled whole, and what a run leaves behind is ended.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod support;

use rpm_sys::process::{WaitStatus, become_subreaper, reap, wait_status};
use rpm_sys::spawn::{Child, spawn};
use rpm_sys::{poll, tree};
use std::io::{BufRead, BufReader, PipeReader};
use support::{output_of, read, shell, text};

const SIGKILL: i32 = 9;
const SIGTERM: i32 = 15;

/// Starts a script and reads the numbers that it writes, one a line.
fn start(script: &str, marker: &str, numbers: usize) -> (Child, Vec<u32>, PipeReader) {
    let mut plan = shell(script);
    plan.envp.push(text(marker));
    let output = output_of(&mut plan);
    let child = spawn(&plan).unwrap();
    let mut lines = BufReader::new(output);
    let pids = (0..numbers).map(|_| {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        line.trim().parse().unwrap()
    });
    let pids = pids.collect();
    assert!(lines.buffer().is_empty());
    (child, pids, lines.into_inner())
}

fn reap_all(pids: &[u32]) {
    for pid in pids {
        // Those whose parent still lived are reaped by it.
        reap(*pid).ok();
    }
}

#[test]
fn a_tree_is_signalled_with_all_below() {
    let script = "sh -c 'sleep 1000 & echo $!; setsid sleep 1000 & echo $!; wait' & echo $!; \
        exec sleep 1000";
    let (child, pids, output) = start(script, "X=1", 3);
    let mut below: Vec<u32> = tree::Snapshot::take().descendants(child.pid);
    below.sort_unstable();
    let mut expected = pids.clone();
    expected.sort_unstable();
    assert_eq!(below, expected);
    tree::kill_tree(child.pid, &child.pidfd, SIGTERM).unwrap();
    // The pipe is closed when all of them are gone.
    assert_eq!(read(output), "");
    assert_eq!(wait_status(reap(child.pid).unwrap()), WaitStatus::Signalled(SIGTERM));
    let error = tree::kill_tree(child.pid, &child.pidfd, SIGTERM).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(rpm_sys::process::ESRCH));
}

#[test]
fn whoever_left_the_session_is_swept_by_its_marker() {
    become_subreaper().unwrap();
    let script = "setsid sh -c 'setsid sleep 1000 & echo $!; wait' & echo $!; \
        sleep 1000 & echo $!; exit 0";
    let (child, pids, output) = start(script, "MARK=one.1", 3);
    reap(child.pid).unwrap();
    let us = std::process::id();
    assert!(tree::leftovers(us, &|_| false, b"MARK=one.10", None).is_empty());
    let mut found = tree::leftovers(us, &|_| false, b"MARK=one.1", None);
    found.sort_unstable();
    let mut expected = pids.clone();
    expected.sort_unstable();
    assert_eq!(found, expected);
    let stayed = |pid| tree::stat(pid).is_some_and(|stat| stat.session == child.pid);
    assert_eq!(tree::leftovers(us, &stayed, b"MARK=one.1", None).len(), 2);

    let gone = tree::sweep_once(us, &|_| false, b"MARK=one.1", None);
    assert_eq!(gone.len(), 3);
    for pidfd in gone {
        assert!(poll::wait_for(&pidfd, false, Some(10_000)).unwrap());
    }
    assert_eq!(read(output), "");
    reap_all(&pids);
    assert!(tree::sweep_once(us, &|_| false, b"MARK=one.1", None).is_empty());
}

#[test]
fn whoever_shed_its_environment_is_swept_by_its_session() {
    become_subreaper().unwrap();
    let (child, pids, output) = start("env -i sleep 1000 & echo $!; exit 0", "MARK=two.1", 1);
    reap(child.pid).unwrap();
    let us = std::process::id();
    // It is a shell and then `env`, which have the marker.
    let name = format!("/proc/{}/comm", pids[0]);
    while std::fs::read_to_string(&name).unwrap() != "sleep\n" {
        std::thread::yield_now();
    }
    assert!(tree::leftovers(us, &|_| false, b"MARK=two.1", None).is_empty());
    assert_eq!(tree::sweep_once(us, &|_| false, b"MARK=two.1", Some(child.pid)).len(), 1);
    assert_eq!(read(output), "");
    reap_all(&pids);
}

#[test]
fn a_forker_does_not_outrun_the_sweep() {
    become_subreaper().unwrap();
    let script = "echo $$; f() { (sleep 0.002; f) & }; f; f; f; sleep 0.05";
    let (child, _, output) = start(script, "MARK=three.1", 1);
    reap(child.pid).unwrap();
    let us = std::process::id();
    let mut rounds = 0;
    loop {
        let gone = tree::sweep_once(us, &|_| false, b"MARK=three.1", Some(child.pid));
        if gone.is_empty() {
            break;
        }
        rounds += 1;
        assert!(rounds < 100, "the forkers are still there");
        for pidfd in gone {
            assert!(poll::wait_for(&pidfd, false, Some(10_000)).unwrap());
        }
    }
    assert_eq!(read(output), "", "nobody holds the pipe any more");
}

#[test]
fn a_process_that_is_not_ours_is_not_touched() {
    let (child, _, output) = start("echo $$; sleep 1000", "MARK=four.1", 1);
    let us = std::process::id();
    assert!(tree::sweep_once(us, &|_| false, b"MARK=other.1", None).is_empty());
    assert!(tree::sweep_once(us, &|pid| pid == child.pid, b"MARK=four.1", None).is_empty());
    tree::kill_tree(child.pid, &child.pidfd, SIGKILL).unwrap();
    assert_eq!(wait_status(reap(child.pid).unwrap()), WaitStatus::Signalled(SIGKILL));
    assert_eq!(read(output), "");
}
