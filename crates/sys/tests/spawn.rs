//! Processes are started as planned, and what fails is told.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod support;

use rpm_sys::process::{WaitStatus, effective_uid, open_self, reap, wait_status};
use rpm_sys::spawn::{Plan, Program, Rlimit, Stage, spawn};
use std::fmt::Write as _;
use std::fs::Permissions;
use std::io::{PipeReader, Write, pipe};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use support::{null, output_of, read, shell, text};

/// Runs a plan to its end. Returns what it wrote.
fn run(mut plan: Plan) -> (String, WaitStatus) {
    let output = output_of(&mut plan);
    let child = spawn(&plan).unwrap();
    drop(plan);
    child.outcome.wait().unwrap();
    (read(output), wait_status(reap(child.pid).unwrap()))
}

/// What a plan fails at.
fn failure(plan: &Plan) -> (Stage, i32) {
    let child = spawn(plan).unwrap();
    let error = child.outcome.wait().unwrap_err();
    assert_eq!(wait_status(reap(child.pid).unwrap()), WaitStatus::Exited(127));
    (error.stage, error.error.raw_os_error().unwrap())
}

#[test]
fn a_program_runs_with_its_arguments_and_environment() {
    let mut plan = shell("echo $0 $1 $NAME; pwd; exit 3");
    plan.argv.extend(["zero", "one"].map(text));
    plan.envp.push(text("NAME=value"));
    plan.cwd = text("/usr");
    let (output, status) = run(plan);
    assert_eq!(output, "zero one value\n/usr\n");
    assert_eq!(status, WaitStatus::Exited(3));
}

#[test]
fn what_fails_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let program = |path: &str| {
        let mut plan = shell("true");
        plan.program = Program::Path(text(path));
        plan
    };
    assert_eq!(failure(&program("/no/such/file")), (Stage::Exec, 2));
    assert_eq!(failure(&program(file.to_str().unwrap())), (Stage::Exec, 13));
    let mut plan = shell("true");
    plan.cwd = text("/no/such/folder");
    assert_eq!(failure(&plan), (Stage::Chdir, 2));
    let mut plan = shell("true");
    plan.fds.push((null(), -1));
    assert_eq!(failure(&plan), (Stage::Descriptors, 9));
}

#[test]
fn a_working_script_of_another_kind_is_refused_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "no binary and no script").unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o755)).unwrap();
    let mut plan = shell("true");
    plan.program = Program::Path(text(file.to_str().unwrap()));
    assert_eq!(failure(&plan), (Stage::Exec, 8));
}

#[test]
fn descriptors_arrive_at_their_places_and_no_others_do() {
    // Sources that are each other's targets.
    let mut pipes: Vec<(PipeReader, OwnedFd)> = Vec::new();
    for _ in 0..4 {
        let (ours, theirs) = pipe().unwrap();
        pipes.push((ours, theirs.into()));
    }
    let numbers: Vec<i32> =
        pipes.iter().map(|(_, fd)| std::os::fd::AsRawFd::as_raw_fd(fd)).collect();
    let mut script = String::new();
    let mut plan = shell("");
    let mut readers = Vec::new();
    for (index, (ours, theirs)) in pipes.into_iter().enumerate() {
        let target = numbers[(index + 1) % numbers.len()];
        writeln!(script, "echo pipe {index} >/proc/self/fd/{target}").unwrap();
        plan.fds.push((theirs, target));
        readers.push(ours);
    }
    script.push_str("ls /proc/self/fd | wc -l");
    plan.argv[2] = text(&script);
    let (output, _) = run(plan);
    for (index, reader) in readers.into_iter().enumerate() {
        assert_eq!(read(reader), format!("pipe {index}\n"));
    }
    // Three, four of ours, and the folder that `ls` reads.
    assert_eq!(output.trim(), "8");
}

