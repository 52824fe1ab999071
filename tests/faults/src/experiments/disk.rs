//! A disk that is full, one that hangs, and one of the history alone that hangs.

use super::{Experiment, Order, skipped};
use crate::disturb::{Frozen, mount_ext4, mount_small, own_mounts};
use crate::report::Report;
use crate::scene::{Mix, Scene, counters};
use nix::sys::signal::Signal;
use rpm_proto::{Metric, Reply, Request, Subject};
use rpm_tests::{Rpm, eventually};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// The home and all logs on a disk of 3 MB that another program fills.
pub(crate) const FULL: Experiment = Experiment {
    name: "disk-full",
    about: "home and logs on a full disk of 3 MB, with kills of the supervisor",
    times: 3,
    short_times: 1,
    run: full,
};

/// A disk that does not answer for some seconds.
pub(crate) const FROZEN: Experiment = Experiment {
    name: "disk-frozen",
    about: "home and logs on a disk that hangs for 4 s",
    times: 3,
    short_times: 1,
    run: frozen,
};

/// The disk of the history alone, while something is to be written to it.
pub(crate) const FROZEN_HISTORY: Experiment = Experiment {
    name: "history-frozen",
    about: "the history on a disk that hangs for 4 s in a write",
    times: 1,
    short_times: 1,
    run: frozen_history,
};

const RATE: u64 = 100;
const MIX: Mix = Mix { lines_a_second: RATE, web_lines: 20, victims: 2, ..Mix::ALL };

fn full(order: &mut Order) -> Report {
    let rpm = match own_mounts() {
        Ok(()) => Rpm::new(),
        Err(why) => return skipped(why),
    };
    if let Err(why) = mount_small(&rpm.home(), "3m") {
        return skipped(why);
    }
    let mut scene = Scene::start_in(rpm, MIX, &[]);
    for _ in 0..order.times {
        std::thread::sleep(Duration::from_millis(500));
        let filler = scene.rpm.home().join("filler");
        fill(&filler);
        scene.report.faults += 1;
        meanwhile(&mut scene, Duration::from_secs(2));
        // It dies while nothing can be written, too.
        let fault = scene.kill_supervisor();
        scene.regain(fault);
        if scene.is_lost() {
            break;
        }
        scene.end_victim(0, Signal::SIGUSR1);
        scene.check_exit(0);
        let output = scene.rpm.run(&["restart", "victim-1"]);
        let answer = output.all();
        let answer = answer.lines().last().unwrap_or_default();
        scene.note(format!("restart on a full disk: {}: {answer}", output.status));
        fs::remove_file(filler).unwrap();
        // Whoever writes next says what is missing.
        std::thread::sleep(Duration::from_secs(2));
        // It was restarted by hand, if that was not refused.
        scene.forget_exits(1);
    }
    let mut report = scene.finish();
    report.promise_nothing_silent(101);
    report.promise_memory(super::MEMORY_KIB);
    report
}

/// Takes all room there is on the disk of `filler`.
pub(crate) fn fill(filler: &Path) {
    let mut file = fs::File::create(filler).unwrap();
    let mut size = 65536;
    while size > 0 {
        if std::io::Write::write_all(&mut file, &vec![0; size]).is_err() {
            size /= 2;
        }
    }
}

/// Services must write at their pace, and the daemon answer.
fn meanwhile(scene: &mut Scene, time: Duration) {
    let before = written(&scene.rpm);
    let begun = Instant::now();
    let mut slowest = Duration::ZERO;
    while begun.elapsed() < time {
        let asked = Instant::now();
        scene.answered(asked);
        slowest = slowest.max(asked.elapsed());
        std::thread::sleep(Duration::from_millis(100));
    }
    let count = written(&scene.rpm) - before;
    let due = 5 * RATE * u64::try_from(begun.elapsed().as_millis()).unwrap() / 1000;
    let text = format!("writers were held up: {count} lines meanwhile, {due} were due");
    scene.report.promise(count >= due / 2, text);
    scene.note(format!("{count} of {due} lines written meanwhile; slowest list {slowest:?}"));
}

