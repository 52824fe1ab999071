//! A daemon with services under load, and the account of what they noticed.

use crate::memory::Watch;
use crate::report::{Report, Tally};
use nix::sys::signal::Signal;
use rpm_faults::lines;
use rpm_tests::{
    Load, Process, Rpm, Style, alive, beside_tests, eventually, eventually_within, free_port, kill,
    parent_of, started,
};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long supervision may be away before the experiment gives up.
const REGAIN_PATIENCE: Duration = Duration::from_secs(15);
/// A pause between two requests of a client.
const PAUSE: Duration = Duration::from_millis(4);

/// What runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mix {
    /// Web servers, which clients ask all the time: cluster mode with a policy, or `fork`.
    pub(crate) webs: &'static [&'static str],
    /// Lines a second of each of their processes.
    pub(crate) web_lines: u64,
    /// Lines a second of each of the plain writers; 0 for none.
    pub(crate) lines_a_second: u64,
    /// Services that end when they are told to.
    pub(crate) victims: usize,
}

impl Mix {
    /// Some of all.
    pub(crate) const ALL: Self = Self {
        webs: &["rr", "shared", "reuseport", "fork"],
        web_lines: 50,
        lines_a_second: 300,
        victims: 4,
    };
    /// Nothing of it.
    pub(crate) const NONE: Self = Self { webs: &[], web_lines: 0, lines_a_second: 0, victims: 0 };
}

/// A daemon and what it supervises.
pub(crate) struct Scene {
    /// The program.
    pub(crate) rpm: Rpm,
    /// What is counted so far.
    pub(crate) report: Report,
    /// What the daemon uses.
    pub(crate) watch: Watch,
    /// The keeper.
    pub(crate) keeper: u32,
    is_adopted: bool,
    loads: Vec<(String, Load)>,
    watched: Vec<(Process, Option<u64>)>,
    victims: Vec<Victim>,
    begun: Instant,
}

struct Victim {
    name: String,
    exits: u64,
    expected: Option<Signal>,
}

impl Scene {
    /// Starts the services of `mix` and whatever else `more` says, and waits until all serve.
    pub(crate) fn start(mix: Mix, more: &[Value]) -> Self {
        Self::start_in(Rpm::new(), mix, more)
    }

    /// As [`Self::start`], in a home that was prepared.
    pub(crate) fn start_in(rpm: Rpm, mix: Mix, more: &[Value]) -> Self {
        let begun = Instant::now();
        // Lines are counted in all files of a log, so none may be removed.
        rpm.ok(&["set", "pm2-logrotate:retain", "all"]);
        fs::create_dir_all(counters(&rpm)).unwrap();
        let ports: Vec<(&str, u16)> = mix.webs.iter().map(|kind| (*kind, free_port())).collect();
        let mut apps: Vec<Value> =
            ports.iter().map(|(kind, port)| web(&rpm, kind, *port, mix.web_lines)).collect();
        if mix.lines_a_second > 0 {
            apps.extend(writers(&rpm, mix.lines_a_second));
        }
        let victims: Vec<Victim> = (0..mix.victims).map(Victim::new).collect();
        apps.extend(victims.iter().map(|victim| victim.app(&rpm)));
        apps.extend(more.iter().cloned());
        rpm.ok(&["start", &rpm.config(&apps)]);
        let (supervisor, keeper) = rpm.daemon();
        let watch = Watch::start();
        watch.look_at(&[supervisor, keeper]);
        let report = Report { subject: "rpm".to_owned(), ..Report::default() };
        let mut scene = Self {
            rpm,
            report,
            watch,
            keeper,
            is_adopted: false,
            loads: Vec::new(),
            watched: Vec::new(),
            victims,
            begun,
        };
        scene.watched = scene.settle();
        scene.report.usual_ms = scene.usual_ms();
        for (kind, port) in ports {
            for (style, clients) in [(Style::Short, 2), (Style::KeepAlive, 1)] {
                let load = Load::start(port, "/", clients, style, PAUSE);
                scene.loads.push((format!("{kind} {style:?}"), load));
            }
        }
        scene
    }

    /// How long `list` takes when nothing is wrong: the median of some, in ms.
    fn usual_ms(&mut self) -> f64 {
        let mut all: Vec<f64> = (0..9).filter_map(|_| self.answered(Instant::now())).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or_default()
    }

