//! A daemon of a test's own, on the socket of a home of its own.

use rpm_core::spec::ExecMode;
use rpm_core::{AppSpec, Status};
use rpm_proto::{Detail, Hello, ProcessView, Reply, Request, frame};
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use tempfile::TempDir;

/// What the daemon does when it is asked.
pub(crate) enum Say {
    Reply(Reply),
    HangUp,
    /// Its socket goes away, then it hangs up.
    End,
}

type Script = dyn FnMut(&Request) -> Vec<Say> + Send;

/// The daemon. It ends with the test.
pub(crate) struct Fake {
    home: TempDir,
    heard: Arc<Mutex<Vec<Request>>>,
    over: Arc<AtomicBool>,
    listener: Option<JoinHandle<()>>,
}

impl Fake {
    /// A daemon that answers by `script`.
    pub(crate) fn new(script: impl FnMut(&Request) -> Vec<Say> + Send + 'static) -> Self {
        // No process is waited for when it is told to end.
        Self::with_hello(Hello { pid: 0, ..Hello::ours() }, script)
    }

    /// A daemon that always gives the same answer.
    pub(crate) fn always(reply: Reply) -> Self {
        Self::new(move |_| vec![Say::Reply(reply.clone())])
    }

    /// A daemon that greets like this.
    pub(crate) fn with_hello(
        hello: Hello,
        script: impl FnMut(&Request) -> Vec<Say> + Send + 'static,
    ) -> Self {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("rpm.sock");
        let socket = UnixListener::bind(&path).unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let over = Arc::new(AtomicBool::new(false));
        let (log, end) = (Arc::clone(&heard), Arc::clone(&over));
        let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(script));
        let listener = std::thread::spawn(move || {
            let mut sessions = Vec::new();
            for stream in socket.incoming() {
                if end.load(Ordering::SeqCst) {
                    break;
                }
                let (hello, log, script) = (hello.clone(), Arc::clone(&log), Arc::clone(&script));
                let (stream, path) = (stream.unwrap(), path.clone());
                sessions.push(std::thread::spawn(move || {
                    // The client hangs up when it has what it wants.
                    drop(serve(stream, &path, &hello, &log, &script));
                }));
            }
            for session in sessions {
                session.join().unwrap();
            }
        });
        Self { home, heard, over, listener: Some(listener) }
    }

    /// The home.
    pub(crate) fn home(&self) -> PathBuf {
        self.home.path().to_owned()
    }

    /// What was asked so far.
    pub(crate) fn heard(&self) -> Vec<Request> {
        self.heard.lock().unwrap().clone()
    }

    /// The last thing that was asked, except for tables.
    pub(crate) fn asked(&self) -> Request {
        let heard = self.heard();
        heard.into_iter().rev().find(|request| *request != Request::List).unwrap()
    }

    /// A command in this home.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rpm"));
        command
            .args(args)
            .current_dir(self.home.path())
            .env("RPM_HOME", self.home.path())
            .env_remove("PM2_SILENT")
            .env_remove("COLUMNS")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs a command that has to succeed; gives its standard output.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that has to fail with status 1; gives its standard error, with `VERSION` for
    /// this version.
    pub(crate) fn fails(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {output:?}");
        String::from_utf8(output.stderr).unwrap().replace(env!("CARGO_PKG_VERSION"), "VERSION")
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // One more client, so that the listener looks. One that has ended has none.
        let last = UnixStream::connect(self.home.path().join("rpm.sock"));
        if let (Ok(_), Some(listener)) = (last, self.listener.take()) {
            listener.join().unwrap();
        }
    }
}

fn serve(
    mut stream: UnixStream,
    path: &Path,
    hello: &Hello,
    heard: &Mutex<Vec<Request>>,
    script: &Mutex<Script>,
) -> io::Result<()> {
    let _: Hello = frame::parse(&read(&mut stream)?)?;
    let mut wire = Vec::new();
    frame::push(&mut wire, hello)?;
    stream.write_all(&wire)?;
    loop {
        let request: Request = frame::parse(&read(&mut stream)?)?;
        heard.lock().unwrap().push(request.clone());
        let says = script.lock().unwrap()(&request);
        for say in says {
            let reply = match say {
                Say::Reply(reply) => reply,
                Say::HangUp => return Ok(()),
                Say::End => return std::fs::remove_file(path),
            };
            let mut wire = Vec::new();
            frame::push_reply(&mut wire, &reply)?;
            stream.write_all(&wire)?;
        }
    }
}

fn read(stream: &mut UnixStream) -> io::Result<Vec<u8>> {
    let mut header = [0; 4];
    stream.read_exact(&mut header)?;
    let mut body = vec![0; frame::length(header)?];
    stream.read_exact(&mut body)?;
    Ok(body)
}

/// A process that is stopped, so that nothing of it depends on the time.
pub(crate) fn view(id: u32, name: &str) -> ProcessView {
    ProcessView {
        id,
        name: name.to_owned(),
        namespace: "default".to_owned(),
        version: "1.0.0".to_owned(),
        mode: ExecMode::Fork,
        slot: 0,
        status: Status::Stopped,
        pid: 0,
        restarts: 0,
        unstable: 0,
        created_at: 0,
        started_at: 0,
        cpu: 0.0,
        memory: 0,
        last_exit: None,
        error: None,
        user: "shop".to_owned(),
        watching: false,
        module: false,
    }
}

/// Everything known of such a process; its logs are in `logs`.
pub(crate) fn detail(id: u32, name: &str, logs: &str) -> Detail {
    let env = [("MODE", "test"), ("pm_id", "0")];
    Detail {
        view: view(id, name),
        spec: AppSpec { name: name.to_owned(), ..AppSpec::default() },
        env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        out_log: Some(format!("{logs}/{name}-out.log")),
        err_log: Some(format!("{logs}/{name}-error.log")),
        combined_log: None,
        pid_file: String::new(),
        backoff_ms: 0,
        unenforced: Vec::new(),
        told: rpm_proto::Told::default(),
        provenance: rpm_proto::Provenance::default(),
    }
}
