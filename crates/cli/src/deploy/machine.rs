//! Running a script on a machine.

use super::quoted;
use rpm_config::Deployment;
use std::io::{self, Write};
use std::process::{Command, ExitStatus, Stdio};

/// A machine to deploy to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine<'a> {
    /// Its name.
    pub(crate) host: &'a str,
    /// How to log in there.
    pub(crate) to: &'a Deployment,
}

/// What came of a script.
pub(crate) type Ran = io::Result<ExitStatus>;

impl Machine<'_> {
    /// Runs a script there, or here; what it prints, the user sees.
    pub(crate) fn run(&self, script: &str, is_here: bool) -> Ran {
        if is_here || self.is_this_one() {
            return Command::new("bash").args(["-c", script]).stdin(Stdio::null()).status();
        }
        let mut ssh = Command::new("ssh");
        ssh.args(self.ssh_args());
        if self.to.needs_tty {
            // A terminal has no room for a script on its input.
            return ssh.arg(format!("bash -c {}", quoted(script))).status();
        }
        let mut child = ssh.arg("bash -s").stdin(Stdio::piped()).spawn()?;
        if let Some(mut input) = child.stdin.take() {
            // A script that ends early does not read all of itself.
            match input.write_all(script.as_bytes()) {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error),
                _ => {}
            }
        }
        child.wait()
    }

    fn is_this_one(&self) -> bool {
        matches!(self.host, "localhost" | "127.0.0.1" | "::1")
    }

    pub(super) fn ssh_args(&self) -> Vec<String> {
        let mut args = Vec::new();
        for option in &self.to.ssh_options {
            args.extend(["-o".to_owned(), option.clone()]);
        }
        if let Some(port) = self.to.port {
            args.extend(["-p".to_owned(), port.to_string()]);
        }
        if let Some(key) = &self.to.key {
            args.extend(["-i".to_owned(), key.clone()]);
        }
        if self.to.forward_agent {
            args.push("-A".to_owned());
        }
        if self.to.needs_tty {
            args.push("-t".to_owned());
        }
        if let Some(user) = &self.to.user {
            args.extend(["-l".to_owned(), user.clone()]);
        }
        args.extend(["--".to_owned(), self.host.to_owned()]);
        args
    }
}
