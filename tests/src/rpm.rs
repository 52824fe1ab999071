//! One daemon of a test's own, and nothing of it left behind.

use crate::child::beside_tests;
use crate::proc::{alive, kill, with_mark};
use crate::wait::{eventually, eventually_within};
use nix::sys::signal::Signal;
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// No command takes so long.
const COMMAND_PATIENCE: Duration = Duration::from_secs(90);
/// How long what was told to go may take.
const GONE_PATIENCE: Duration = Duration::from_secs(20);

/// A private home, and the program that uses it.
pub struct Rpm {
    folder: TempDir,
    binary: PathBuf,
    env: Vec<(String, String)>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Output {
    /// How.
    pub status: ExitStatus,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// How long it took.
    pub took: Duration,
}

/// One element of `jlist`.
#[derive(Clone, Debug)]
pub struct Process {
    /// PM2's id.
    pub id: u64,
    /// The app.
    pub name: String,
    /// Its process, 0 for none.
    pub pid: u32,
    /// PM2's word for where it stands.
    pub status: String,
    /// How often it was restarted.
    pub restarts: u64,
    /// The whole element.
    pub json: Value,
}

/// A command that goes on beside the test (`logs`).
pub struct Running {
    child: Child,
    reader: Option<JoinHandle<()>>,
    out: std::sync::mpsc::Receiver<Vec<u8>>,
    seen: Vec<u8>,
}

impl Rpm {
    /// A home with nothing in it; no daemon runs yet.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("rpm-test-").tempdir().unwrap();
        fs::create_dir(folder.path().join("work")).unwrap();
        let binary = match std::env::var_os("RPM_BIN") {
            Some(path) => PathBuf::from(path),
            None => beside_tests("rpm"),
        };
        Self { folder, binary, env: Vec::new() }
    }

