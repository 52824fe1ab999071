//! Ways to disturb that the system has: limits, control groups, mounts, and strace.

use nix::sys::signal::Signal;
use rpm_tests::kill;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Whether this process may do what only root can.
pub(crate) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Gives this process mounts of its own, which go when it and its children end. To be called before
/// there is another thread.
pub(crate) fn own_mounts() -> Result<(), String> {
    if !is_root() {
        return Err("needs root, to mount a small disk".to_owned());
    }
    nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNS).map_err(|error| error.to_string())?;
    run("mount", &["--make-rprivate", "/"])
}

/// Mounts a small disk in memory.
pub(crate) fn mount_small(at: &Path, bytes: &str) -> Result<(), String> {
    fs::create_dir_all(at).map_err(|error| error.to_string())?;
    run("mount", &["-t", "tmpfs", "-o", &format!("size={bytes},mode=0700"), "tmpfs", path(at)])
}

/// Mounts a file as an ext4 disk, which can be frozen.
pub(crate) fn mount_ext4(image: &Path, at: &Path, mib: u64) -> Result<(), String> {
    fs::create_dir_all(at).map_err(|error| error.to_string())?;
    let file = fs::File::create(image).map_err(|error| error.to_string())?;
    file.set_len(mib << 20).map_err(|error| error.to_string())?;
    run("mkfs.ext4", &["-q", path(image)])?;
    run("mount", &["-o", "loop", path(image), path(at)])?;
    fs::set_permissions(at, std::os::unix::fs::PermissionsExt::from_mode(0o700))
        .map_err(|error| error.to_string())
}

/// Runs a program that has to succeed.
pub(crate) fn run(program: &str, args: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{program} cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program} {}: {}", args.join(" "), text.trim()))
}

/// How many files a running process may open (its soft limit).
pub(crate) fn files_max(pid: u32) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    Some(line.split_whitespace().next()?.to_owned())
}

/// Lets a running process open no more files than so many.
pub(crate) fn set_files_max(pid: u32, files: &str) -> Result<(), String> {
    run("prlimit", &["--pid", &pid.to_string(), &format!("--nofile={files}:")])
}

/// A control group of version 1, removed in the end.
#[derive(Debug)]
pub(crate) struct Group(PathBuf);

impl Group {
    /// Makes one of this kind (`pids`, `memory`) with limits (file, value).
    pub(crate) fn create(kind: &str, limits: &[(&str, &str)]) -> Result<Self, String> {
        let name = format!("rpm-faults-{}", std::process::id());
        let group = Self(Path::new("/sys/fs/cgroup").join(kind).join(name));
        let told = |error: std::io::Error| format!("no control group of kind {kind}: {error}");
        fs::create_dir(&group.0).map_err(told)?;
        for (file, value) in limits {
            fs::write(group.0.join(file), value).map_err(told)?;
        }
        Ok(group)
    }

    /// Changes a limit.
    pub(crate) fn set(&self, file: &str, value: &str) {
        fs::write(self.0.join(file), value).unwrap();
    }

    /// Changes a limit, if it can be so low; the word is what the system says.
    pub(crate) fn try_set(&self, file: &str, bytes: u64) -> String {
        let set = fs::write(self.0.join(file), bytes.to_string());
        set.map_or_else(|error| error.to_string(), |()| "done".to_owned())
    }

    /// Reads a count.
    pub(crate) fn read(&self, file: &str) -> u64 {
        let text = fs::read_to_string(self.0.join(file)).unwrap_or_default();
        text.trim().parse().unwrap_or(0)
    }

    /// Moves a process into it.
    pub(crate) fn take(&self, pid: u32) {
        fs::write(self.0.join("cgroup.procs"), pid.to_string()).unwrap();
    }
}

/// Removes the control groups that a process has left.
pub(crate) fn remove_groups(pid: u32) {
    for kind in ["pids", "memory"] {
        let name = format!("rpm-faults-{pid}");
        let _ = fs::remove_dir(Path::new("/sys/fs/cgroup").join(kind).join(name));
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for _ in 0..100 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// strace on a process and its children, with one way to fail.
pub(crate) struct Injection {
    strace: Child,
    told: PathBuf,
}

impl Injection {
    /// Begins; `what` is as man 1 strace has it for `--inject`. Calls about something else than
    /// `paths` are left alone, unless there are none.
    pub(crate) fn start(pid: u32, what: &str, paths: &[PathBuf]) -> Result<Self, String> {
        let call = what.split(':').next().unwrap_or_default();
        let told = std::env::temp_dir().join("strace");
        let mut command = Command::new("strace");
        command.arg("-f").arg("-qq").arg("-o").arg(&told).args(["-e", &format!("trace={call}")]);
        command.args(["-e", &format!("inject={what}"), "-p", &pid.to_string()]);
        command.args(paths.iter().flat_map(|path| [Path::new("-P"), path]));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let strace = command.spawn().map_err(|error| format!("strace: {error}"))?;
        let mut injection = Self { strace, told };
        for _ in 0..600 {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let traced = status.lines().any(|line| {
                line.strip_prefix("TracerPid:").is_some_and(|tracer| tracer.trim() != "0")
            });
            if traced {
                return Ok(injection);
            }
            if injection.strace.try_wait().ok().flatten().is_some() {
                return Err("strace cannot attach here".to_owned());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Err("strace did not attach".to_owned())
    }

    /// Ends it; gives how many calls have failed by it.
    pub(crate) fn end(self) -> u64 {
        let told = self.told.clone();
        drop(self);
        let text = fs::read(told).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        u64::try_from(text.matches("(INJECTED)").count()).unwrap()
    }
}

impl Drop for Injection {
    fn drop(&mut self) {
        // SIGTERM lets it detach; a SIGKILL would leave stopped what it had stopped.
        kill(self.strace.id(), Signal::SIGTERM);
        let _ = self.strace.wait();
    }
}

/// A disk that hangs until this is dropped, or for 30 s, whatever becomes of this process.
pub(crate) struct Frozen {
    at: PathBuf,
    thaw: Child,
}

impl Frozen {
    /// Freezes the disk that is mounted at `at`.
    pub(crate) fn start(at: &Path) -> Result<Self, String> {
        let script = format!("sleep 30; fsfreeze -u {}", at.display());
        let mut thaw = Command::new("setsid");
        let thaw = thaw.args(["sh", "-c", &script]).env_clear().current_dir("/").spawn();
        let thaw = thaw.map_err(|error| error.to_string())?;
        let frozen = Self { at: at.to_owned(), thaw };
        run("fsfreeze", &["-f", path(at)])?;
        Ok(frozen)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        let _ = run("fsfreeze", &["-u", path(&self.at)]);
        let _ = self.thaw.kill();
        let _ = self.thaw.wait();
    }
}

/// How many descriptors a process has open.
pub(crate) fn descriptors(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
