//! A log thread with a folder of its own, and runs whose output the test writes.

use camino::{Utf8Path, Utf8PathBuf};
use rpm_core::spec::RotateOptions;
use rpm_core::{Generation, ProcId};
use rpm_daemon::logs::{Format, LogEvent, Logs, Sink};
use rpm_proto::Stream;
use std::io::PipeWriter;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Longer than anything takes; a test that waits so long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Rig {
    pub(crate) logs: Logs,
    pub(crate) events: mpsc::Receiver<LogEvent>,
    folder: TempDir,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with_room_for_events(1024)
    }

    pub(crate) fn with_room_for_events(room: usize) -> Self {
        let (told, events) = mpsc::channel(room);
        let logs = Logs::start(told).unwrap();
        // Tests that want files to be put aside say when.
        logs.rotate(RotateOptions { enabled: Some(false), ..RotateOptions::default() });
        Self { logs, events, folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.folder.path()).unwrap().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    /// A sink of standard output into `file`, not yet open, and the end to write to.
    pub(crate) fn sink(&self, generation: u64, file: &str) -> (Sink, PipeWriter) {
        let (read, write) = std::io::pipe().unwrap();
        let sink = Sink {
            generation: Generation(generation),
            proc: ProcId(7),
            name: Arc::from("api"),
            namespace: Arc::from("default"),
            stream: Stream::Out,
            pipe: read.into(),
            spool: None,
            file: Some(self.path(file)),
            combined: None,
            format: Format::Raw,
            keep_tail: false,
            taken: Arc::default(),
            rotate: RotateOptions::default(),
            is_module: false,
        };
        (sink, write)
    }

    /// A run that writes standard output into `file`.
    pub(crate) fn open(&self, generation: u64, file: &str) -> PipeWriter {
        self.open_as(generation, file, Format::Raw)
    }

    pub(crate) fn open_as(&self, generation: u64, file: &str, format: Format) -> PipeWriter {
        let (sink, write) = self.sink(generation, file);
        self.logs.open(Sink { format, ..sink });
        write
    }

    /// The next news, but for those that a run's pipes are not needed any more, or that a file was put
    /// aside.
    pub(crate) async fn event(&mut self) -> LogEvent {
        loop {
            let event = self.any_event().await;
            if !matches!(event, LogEvent::Released(_) | LogEvent::Rotated { .. }) {
                return event;
            }
        }
    }

    /// The next news.
    pub(crate) async fn any_event(&mut self) -> LogEvent {
        let event = timeout(PATIENCE, self.events.recv()).await;
        event.expect("no news came").expect("the thread is gone")
    }

    /// Waits until a file has this text.
    pub(crate) async fn becomes(&self, name: &str, wanted: &str) {
        let begun = std::time::Instant::now();
        while self.text(name) != wanted {
            assert!(begun.elapsed() < PATIENCE, "it is {:?}, not {wanted:?}", self.text(name));
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Waits until a run has ended; it is the next news.
    pub(crate) async fn ended(&mut self, generation: u64) {
        assert_eq!(self.event().await, LogEvent::Ended(Generation(generation)));
    }
}

/// Numbered lines of about 100 bytes, the same each time.
pub(crate) fn lines(label: &str, count: usize) -> Vec<u8> {
    use std::io::Write;
    let mut text = Vec::new();
    for number in 0..count {
        let fill = "x".repeat(number * 37 % 180);
        writeln!(text, "{label} {number} {fill} end").unwrap();
    }
    text
}
