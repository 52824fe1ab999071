//! Services that write too much, and readers that do not read.

use super::{Experiment, Order};
use crate::report::Report;
use crate::scene::{Mix, Scene, counters, service};
use nix::sys::signal::Signal;
use rpm_tests::{Rpm, eventually_within, kill};
use serde_json::{Value, json};
use std::fs;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

/// As many as are read at once.
static ZEROS: [u8; 1 << 20] = [0; 1 << 20];

/// A follower that has stopped reading.
pub(crate) const SLOW_READER: Experiment = Experiment {
    name: "slow-reader",
    about: "a stopped `rpm logs` while a service writes 50 MB/s",
    times: 5,
    short_times: 2,
    run: slow_reader,
};

/// No newline for a long time.
pub(crate) const GIGABYTE_LINE: Experiment = Experiment {
    name: "gigabyte-line",
    about: "1 GB without a newline (100 MB in the short part)",
    times: 1,
    short_times: 1,
    run: gigabyte_line,
};

/// Many writers at full speed.
pub(crate) const WRITERS: Experiment = Experiment {
    name: "writers-200",
    about: "200 services that write as fast as they can (30 in the short part), and kills",
    times: 5,
    short_times: 2,
    run: writers,
};

/// Bytes that are no text.
pub(crate) const NOT_UTF8: Experiment = Experiment {
    name: "not-utf8",
    about: "random bytes, with kills of the supervisor",
    times: 8,
    short_times: 3,
    run: not_utf8,
};

fn slow_reader(order: &mut Order) -> Report {
    let rpm = prepared();
    let loud = service(&rpm, "loud", if order.short { "5000" } else { "25000" }, 2000, &[]);
    let mut scene = Scene::start_in(rpm, Mix { webs: &["rr", "fork"], ..Mix::ALL }, &[loud]);
    let followers: Vec<_> =
        (0..3).map(|_| scene.rpm.beside(&["logs", "loud", "--lines", "0"])).collect();
    std::thread::sleep(Duration::from_millis(300));
    for follower in &followers {
        kill(follower.pid(), Signal::SIGSTOP);
        scene.report.faults += 1;
    }
    let end = Instant::now() + Duration::from_secs(order.times);
    while Instant::now() < end {
        scene.regain(Instant::now());
        std::thread::sleep(Duration::from_millis(200));
    }
    for follower in &followers {
        kill(follower.pid(), Signal::SIGCONT);
    }
    drop(followers);
    let mut report = scene.finish();
    report.promise_nothing_noticed();
    report.promise_memory(super::MEMORY_KIB);
    report
}

fn prepared() -> Rpm {
    let rpm = Rpm::new();
    fs::create_dir_all(counters(&rpm)).unwrap();
    rpm
}

/// A home in which logs are not put aside: all bytes of one are in one file.
fn prepared_for_bytes() -> Rpm {
    let rpm = prepared();
    rpm.ok(&["set", "pm2-logrotate:enabled", "false"]);
    rpm
}

/// An app that runs a script of the shell once.
fn script(rpm: &Rpm, name: &str, text: &str) -> Value {
    let path = rpm.write(&format!("{name}.sh"), text);
    json!({
        "name": format!("restless-{name}"), "script": path, "interpreter": "sh",
        "autorestart": false,
    })
}

fn gigabyte_line(order: &mut Order) -> Report {
    let bytes: u64 = if order.short { 100_000_000 } else { 1_000_000_000 };
    let rpm = prepared_for_bytes();
    let app = script(&rpm, "long", &format!("exec head -c {bytes} /dev/zero\n"));
    let mut scene = Scene::start_in(rpm, Mix { webs: &["rr", "fork"], ..Mix::ALL }, &[]);
    let config = scene.rpm.write("long.json", &json!({ "apps": [app] }).to_string());
    scene.rpm.ok(&["start", config.to_str().unwrap()]);
    scene.report.faults += 1;
    let file = scene.rpm.home().join("logs/restless-long-out.log");
    let size = || fs::metadata(&file).map_or(0, |meta| meta.len());
    let end = Instant::now() + Duration::from_mins(2);
    while size() < bytes && Instant::now() < end {
        scene.regain(Instant::now());
        std::thread::sleep(Duration::from_millis(100));
    }
    let found = size();
    scene.report.promise(found == bytes, format!("{found} of {bytes} bytes are in the file"));
    scene.report.promise(is_all_zero(&file), "the file has bytes that nobody wrote");
    fs::remove_file(&file).unwrap();
    let mut report = scene.finish();
    report.promise_nothing_noticed();
    report.promise_memory(super::MEMORY_KIB);
    report
}

fn is_all_zero(path: &Path) -> bool {
    let mut file = fs::File::open(path).unwrap();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).unwrap() {
            0 => return true,
            count if buffer[..count] == ZEROS[..count] => {}
            _ => return false,
        }
    }
}

fn writers(order: &mut Order) -> Report {
    let rpm = prepared();
    let count = if order.short { 30 } else { 200 };
    let mut loud = service(&rpm, "loud", if order.short { "500" } else { "1000000" }, 100, &[]);
    loud["instances"] = json!(count);
    loud["exec_mode"] = json!("fork");
    let mut scene = Scene::start_in(rpm, Mix { victims: 2, ..Mix::NONE }, &[loud]);
    for _ in 0..order.times {
        std::thread::sleep(Duration::from_millis(500));
        order.chance.sleep_ms(300);
        let fault = scene.kill_supervisor();
        scene.answered(fault);
        scene.look();
    }
    let mut report = scene.finish();
    report.promise_nothing_noticed();
    report.promise_memory(super::MEMORY_KIB);
    report
}

fn not_utf8(order: &mut Order) -> Report {
    let rpm = prepared_for_bytes();
    let mut wanted = Vec::new();
    for _ in 0..200_000 {
        wanted.push(u8::try_from(order.chance.below(256)).unwrap());
    }
    let path = rpm.dir().join("bytes");
    fs::write(&path, &wanted).unwrap();
    let rounds = order.times * 10;
    let text = format!(
        "i=0\nwhile [ $i -lt {rounds} ]; do cat {}; i=$((i+1)); sleep 0.03; done\n",
        path.display()
    );
    let app = script(&rpm, "bytes", &text);
    let mut scene = Scene::start_in(rpm, Mix { victims: 1, ..Mix::NONE }, &[app]);
    for _ in 0..order.times {
        order.chance.sleep_ms(200);
        let fault = scene.kill_supervisor();
        scene.regain(fault);
    }
    let file = scene.rpm.home().join("logs/restless-bytes-out.log");
    let all = wanted.len() * usize::try_from(rounds).unwrap();
    eventually_within(Duration::from_mins(1), "the script ends", || {
        (scene.rpm.one("restless-bytes").pid == 0).then_some(())
    });
    std::thread::sleep(Duration::from_millis(300));
    let found = fs::read(&file).unwrap();
    let same = found.chunks(wanted.len()).filter(|chunk| *chunk == wanted).count();
    let text = format!("{} of {all} bytes, {same} of {rounds} pieces as written", found.len());
    let whole = found.len() == all && same == usize::try_from(rounds).unwrap();
    scene.report.promise(whole, text);
    fs::remove_file(&file).unwrap();
    let mut report = scene.finish();
    report.promise_nothing_noticed();
    report
}