/// Lines of the plain writers so far.
fn written(rpm: &Rpm) -> u64 {
    let files = fs::read_dir(counters(rpm)).unwrap().map(|entry| entry.unwrap().path());
    let plain = files.filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        ["raw", "dated", "json", "merged"].iter().any(|kind| name.starts_with(kind))
    });
    plain
        .map(|path| {
            let bytes = fs::read(path).unwrap();
            bytes.get(8..16).map_or(0, |part| u64::from_le_bytes(part.try_into().unwrap()))
        })
        .sum()
}

fn frozen(order: &mut Order) -> Report {
    let rpm = match own_mounts() {
        Ok(()) => Rpm::new(),
        Err(why) => return skipped(why),
    };
    let image = rpm.dir().join("disk");
    if let Err(why) = mount_ext4(&image, &rpm.home(), 64) {
        return skipped(why);
    }
    let mut scene = Scene::start_in(rpm, MIX, &[]);
    for _ in 0..order.times {
        std::thread::sleep(Duration::from_millis(500));
        let frozen = match Frozen::start(&scene.rpm.home()) {
            Ok(frozen) => frozen,
            Err(why) => {
                drop(scene.finish());
                return skipped(why);
            }
        };
        scene.report.faults += 1;
        meanwhile(&mut scene, Duration::from_secs(4));
        scene.end_victim(0, Signal::SIGUSR1);
        drop(frozen);
        scene.check_exit(0);
    }
    let mut report = scene.finish();
    report.promise_nothing_noticed();
    report.promise_memory(super::MEMORY_KIB);
    report
}

fn frozen_history(_: &mut Order) -> Report {
    let rpm = match own_mounts() {
        Ok(()) => Rpm::new(),
        Err(why) => return skipped(why),
    };
    let (image, history) = (rpm.dir().join("disk"), rpm.home().join("history"));
    if let Err(why) = mount_ext4(&image, &history, 16) {
        return skipped(why);
    }
    let mut scene = Scene::start_in(rpm, MIX, &[]);
    // The first reading comes after ten seconds.
    eventually("there is something to keep", || is_measured(&scene.rpm).then_some(()));
    let frozen = match Frozen::start(&history) {
        Ok(frozen) => frozen,
        Err(why) => {
            drop(scene.finish());
            return skipped(why);
        }
    };
    scene.report.faults += 1;
    // What there is of the minute is written when no more is to come.
    scene.rpm.ok(&["set", "rpm:history", "false"]);
    eventually("the write hangs", || hangs(&scene).then_some(()));
    meanwhile(&mut scene, Duration::from_secs(4));
    scene.end_victim(0, Signal::SIGUSR1);
    scene.check_exit(0);
    scene.rpm.ok(&["set", "rpm:history", "true"]);
    let still = hangs(&scene);
    scene.report.promise(still, "the disk did not hang all the time");
    drop(frozen);
    eventually("the write has ended", || (!hangs(&scene)).then_some(()));
    let mut report = scene.finish();
    report.promise_nothing_noticed();
    report.promise_memory(super::MEMORY_KIB);
    report
}

/// Whether there are figures of the last minute.
fn is_measured(rpm: &Rpm) -> bool {
    let (of, until) = (Some(Subject::Host), rpm_proto::now());
    let (metrics, from) = (vec![Metric::Memory], until - 60_000);
    match rpm.ask(&Request::History { of, metrics, from, until, points: 6 }) {
        Reply::History { series } => {
            series.iter().any(|line| line.mean.iter().any(Option::is_some))
        }
        _ => false,
    }
}

/// Whether the thread of the history waits for the disk, `proc_pid_stat(5)`.
fn hangs(scene: &Scene) -> bool {
    let pid = scene.supervisor().unwrap_or(0);
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten();
    let states =
        threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("stat")).ok());
    states.into_iter().any(|stat| stat.contains("(history) D"))
}
