//! supervisord.

use super::{Peer, Service};
use nix::sys::signal::Signal;
use rpm_tests::{eventually, kill};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// supervisord with a folder of its own.
pub(super) struct Supervisord {
    tool: PathBuf,
    home: PathBuf,
}

impl Supervisord {
    /// As installed in `tool`.
    pub(super) fn new(tool: PathBuf, home: &Path) -> Self {
        Self { tool, home: home.to_owned() }
    }

    fn config(&self) -> PathBuf {
        self.home.join("supervisord.conf")
    }

    fn write_config(&self, services: &[Service]) {
        let home = self.home.display();
        let mut text = format!(
            "[unix_http_server]\nfile={home}/sock\n[supervisord]\nlogfile={home}/daemon.log\n\
             pidfile={home}/pid\nminfds=4096\n[rpcinterface:supervisor]\n\
             supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n\
             [supervisorctl]\nserverurl=unix://{home}/sock\n",
        );
        for service in services {
            let (name, command) = (&service.name, service.command.join(" "));
            let env: Vec<String> =
                service.env.iter().map(|(key, value)| format!("{key}=\"{value}\"")).collect();
            let _ = write!(
                text,
                "[program:{name}]\ncommand={command}\nenvironment={}\nautorestart=true\n\
                 startretries=1000000\nstdout_logfile={home}/logs/{name}-out.log\n\
                 stdout_logfile_maxbytes=0\nstderr_logfile=NONE\n",
                env.join(",")
            );
        }
        fs::create_dir_all(self.home.join("logs")).unwrap();
        fs::write(self.config(), text).unwrap();
    }
}

impl Peer for Supervisord {
    fn start(&mut self, services: &[Service]) {
        self.write_config(services);
        let mut command = Command::new(self.tool.join("bin/supervisord"));
        command.arg("-c").arg(self.config()).stdin(Stdio::null()).stdout(Stdio::null());
        assert!(command.status().unwrap().success());
        eventually("supervisord runs", || fs::read(self.home.join("pid")).ok());
    }

    fn pids(&self) -> Vec<u32> {
        let mut command = Command::new(self.tool.join("bin/supervisorctl"));
        let output = command.arg("-c").arg(self.config()).arg("status").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let running = text.lines().filter(|line| line.contains(" RUNNING "));
        running
            .filter(|line| !line.starts_with("crash"))
            .filter_map(|line| line.split("pid ").nth(1)?.split(',').next()?.parse().ok())
            .collect()
    }

    fn daemon(&self) -> u32 {
        fs::read_to_string(self.home.join("pid")).unwrap().trim().parse().unwrap()
    }

    fn update_is_known(&self) -> bool {
        false
    }

    fn update(&mut self) -> bool {
        false
    }

    fn end(&mut self) {
        let Ok(text) = fs::read_to_string(self.home.join("pid")) else { return };
        let pid: u32 = text.trim().parse().unwrap();
        kill(pid, Signal::SIGTERM);
        let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while rpm_tests::alive(pid) && std::time::Instant::now() < end {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let _ = fs::remove_file(self.home.join("pid"));
    }
}