    /// Waits until everything is online; gives those that must not restart.
    fn settle(&self) -> Vec<(Process, Option<u64>)> {
        let all = eventually("everything is online", || {
            Some(self.rpm.list()).filter(|all| all.iter().all(steady))
        });
        let kept = all.into_iter().filter(|process| !process.name.starts_with("victim"));
        kept.filter(|process| !process.name.starts_with("restless"))
            .map(|process| {
                let begun = started(process.pid);
                (process, begun)
            })
            .collect()
    }

    /// The supervisor's process, when it runs.
    pub(crate) fn supervisor(&self) -> Option<u32> {
        self.child_of_keeper().or_else(|| if self.is_adopted { self.adopted() } else { None })
    }

    /// One that has outlived its keeper is nobody's child.
    fn adopted(&self) -> Option<u32> {
        let all = self.rpm.processes().into_iter();
        let found: Vec<u32> =
            all.filter(|(_, line)| line.contains(" daemon --home /")).map(|(pid, _)| pid).collect();
        found.iter().copied().find(|pid| {
            let parent = parent_of(*pid);
            parent.is_none_or(|parent| !found.contains(&parent))
        })
    }

    fn child_of_keeper(&self) -> Option<u32> {
        let keeper = self.keeper;
        let path = format!("/proc/{keeper}/task/{keeper}/children");
        let children = fs::read_to_string(path).ok()?;
        children.split_whitespace().filter_map(|pid| pid.parse().ok()).find(|pid| {
            let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            words.windows(16).any(|part| part == b"\0daemon\0--home\0/") && alive(*pid)
        })
    }

    /// Kills the supervisor as soon as there is one.
    pub(crate) fn kill_supervisor(&mut self) -> Instant {
        let pid = eventually("a supervisor", || self.supervisor());
        let now = Instant::now();
        kill(pid, Signal::SIGKILL);
        self.report.faults += 1;
        now
    }

    /// Waits until `list` is answered, and keeps how long that took since `fault`.
    pub(crate) fn regain(&mut self, fault: Instant) {
        if let Some(ms) = self.answered(fault) {
            self.report.regain_ms.push(ms);
        }
        self.look();
    }

    /// Waits until `list` is answered; gives the ms since `fault`. That it is not answered is a broken
    /// promise.
    pub(crate) fn answered(&mut self, fault: Instant) -> Option<f64> {
        loop {
            let output = self.rpm.command(&["jlist"]).output().unwrap();
            let took = fault.elapsed();
            if output.status.success() && output.stdout.starts_with(b"[{") {
                return Some(took.as_secs_f64() * 1000.0);
            }
            if took > REGAIN_PATIENCE {
                let said = [output.stdout, output.stderr].concat();
                let said = String::from_utf8_lossy(&said[..said.len().min(300)]).into_owned();
                self.report.broken.push(format!("supervision did not come back: {}", said.trim()));
                return None;
            }
        }
    }

