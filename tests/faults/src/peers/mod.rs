//! The same for other process managers, where it can be done: what becomes of services when the
//! daemon is killed or updated, when the disk is full, and when apps crash all the time.

mod install;
mod pm2;
mod supervisord;

use crate::disturb::{mount_small, own_mounts};
use crate::memory::Watch;
use crate::report::{Lines, Report, Tally};
use nix::sys::signal::Signal;
use rpm_faults::lines;
use rpm_tests::{Load, Style, alive, beside_tests, eventually_within, free_port, kill};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long services have to go on after the fault to count as alive.
const AFTER: Duration = Duration::from_secs(3);

/// A process manager with services of ours.
pub(crate) trait Peer {
    /// Starts its daemon and these services.
    fn start(&mut self, services: &[Service]);
    /// The services' processes, as it has them; nothing when it knows of none.
    fn pids(&self) -> Vec<u32>;
    /// Its daemon.
    fn daemon(&self) -> u32;
    /// Whether it has a command that replaces its daemon; who has that has Node clusters, too.
    fn update_is_known(&self) -> bool;
    /// Replaces its daemon by its own command, if it has one.
    fn update(&mut self) -> bool;
    /// Ends all of it.
    fn end(&mut self);
}

/// A program to be supervised.
pub(crate) struct Service {
    /// Its name.
    pub(crate) name: String,
    /// Program and arguments.
    pub(crate) command: Vec<String>,
    /// Further environment.
    pub(crate) env: Vec<(String, String)>,
    /// Workers of a Node cluster, for who has that; 0 is a plain program.
    pub(crate) workers: usize,
}

/// Folders of one experiment.
pub(crate) struct Place {
    /// Where the manager keeps what it needs, and logs.
    pub(crate) home: PathBuf,
    /// Where services count their lines.
    counters: PathBuf,
}

/// Runs an experiment with a peer.
pub(crate) fn run(name: &str, experiment: &str) -> Report {
    let skipped = |why: String| Report { skipped: Some(why), ..Report::default() };
    let known = ["supervisor-kill", "update", "disk-full", "crash-loop-500"];
    if !known.contains(&experiment) {
        return skipped(format!("{experiment} is not done with {name}"));
    }
    let folder = tempfile::Builder::new().prefix("peer-").tempdir().unwrap();
    let place =
        Place { home: folder.path().join("home"), counters: folder.path().join("counters") };
    fs::create_dir_all(&place.counters).unwrap();
    if experiment == "disk-full"
        && let Err(why) = own_mounts().and_then(|()| mount_small(&place.home, "3m"))
    {
        return skipped(why);
    }
    fs::create_dir_all(&place.home).unwrap();
    let tool = match install::install(name) {
        Ok(tool) => tool,
        Err(why) => return skipped(why),
    };
    let mut peer: Box<dyn Peer> = match name {
        "pm2" => Box::new(pm2::Pm2::new(tool, &place.home)),
        _ => Box::new(supervisord::Supervisord::new(tool, &place.home)),
    };
    let report = with_load(&mut *peer, experiment, &place);
    peer.end();
    report
}

