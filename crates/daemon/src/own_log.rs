//! The daemon's own log. The keeper has made standard error `rpm.log`; lines are written there by a
//! thread, so that a disk that hangs delays no decision, and the file is kept from growing for ever.
//!
//! Bounds: [`LINES`] lines of at most [`LINE_BYTES`] bytes wait; what comes when so many wait is
//! counted, and the count is written when the disk takes bytes again. The file has at most
//! [`FILE_BYTES`] bytes and is kept once more as `rpm.log.1`.

mod rotate;

use camino::Utf8PathBuf;
use rotate::rotate;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::time::Duration;
use tracing_subscriber::fmt::MakeWriter;

/// So many lines wait for the disk.
const LINES: usize = 1024;
/// A longer line is cut.
const LINE_BYTES: usize = 4096;
/// Above this size the file is put aside.
const FILE_BYTES: u64 = 10 * 1024 * 1024;
/// The size is looked at after so many bytes.
const LOOK_BYTES: usize = 64 * 1024;
/// At the end of the process, lines that wait have so long.
const PATIENCE: Duration = Duration::from_millis(500);

/// Lines that were left out since this supervisor began.
static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

/// Keeps the log open; lets what waits be written when it is dropped.
#[derive(Debug)]
pub(crate) struct OwnLog {
    orders: SyncSender<Order>,
}

enum Order {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

#[derive(Clone, Debug)]
struct Lines {
    orders: SyncSender<Order>,
    left_out: Arc<AtomicU64>,
}

/// Lines that could not be written so far.
pub(crate) fn left_out() -> u64 {
    LEFT_OUT.load(Ordering::Relaxed)
}

/// How much memory the waiting lines take at most, by name, in bytes.
pub(crate) fn bounds() -> [(&'static str, u64); 1] {
    [("rpm_log.waiting_bytes", (LINES * LINE_BYTES) as u64)]
}

/// Begins to log; `path` is where standard error should lead.
pub(crate) fn begin(path: Utf8PathBuf) -> io::Result<OwnLog> {
    let (orders, inbox) = mpsc::sync_channel(LINES);
    let left_out = Arc::new(AtomicU64::new(0));
    let lines = Lines { orders: orders.clone(), left_out: Arc::clone(&left_out) };
    std::thread::Builder::new()
        .name("log".to_owned())
        .stack_size(128 * 1024)
        .spawn(move || write_all(&path, &inbox, &left_out))?;
    // A second call in one process (tests) keeps the first.
    drop(
        tracing_subscriber::fmt()
            .with_writer(lines)
            .with_ansi(false)
            .with_max_level(level())
            .log_internal_errors(false)
            .try_init(),
    );
    Ok(OwnLog { orders })
}

fn level() -> tracing::Level {
    match std::env::var("RPM_LOG").as_deref() {
        Ok("trace") => tracing::Level::TRACE,
        Ok("debug") => tracing::Level::DEBUG,
        Ok("warn") => tracing::Level::WARN,
        Ok("error") => tracing::Level::ERROR,
        _ => tracing::Level::INFO,
    }
}

fn write_all(path: &Utf8PathBuf, inbox: &Receiver<Order>, left_out: &AtomicU64) {
    let mut since_look = LOOK_BYTES;
    for order in inbox {
        let line = match order {
            Order::Line(line) => line,
            Order::Flush(done) => {
                // Whoever waited may have gone.
                done.try_send(()).ok();
                continue;
            }
        };
        since_look += line.len();
        write(&line);
        let missing = left_out.swap(0, Ordering::Relaxed);
        if missing > 0 {
            write(format!("[{missing} lines left out: the disk was too slow]\n").as_bytes());
        }
        if since_look >= LOOK_BYTES {
            since_look = 0;
            if let Err(error) = rotate(&io::stderr(), path, FILE_BYTES) {
                write(format!("[{path} could not be put aside: {error}]\n").as_bytes());
            }
        }
    }
}

/// There is nobody to tell when it fails.
fn write(bytes: &[u8]) {
    drop(io::stderr().write_all(bytes));
}

impl Drop for OwnLog {
    fn drop(&mut self) {
        let (done, all_written) = mpsc::sync_channel(1);
        if self.orders.try_send(Order::Flush(done)).is_ok() {
            // A disk that hangs is not waited for.
            all_written.recv_timeout(PATIENCE).ok();
        }
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Write for Lines {
    /// Takes a whole line, as the formatter makes them.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut kept = line[..line.len().min(LINE_BYTES)].to_vec();
        if kept.len() < line.len() {
            kept.extend_from_slice(b"...\n");
        }
        if let Err(TrySendError::Full(_)) = self.orders.try_send(Order::Line(kept)) {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            LEFT_OUT.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
