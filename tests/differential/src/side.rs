//! One of the two managers, with a home, a working folder and a port of its own.

use crate::normal::Normal;
use crate::rpc;
use crate::scenario::{self, Scenario};
use nix::sys::signal::Signal;
use rpm_tests::{beside_tests, free_port, kill, with_mark};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// No command takes so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manager {
    /// The measure.
    Pm2,
    /// What is measured.
    Rpm,
}

/// A manager that a scenario is played with.
pub(crate) struct Side {
    manager: Manager,
    root: TempDir,
    program: PathBuf,
    runtime: PathBuf,
    /// What npm has installed beside PM2.
    modules: PathBuf,
    /// Replaces what is private to it.
    pub(crate) normal: Normal,
    /// The port for the scenario's app.
    pub(crate) port: u16,
    /// Variables of the commands.
    pub(crate) env: BTreeMap<String, String>,
    /// Where commands are given.
    pub(crate) cwd: PathBuf,
}

/// How a command ended.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    /// Its exit status, `hung` or the signal.
    pub(crate) status: String,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl Side {
    /// Makes the folders and the files of the scenario.
    pub(crate) fn new(manager: Manager, programs: &Path, scenario: &Scenario) -> Self {
        let root = tempfile::Builder::new().prefix("rpm-differential-").tempdir().unwrap();
        let (work, home, user) =
            (root.path().join("work"), root.path().join("home"), root.path().join("user"));
        for folder in [&work, &home, &user] {
            fs::create_dir(folder).unwrap();
        }
        // A home without it is greeted with a banner, and news from the network.
        fs::write(home.join("touch"), "1").unwrap();
        let (program, runtime) = match manager {
            Manager::Pm2 => (programs.join("pm2"), programs.join("pm2-runtime")),
            Manager::Rpm => {
                let link = root.path().join("pm2-runtime");
                std::os::unix::fs::symlink(beside_tests("rpm"), &link).unwrap();
                (beside_tests("rpm"), link)
            }
        };
        let port = free_port();
        let shown = |path: &Path| path.to_str().unwrap().to_owned();
        let normal = Normal::new(&shown(&work), &shown(&home), &shown(&user), port);
        let env = BTreeMap::new();
        let modules = programs.parent().unwrap().to_owned();
        let mut side =
            Self { manager, root, program, runtime, modules, normal, port, env, cwd: work };
        side.env = side.first_env(scenario);
        side.furnish(scenario);
        side
    }

    /// The folder that commands are given in.
    pub(crate) fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// `PM2_HOME`, for both.
    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// The text with the folders and the port in their places; `{modules}` has PM2's module for log rotation.
    pub(crate) fn fill(&self, text: &str) -> String {
        text.replace("{work}", self.work().to_str().unwrap())
            .replace("{home}", self.home().to_str().unwrap())
            .replace("{modules}", self.modules.to_str().unwrap())
            .replace("{port}", &self.port.to_string())
    }

    /// Runs a command of the manager.
    pub(crate) fn run(&self, args: &[String], input: Option<&str>) -> Ended {
        let mut command = Command::new(&self.program);
        command.args(args);
        self.finish(command, input)
    }

    /// Runs a line in a shell.
    pub(crate) fn shell(&self, line: &str) -> Ended {
        let mut command = Command::new("sh");
        command.args(["-c", line]).env("PM", &self.program).env("RUNTIME", &self.runtime);
        self.finish(command, None)
    }

    /// The elements of `jlist`, by id.
    pub(crate) fn list(&self) -> Vec<Value> {
        let mut list = match self.manager {
            Manager::Pm2 => rpc::list(&self.home()).unwrap_or_default(),
            Manager::Rpm => {
                let ended = self.run(&["jlist".to_owned()], None);
                serde_json::from_str(&ended.out).unwrap_or_default()
            }
        };
        list.sort_by_key(|one| one["pm_id"].as_u64());
        list
    }

    /// The elements of `prettylist`, by id; `None` when Node cannot read it.
    pub(crate) fn pretty(&self) -> Option<Vec<Value>> {
        const READ: &str = "const text = require('fs').readFileSync(0, 'utf8');\
                            console.log(JSON.stringify(eval('(' + text + ')')))";
        let text = self.run(&["prettylist".to_owned()], None).out;
        let mut node = Command::new("node");
        node.args(["-e", READ]);
        let mut list: Vec<Value> =
            serde_json::from_str(&self.finish(node, Some(&text)).out).ok()?;
        list.sort_by_key(|one| one["pm_id"].as_u64());
        Some(list)
    }

    /// The daemon's process.
    pub(crate) fn daemon(&self) -> Option<u32> {
        fs::read_to_string(self.home().join("pm2.pid")).ok()?.trim().parse().ok()
    }

    /// All processes of this side, with their command lines.
    pub(crate) fn processes(&self) -> Vec<(u32, String)> {
        with_mark(self.root.path().to_str().unwrap())
    }

    fn first_env(&self, scenario: &Scenario) -> BTreeMap<String, String> {
        let mut env = BTreeMap::new();
        for name in ["PATH", "LANG", "USER"] {
            if let Ok(value) = std::env::var(name) {
                env.insert(name.to_owned(), value);
            }
        }
        let own = |path: &Path| path.to_str().unwrap().to_owned();
        env.insert("HOME".to_owned(), own(&self.root.path().join("user")));
        env.insert("PM2_HOME".to_owned(), own(&self.home()));
        env.insert("DIFFERENTIAL_MARK".to_owned(), own(self.root.path()));
        env.insert("TERM".to_owned(), "dumb".to_owned());
        for (name, value) in &scenario.env {
            env.insert(name.clone(), self.fill(value));
        }
        env
    }

    fn furnish(&self, scenario: &Scenario) {
        for entry in fs::read_dir(scenario::folder().join("apps")).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, self.work().join(path.file_name().unwrap())).unwrap();
        }
        for (name, text) in &scenario.files {
            self.write(name, text);
        }
    }

    /// Writes a file of the working folder; one that begins with `#!` may be run.
    pub(crate) fn write(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.work().join(self.fill(name));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, self.fill(text)).unwrap();
        if text.starts_with("#!") {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    fn finish(&self, mut command: Command, input: Option<&str>) -> Ended {
        // Files, not pipes: a daemon that a command starts may keep them.
        let [out, err] = [0, 1].map(|_| tempfile::NamedTempFile::new_in(self.root.path()).unwrap());
        let mut environment = self.env.clone();
        for name in ["PM", "RUNTIME"] {
            let path = command.get_envs().find(|(key, _)| *key == name).and_then(|(_, it)| it);
            if let Some(path) = path {
                environment.insert(name.to_owned(), path.to_str().unwrap().to_owned());
            }
        }
        command.env_clear().envs(environment).current_dir(&self.cwd);
        command.stdout(out.reopen().unwrap()).stderr(err.reopen().unwrap());
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut child = command.spawn().unwrap();
        if let Some(text) = input {
            let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
        }
        let end = Instant::now() + PATIENCE;
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => {
                    break status.code().map_or_else(|| "signal".to_owned(), |it| it.to_string());
                }
                None if Instant::now() > end => {
                    let _ = child.kill();
                    let _ = child.wait();
                    break "hung".to_owned();
                }
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        let read = |file: &Path| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned();
        Ended { status, out: read(out.path()), err: read(err.path()) }
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        if self.manager == Manager::Rpm && !self.processes().is_empty() {
            self.run(&["kill".to_owned()], None);
        }
        let end = Instant::now() + PATIENCE;
        loop {
            let left = self.processes();
            if left.is_empty() || Instant::now() > end {
                return;
            }
            // The daemon first, so that it starts nothing again.
            if let Some(daemon) = self.daemon().filter(|it| left.iter().any(|(pid, _)| pid == it)) {
                kill(daemon, Signal::SIGKILL);
            }
            for (pid, _) in left {
                kill(pid, Signal::SIGKILL);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