fn with_load(peer: &mut dyn Peer, experiment: &str, place: &Place) -> Report {
    let (port, cluster) = (free_port(), free_port());
    let mut services = vec![web("web-fork", port, 0, place)];
    services.extend((0..4).map(|index| writer(&format!("raw-{index}"), place)));
    let clustered = peer.update_is_known();
    if clustered {
        services.push(web("web-cluster", cluster, 2, place));
    }
    if experiment == "crash-loop-500" {
        // Fewer than elsewhere: they are started one after the other.
        services.extend((0..100).map(|index| crasher(&format!("crash-{index}"))));
    }
    let mut report = Report::default();
    let begun = Instant::now();
    peer.start(&services);
    let wanted = if clustered { 7 } else { 5 };
    let steady = |pids: Vec<u32>| (pids.len() >= wanted).then_some(pids);
    let pids =
        eventually_within(Duration::from_mins(2), "all services run", || steady(peer.pids()));
    wait_for_port(port);
    let watch = Watch::start();
    watch.look_at(&[peer.daemon()]);
    let mut loads = vec![Load::start(port, "/", 2, Style::Short, Duration::from_millis(4))];
    if clustered {
        wait_for_port(cluster);
        loads.push(Load::start(cluster, "/", 2, Style::Short, Duration::from_millis(4)));
    }
    std::thread::sleep(Duration::from_secs(2));
    disturb(peer, experiment, place, &mut report);
    std::thread::sleep(AFTER);
    report.services.all = u64::try_from(wanted).unwrap();
    let kept = pids.iter().filter(|pid| alive(**pid) && is_ours(**pid, place)).count();
    report.services.wrong = u64::try_from(wanted.saturating_sub(kept.min(wanted))).unwrap();
    let asked = Instant::now();
    let known = peer.pids().len();
    let took = asked.elapsed();
    report.notes.push(format!("{known} processes known afterwards, asked in {took:?}"));
    for load in loads {
        let result = load.stop();
        let wrong = u64::try_from(result.failures.len()).unwrap();
        report.requests.all += result.requests;
        report.requests.wrong += wrong;
    }
    report.peak_kib = watch.peak_kib();
    drop(watch);
    // What writes goes on until it is ended, and what it wrote last has to reach the file.
    peer.end();
    std::thread::sleep(Duration::from_millis(500));
    count_lines(place, &mut report);
    report.seconds = begun.elapsed().as_secs_f64();
    report.exits = Tally::default();
    report
}

fn disturb(peer: &mut dyn Peer, experiment: &str, place: &Place, report: &mut Report) {
    report.faults += 1;
    match experiment {
        "supervisor-kill" => kill(peer.daemon(), Signal::SIGKILL),
        "update" => {
            if !peer.update() {
                report.skipped = Some("it has no such command".to_owned());
            }
        }
        "disk-full" => {
            let filler = place.home.join("filler");
            crate::experiments::fill(&filler);
            std::thread::sleep(Duration::from_secs(2));
            fs::remove_file(filler).unwrap();
        }
        _ => std::thread::sleep(Duration::from_secs(5)),
    }
}

fn is_ours(pid: u32, place: &Place) -> bool {
    let suffix = format!(".{pid}");
    let counters = fs::read_dir(&place.counters).unwrap().flatten();
    counters.into_iter().any(|entry| entry.file_name().to_string_lossy().ends_with(&suffix))
}

fn count_lines(place: &Place, report: &mut Report) {
    let account = lines::account(&place.counters, &place.home.join("logs"));
    report.lines = Lines {
        written: account.written,
        lost: account.lost,
        doubled: account.doubled,
        torn: account.torn,
        declared_bytes: account.declared_bytes,
    };
    report.notes.extend(account.examples);
}

fn wait_for_port(port: u16) {
    eventually_within(Duration::from_secs(30), "a service listens", || {
        rpm_tests::get(port, "/").ok()
    });
}

fn web(name: &str, port: u16, workers: usize, place: &Place) -> Service {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("apps/web.js");
    let counters = place.counters.to_str().unwrap();
    let env = [
        ("PORT", port.to_string()),
        ("NAME", name.to_owned()),
        ("RATE", "50".to_owned()),
        ("BYTES", "100".to_owned()),
        ("COUNTERS", counters.to_owned()),
    ];
    Service {
        name: name.to_owned(),
        command: vec!["node".to_owned(), script.to_str().unwrap().to_owned()],
        env: env.map(|(key, value)| (key.to_owned(), value)).to_vec(),
        workers,
    }
}

fn writer(name: &str, place: &Place) -> Service {
    let program = beside_tests("rpm-faults-service");
    let counters = place.counters.to_str().unwrap();
    let command = [program.to_str().unwrap(), name, "300", "100", counters];
    Service {
        name: name.to_owned(),
        command: command.map(str::to_owned).to_vec(),
        env: Vec::new(),
        workers: 0,
    }
}

fn crasher(name: &str) -> Service {
    Service {
        name: name.to_owned(),
        command: vec!["/bin/false".to_owned()],
        env: Vec::new(),
        workers: 0,
    }
}