    /// The log files that there are.
    pub(crate) fn logs(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.rpm.home().join("logs")).into_iter().flatten();
        entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
    }

    /// Whether it makes no sense to go on.
    pub(crate) fn is_lost(&self) -> bool {
        !self.report.broken.is_empty()
    }

    /// Looks at the memory of the processes that there are now.
    pub(crate) fn look(&self) {
        let pids: Vec<u32> = self.supervisor().into_iter().chain([self.keeper]).collect();
        self.watch.look_at(&pids);
    }

    /// Ends a victim; gives its number for [`Self::check_exit`].
    pub(crate) fn end_victim(&mut self, index: usize, signal: Signal) {
        let name = self.victims[index].name.clone();
        let (_, pid) = self.victim_now(&name);
        self.end_victim_pid(index, pid, signal);
    }

    /// As [`Self::end_victim`], for a daemon that may not answer now: by what the system knows.
    pub(crate) fn try_to_end(&mut self, index: usize, signal: Signal) -> Option<usize> {
        let marked = self.rpm.processes();
        let name = format!(" {} 20 ", self.victims[index].name);
        let (pid, _) = marked.into_iter().find(|(_, line)| line.contains(&name))?;
        self.end_victim_pid(index, pid, signal);
        Some(index)
    }

    /// Takes the restarts of a victim as they are: they were wanted.
    pub(crate) fn forget_exits(&mut self, index: usize) {
        let name = self.victims[index].name.clone();
        self.victims[index].exits = self.rpm.one(&name).restarts;
    }

    /// As [`Self::end_victim`], when its process is known already.
    pub(crate) fn end_victim_pid(&mut self, index: usize, pid: u32, signal: Signal) {
        kill(pid, signal);
        let victim = &mut self.victims[index];
        victim.exits += 1;
        victim.expected = Some(signal);
        self.report.exits.all += 1;
    }

    /// The pid of a victim.
    pub(crate) fn victim_pid(&self, index: usize) -> u32 {
        self.victim_now(&self.victims[index].name).1
    }

    fn victim_now(&self, name: &str) -> (u64, u32) {
        let one = eventually(&format!("{name} runs"), || {
            let found = self.rpm.app(name);
            found.into_iter().find(steady)
        });
        (one.restarts, one.pid)
    }

    /// Waits until the daemon knows how the victim ended, and has started it again.
    pub(crate) fn check_exit(&mut self, index: usize) {
        self.check_end(index, true);
    }

    /// As [`Self::check_exit`], but its status need not be known.
    pub(crate) fn check_restart(&mut self, index: usize) {
        self.check_end(index, false);
    }

    /// Waits until the victim runs again, after attempts that failed and count as restarts.
    pub(crate) fn check_return(&mut self, index: usize) {
        let name = self.victims[index].name.clone();
        let exits = self.victims[index].exits;
        let end = Instant::now() + Duration::from_secs(15);
        while Instant::now() < end {
            let one = self.rpm.one(&name);
            if one.restarts >= exits && steady(&one) {
                let more = one.restarts - exits;
                if more > 0 {
                    self.note(format!("{name} runs after {more} attempts that failed"));
                }
                self.victims[index].exits = one.restarts;
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let one = self.rpm.one(&name);
        self.report.exits.wrong += 1;
        self.note(format!("{name} is {} after {} restarts", one.status, one.restarts));
    }

    fn check_end(&mut self, index: usize, with_status: bool) {
        let victim = &self.victims[index];
        let Some(signal) = victim.expected else { return };
        let (name, exits) = (victim.name.clone(), victim.exits);
        let end = Instant::now() + Duration::from_secs(15);
        loop {
            let one = self.rpm.one(&name);
            if one.restarts >= exits && steady(&one) || Instant::now() > end {
                let known = is_known(&one, signal);
                let right = one.restarts == exits && steady(&one);
                if right && !known && !with_status {
                    self.note(format!("{name} ended by {signal}: its status was not known"));
                } else if !(right && known) {
                    let (code, by) = (one.env("exit_code"), one.env("exit_signal"));
                    let text = format!(
                        "{name} ended {exits} times, last by {signal}: the daemon says {} restarts, \
                         code {code}, signal {by}, {}",
                        one.restarts, one.status
                    );
                    self.report.exits.wrong += 1;
                    self.note(text);
                    // What was missed once is not counted again.
                    self.victims[index].exits = one.restarts;
                }
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Keeps something worth knowing.
    pub(crate) fn note(&mut self, text: String) {
        if self.report.notes.len() < 30 {
            self.report.notes.push(text);
        }
    }

    /// Ends load and services, and gives the account of everything.
    pub(crate) fn finish(mut self) -> Report {
        self.count_services();
        self.count_requests();
        self.report.peak_kib = self.report.peak_kib.max(self.watch.peak_kib());
        let stopped = self.rpm.run(&["stop", "all"]);
        if !stopped.status.success() {
            self.note(format!("stop all: {}", stopped.all()));
        }
        self.rpm.run(&["kill"]);
        self.count_lines();
        self.report.regain_ms.sort_by(f64::total_cmp);
        self.report.seconds = self.begun.elapsed().as_secs_f64();
        if let Some(folder) = std::env::var_os("RPM_FAULTS_KEEP") {
            let name = self.rpm.home().join("rpm.log");
            let _ = fs::copy(name, PathBuf::from(folder).join("rpm.log"));
        }
        std::mem::take(&mut self.report)
    }

    fn count_services(&mut self) {
        let now = self.rpm.list();
        let mut notes = Vec::new();
        let mut wrong = 0;
        for (before, begun) in &self.watched {
            let same = now.iter().any(|one| {
                one.id == before.id && one.pid == before.pid && one.restarts == before.restarts
            });
            if !(same && alive(before.pid) && started(before.pid) == *begun) {
                wrong += 1;
                let found = now.iter().find(|one| one.id == before.id);
                let found = found.map(|one| (one.pid, one.restarts, one.status.clone()));
                notes.push(format!("{} was {}, now {found:?}", before.name, before.pid));
            }
        }
        let all = u64::try_from(self.watched.len()).unwrap();
        self.report.services = Tally { all, wrong };
        for note in notes {
            self.note(note);
        }
    }

    fn count_requests(&mut self) {
        for (kind, load) in std::mem::take(&mut self.loads) {
            let result = load.stop();
            self.report.requests.all += result.requests;
            self.report.requests.wrong += u64::try_from(result.failures.len()).unwrap();
            if let Some(first) = result.failures.first() {
                let (failed, all) = (result.failures.len(), result.requests);
                self.note(format!("{kind}: {failed} of {all} requests failed, first: {first}"));
            }
            if result.longest > Duration::from_secs(1) {
                self.note(format!("{kind}: a request took {:?}", result.longest));
            }
        }
    }

    fn count_lines(&mut self) {
        let logs = self.rpm.home().join("logs");
        let account = lines::account(&counters(&self.rpm), &logs);
        let lines = &mut self.report.lines;
        lines.written = account.written;
        lines.lost = account.lost;
        lines.doubled = account.doubled;
        lines.torn = account.torn;
        lines.declared_bytes = account.declared_bytes;
        for text in account.examples {
            self.note(text);
        }
    }

    /// Waits for the daemon's processes to be those that there should be, and learns who they are.
    pub(crate) fn meet(&mut self) {
        let (supervisor, keeper) = self.rpm.daemon();
        self.keeper = keeper;
        self.is_adopted = parent_of(supervisor) != Some(keeper);
        self.look();
    }
}

impl Victim {
    fn new(index: usize) -> Self {
        Self { name: format!("victim-{index}"), exits: 0, expected: None }
    }

    /// Every other one waits before it is started again.
    fn app(&self, rpm: &Rpm) -> Value {
        let mut app = service(rpm, &self.name, "20", 100, &[]);
        if self.name.ends_with(['1', '3', '5']) {
            app["restart_delay"] = json!(150);
        }
        app
    }
}

/// Where services count their lines.
pub(crate) fn counters(rpm: &Rpm) -> PathBuf {
    rpm.dir().join("counters")
}

/// An app that writes numbered lines.
pub(crate) fn service(rpm: &Rpm, name: &str, rate: &str, bytes: usize, more: &[&str]) -> Value {
    let bytes = bytes.to_string();
    let counters = counters(rpm);
    let mut args = vec![name, rate, &bytes, counters.to_str().unwrap()];
    args.extend(more);
    json!({
        "name": name, "script": beside_tests("rpm-faults-service").to_str().unwrap(), "args": args,
        "max_restarts": 1_000_000,
    })
}

/// A writer for each way that lines come into files.
fn writers(rpm: &Rpm, rate: u64) -> Vec<Value> {
    let with = |name: &str, more: Value| {
        let mut app = service(rpm, name, &rate.to_string(), 100, &[]);
        app.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        app
    };
    let shared = json!({ "instances": 2, "exec_mode": "fork", "merge_logs": true });
    vec![
        with("raw", json!({})),
        with("dated", json!({ "log_date_format": "YYYY-MM-DD HH:mm:ss.SSS" })),
        with("json", json!({ "log_type": "json" })),
        with("merged", shared),
    ]
}

fn web(rpm: &Rpm, kind: &str, port: u16, lines: u64) -> Value {
    let name = format!("web-{kind}");
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("apps/web.js");
    let mut app = json!({
        "name": name, "script": script, "wait_ready": true, "listen_timeout": 30000,
        "env": {
            "PORT": port, "NAME": name, "RATE": lines, "BYTES": 100, "COUNTERS": counters(rpm),
        },
    });
    if kind == "fork" {
        app["exec_mode"] = json!("fork");
    } else {
        app["exec_mode"] = json!("cluster");
        app["instances"] = json!(2);
        app["cluster_policy"] = json!(kind);
    }
    app
}

/// Whether it runs, and says so.
pub(crate) fn steady(process: &Process) -> bool {
    process.is_online()
}

fn is_known(process: &Process, signal: Signal) -> bool {
    let code = match signal {
        Signal::SIGHUP => 41,
        Signal::SIGUSR1 => 42,
        Signal::SIGUSR2 => 43,
        _ => return process.env("exit_signal") == signal.as_str(),
    };
    process.env("exit_code") == code
}

/// Waits until `pid` has ended (a zombie has).
pub(crate) fn ended(pid: u32) {
    eventually_within(Duration::from_secs(10), &format!("the end of {pid}"), || {
        (!alive(pid)).then_some(())
    });
}
