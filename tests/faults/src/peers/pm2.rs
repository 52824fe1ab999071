//! PM2.

use super::{Peer, Service};
use nix::sys::signal::Signal;
use rpm_tests::kill;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// PM2 with a home of its own.
pub(super) struct Pm2 {
    tool: PathBuf,
    home: PathBuf,
    seen: Vec<u32>,
}

impl Pm2 {
    /// As installed in `tool`.
    pub(super) fn new(tool: PathBuf, home: &Path) -> Self {
        Self { tool, home: home.to_owned(), seen: Vec::new() }
    }

    fn pm2(&self, args: &[&str]) -> Output {
        let mut command = Command::new(self.tool.join("node_modules/.bin/pm2"));
        command.args(args).env("PM2_HOME", &self.home).stdin(Stdio::null());
        command.output().unwrap()
    }
}

impl Peer for Pm2 {
    fn start(&mut self, services: &[Service]) {
        let apps: Vec<Value> = services.iter().map(app).collect();
        let config = self.home.join("ecosystem.json");
        fs::write(&config, json!({ "apps": apps }).to_string()).unwrap();
        self.pm2(&["start", config.to_str().unwrap()]);
    }

    fn pids(&self) -> Vec<u32> {
        let output = self.pm2(&["jlist"]);
        let text = String::from_utf8_lossy(&output.stdout);
        let list = text.lines().find(|line| line.starts_with('[')).unwrap_or("[]");
        let list: Value = serde_json::from_str(list).unwrap_or_default();
        let all = list.as_array().cloned().unwrap_or_default();
        let named = all
            .iter()
            .filter(|one| one["name"].as_str().is_some_and(|name| !name.starts_with("crash")));
        let pids = named.filter_map(|one| u32::try_from(one["pid"].as_u64()?).ok());
        pids.filter(|pid| *pid > 0).collect()
    }

    fn daemon(&self) -> u32 {
        let text = fs::read_to_string(self.home.join("pm2.pid")).unwrap();
        text.trim().parse().unwrap()
    }

    fn update_is_known(&self) -> bool {
        true
    }

    fn update(&mut self) -> bool {
        self.pm2(&["update"]);
        true
    }

    fn end(&mut self) {
        self.seen.extend(self.pids());
        self.pm2(&["kill"]);
        // What it has lost is nobody's.
        for pid in self.seen.drain(..) {
            kill(pid, Signal::SIGKILL);
        }
    }
}

fn app(service: &Service) -> Value {
    let env: serde_json::Map<String, Value> =
        service.env.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let node = service.command[0] == "node";
    let program = &service.command[usize::from(node)];
    let args = &service.command[usize::from(node) + 1..];
    let mut app = json!({
        "name": service.name, "script": program, "args": args, "env": env,
        "max_restarts": 1_000_000, "exec_mode": "fork",
    });
    if !node {
        app["interpreter"] = json!("none");
    }
    if service.workers > 0 {
        app["exec_mode"] = json!("cluster");
        app["instances"] = json!(service.workers);
    }
    app
}