    /// Sets a variable for all commands from now on.
    #[must_use]
    pub fn with_env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `RPM_HOME`.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The folder that commands are given in.
    pub fn dir(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// The program.
    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// Writes a file into [`Self::dir`].
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Reads a file of [`Self::dir`]; empty when there is none.
    pub fn read(&self, name: &str) -> String {
        let bytes = fs::read(self.dir().join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Writes `apps.json` with these apps.
    pub fn config(&self, apps: &[Value]) -> String {
        let text = serde_json::to_string_pretty(&serde_json::json!({ "apps": apps })).unwrap();
        self.write("apps.json", &text).to_str().unwrap().to_owned()
    }

    /// A command of the program, ready to run in this home.
    pub fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(args)
            .current_dir(self.dir())
            .env("RPM_HOME", self.home())
            .env("RPM_TEST_MARK", self.folder.path())
            .env_remove("PM2_HOME")
            .env_remove("NO_COLOR")
            .env_remove("NODE_OPTIONS")
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Output {
        finish(self.command(args), None)
    }

    /// Runs a command with something on its standard input.
    pub fn run_with_input<S: AsRef<OsStr>>(&self, args: &[S], input: &str) -> Output {
        finish(self.command(args), Some(input))
    }

    /// Runs a command that has to succeed; gives what it printed.
    pub fn ok<S: AsRef<OsStr>>(&self, args: &[S]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{}", output.told(args));
        output.stdout
    }

    /// Runs a command that has to fail, with status 1.
    pub fn fails<S: AsRef<OsStr>>(&self, args: &[S]) -> Output {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(1), "{}", output.told(args));
        output
    }

    /// Runs a command beside the test and reads what it prints.
    pub fn beside<S: AsRef<OsStr>>(&self, args: &[S]) -> Running {
        let mut command = self.command(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let (send, out) = std::sync::mpsc::channel();
        let reader = std::thread::spawn(move || {
            let mut buffer = vec![0; 65536];
            while let Ok(count @ 1..) = stdout.read(&mut buffer) {
                if send.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Running { child, reader: Some(reader), out, seen: Vec::new() }
    }

    /// All processes, by `jlist`.
    pub fn list(&self) -> Vec<Process> {
        let text = self.ok(&["jlist"]);
        let json: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("jlist: {text}"));
        json.as_array().expect("jlist is an array").iter().map(Process::parse).collect()
    }

    /// The processes of an app.
    pub fn app(&self, name: &str) -> Vec<Process> {
        self.list().into_iter().filter(|process| process.name == name).collect()
    }

    /// The only process of an app.
    pub fn one(&self, name: &str) -> Process {
        let mut found = self.app(name);
        assert_eq!(found.len(), 1, "processes of {name}: {found:#?}");
        found.remove(0)
    }

    /// Waits until the only process of an app is as wanted.
    pub fn eventually_one(
        &self,
        name: &str,
        what: &str,
        condition: impl Fn(&Process) -> bool,
    ) -> Process {
        let what = format!("{name}: {what}");
        eventually(&what, || Some(self.one(name)).filter(|process| condition(process)))
    }

    /// Pids of an app's processes.
    pub fn pids(&self, name: &str) -> Vec<u32> {
        self.app(name).iter().map(|process| process.pid).collect()
    }

    /// The supervisor's process and the keeper's, by their command lines.
    pub fn daemon(&self) -> (u32, u32) {
        let home = self.home().to_str().unwrap().to_owned();
        let of = |role: &str| {
            let wanted = format!(" {role} --home {home}");
            let marked = with_mark(self.folder.path().to_str().unwrap());
            let found: Vec<u32> = marked
                .into_iter()
                .filter(|(_, line)| line.trim_end().ends_with(&wanted))
                .map(|(pid, _)| pid)
                .collect();
            (found.len() == 1).then(|| found[0])
        };
        eventually("one supervisor and one keeper", || Some((of("daemon")?, of("keeper")?)))
    }

    /// All processes that belong to this home.
    pub fn processes(&self) -> Vec<(u32, String)> {
        with_mark(self.folder.path().to_str().unwrap())
    }

    /// What the daemon wrote into its own log.
    pub fn daemon_log(&self) -> String {
        fs::read_to_string(self.home().join("rpm.log")).unwrap_or_default()
    }
}

impl Default for Rpm {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Rpm {
    fn drop(&mut self) {
        let failed = std::thread::panicking();
        if failed {
            eprintln!("--- rpm.log ---\n{}", tail(&self.daemon_log(), 60));
        }
        let killed = if self.processes().is_empty() {
            None
        } else {
            self.command(&["kill"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()
        };
        if let Some(mut child) = killed {
            let end = Instant::now() + COMMAND_PATIENCE;
            while child.try_wait().unwrap().is_none() && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(5));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        let end = Instant::now() + GONE_PATIENCE;
        while !self.processes().is_empty() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(10));
        }
        let left = self.processes();
        for (pid, _) in &left {
            kill(*pid, Signal::SIGKILL);
        }
        let log = || tail(&self.daemon_log(), 30);
        assert!(left.is_empty() || failed, "processes are left: {left:?}\n{}", log());
    }
}

impl Output {
    /// Everything, for a message.
    pub fn told<S: AsRef<OsStr>>(&self, args: &[S]) -> String {
        let words: Vec<String> =
            args.iter().map(|word| word.as_ref().to_string_lossy().into_owned()).collect();
        let (status, out, err) = (self.status, &self.stdout, &self.stderr);
        format!("rpm {}: {status}\n{err}\n--- stdout ---\n{out}", words.join(" "))
    }

    /// Both streams.
    pub fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

impl Process {
    fn parse(json: &Value) -> Self {
        let env = &json["pm2_env"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            id: json["pm_id"].as_u64().expect("pm_id"),
            name: text(&json["name"]),
            pid: json["pid"].as_u64().expect("pid").try_into().unwrap(),
            status: text(&env["status"]),
            restarts: env["restart_time"].as_u64().expect("restart_time"),
            json: json.clone(),
        }
    }

    /// A member of `pm2_env`.
    pub fn env(&self, key: &str) -> &Value {
        &self.json["pm2_env"][key]
    }

    /// Whether it is `online` and its process runs.
    pub fn is_online(&self) -> bool {
        self.status == "online" && alive(self.pid)
    }
}

impl Running {
    /// Waits until all that was printed so far contains `text`.
    pub fn wait_for(&mut self, text: &[u8]) -> &[u8] {
        let what = format!("printing {:?}", String::from_utf8_lossy(text));
        eventually(&what, || {
            self.seen.extend(self.out.try_iter().flatten());
            self.seen.windows(text.len()).any(|part| part == text).then_some(())
        });
        &self.seen
    }

    /// Forgets what was printed so far.
    pub fn forget(&mut self) {
        while self.out.try_recv().is_ok() {}
        self.seen.clear();
    }

    /// Whether it prints `text` within some time.
    pub fn hears(&mut self, text: &[u8], within: Duration) -> bool {
        let end = Instant::now() + within;
        while Instant::now() < end {
            self.seen.extend(self.out.try_iter().flatten());
            if self.seen.windows(text.len()).any(|part| part == text) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        let child = &mut self.child;
        eventually_within(COMMAND_PATIENCE, "its end", || child.try_wait().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

fn finish(mut command: Command, input: Option<&str>) -> Output {
    let begun = Instant::now();
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    if let Some(input) = input {
        use std::io::Write;
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    }
    let streams = [reader(child.stdout.take().unwrap()), reader(child.stderr.take().unwrap())];
    let what = format!("{command:?} ends");
    let status = eventually_within(COMMAND_PATIENCE, &what, || child.try_wait().unwrap());
    let took = begun.elapsed();
    // A daemon that keeps the caller's output open lets `$(rpm start …)` hang for ever.
    let what = format!("nobody keeps the output of {command:?}");
    eventually(&what, || streams.iter().all(JoinHandle::is_finished).then_some(()));
    let [stdout, stderr] = streams.map(|stream| stream.join().unwrap());
    Output { status, stdout, stderr, took }
}

fn reader(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