#[test]
fn signals_are_as_by_default_and_the_session_is_its_own() {
    // Rust programs ignore SIGPIPE.
    let (output, _) = run(shell("exec grep -E '^Sig(Blk|Ign)' /proc/self/status"));
    assert_eq!(output, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    let (output, _) = run(shell("cut -d' ' -f6 /proc/$$/stat; echo $$"));
    let (session, pid) = output.trim().split_once('\n').unwrap();
    assert_eq!(session, pid, "it leads its session");
}

#[test]
fn limits_and_badness_are_set() {
    let mut plan = shell("ulimit -Sn; cat /proc/$$/oom_score_adj");
    plan.descriptors = Some(77);
    plan.oom_score_adj = Some(321);
    assert_eq!(run(plan).0, "77\n321\n");
}

#[test]
fn another_user_is_taken_on_or_refused() {
    let mut plan = shell("id -u; id -g; id -G");
    (plan.uid, plan.gid, plan.groups) = (Some(65534), Some(65534), Some(vec![4, 27]));
    if effective_uid() == 0 {
        assert_eq!(run(plan).0, "65534\n65534\n65534 4 27\n");
    } else {
        assert_eq!(failure(&plan), (Stage::Gid, 1));
    }
}

#[test]
fn what_is_asked_for_is_set_before_the_program_begins() {
    let script = "ulimit -Sn; ulimit -Hn; ulimit -c; umask; nice; grep NoNewPrivs /proc/$$/status";
    let mut plan = shell(script);
    plan.descriptors = Some(55);
    plan.rlimits = vec![
        Rlimit { resource: 7, soft: 66, hard: 88 },
        Rlimit { resource: 4, soft: 0, hard: u64::MAX },
    ];
    (plan.umask, plan.nice, plan.no_new_privs) = (Some(0o27), Some(3), true);
    if effective_uid() != 0 {
        plan.rlimits[1].hard = 0;
    }
    assert_eq!(run(plan).0, "66\n88\n0\n0027\n3\nNoNewPrivs:\t1\n");
}

#[test]
fn what_cannot_be_set_is_named() {
    let limit = Rlimit { resource: 7, soft: 9, hard: 8 };
    assert_eq!(failure(&Plan { rlimits: vec![limit], ..shell("true") }), (Stage::Limits, 22));
    let cgroups = vec![text("/no/such/group/cgroup.procs")];
    assert_eq!(failure(&Plan { cgroups, ..shell("true") }), (Stage::Cgroup, 2));
}

#[test]
fn control_groups_are_entered_with_our_rights() {
    let dir = tempfile::tempdir().unwrap();
    let procs = dir.path().join("cgroup.procs");
    std::fs::write(&procs, "").unwrap();
    std::fs::set_permissions(&procs, Permissions::from_mode(0o600)).unwrap();
    let mut plan = shell("true");
    plan.cgroups.push(text(procs.to_str().unwrap()));
    if effective_uid() == 0 {
        plan.uid = Some(65534);
    }
    run(plan);
    assert_eq!(std::fs::read_to_string(&procs).unwrap(), "0");
}

#[test]
fn output_is_a_description_of_its_own_that_is_read_to_its_end() {
    let mut plan = shell("grep flags /proc/self/fdinfo/1 /proc/self/fdinfo/2");
    plan.fds.retain(|(_, target)| *target != 2);
    let (ours, theirs) = pipe().unwrap();
    plan.fds.push((theirs.into(), 2));
    let (output, _) = run(plan);
    drop(ours);
    let flags: Vec<&str> = output.lines().map(|line| &line[line.len() - 1..]).collect();
    assert_eq!(flags, ["2", "2"], "not O_RDWR: {output}");
}

#[test]
fn whoever_writes_while_nobody_reads_goes_on() {
    let mut plan = shell("read line; echo first; echo second >&2; exit 4");
    let output = output_of(&mut plan);
    let (input, mut ours) = pipe().unwrap();
    plan.fds.retain(|(_, target)| *target != 0);
    plan.fds.push((input.into(), 0));
    let child = spawn(&plan).unwrap();
    drop(plan);
    child.outcome.wait().unwrap();
    drop(output);
    ours.write_all(b"\n").unwrap();
    assert_eq!(wait_status(reap(child.pid).unwrap()), WaitStatus::Exited(4));
}

#[test]
fn another_user_may_open_its_output_by_name() {
    if effective_uid() != 0 {
        return;
    }
    let mut plan = shell("echo by name >/dev/stdout");
    (plan.uid, plan.gid) = (Some(65534), Some(65534));
    assert_eq!(run(plan).0, "by name\n");
}

#[test]
fn a_binary_that_is_held_open_runs_though_its_file_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("sh");
    std::fs::copy("/bin/sh", &file).unwrap();
    let mut plan = shell("echo ran");
    plan.program = Program::Open(std::fs::File::open(&file).unwrap().into());
    std::fs::remove_file(&file).unwrap();
    assert_eq!(run(plan).0, "ran\n");
    drop(open_self().unwrap());
}

#[test]
fn starting_does_not_wait_for_the_program() {
    let (mut ours, theirs) = pipe().map(|(read, write)| (write, read)).unwrap();
    let mut plan = shell("read line; exit 5");
    plan.fds[0] = (theirs.into(), 0);
    let children: Vec<_> = (0..20).map(|_| spawn(&plan).unwrap()).collect();
    drop(plan);
    for child in &children {
        child.outcome.wait().unwrap();
        assert!(matches!(child.outcome.poll(), Some(Ok(()))));
    }
    ours.write_all(&[b'\n'; 20]).unwrap();
    drop(ours);
    for child in children {
        assert_eq!(wait_status(reap(child.pid).unwrap()), WaitStatus::Exited(5));
    }
}
