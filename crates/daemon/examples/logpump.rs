//! Measures the log thread: how fast it takes lines from apps, and what that costs.
//!
//! `logpump [WRITERS] [LINES] [raw|dated|json] [shared]` starts so many processes that write lines
//! of 100 bytes, one `write(2)` each, and prints the throughput and the processor time of the threads.
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use rpm_core::{Generation, ProcId};
use rpm_daemon::logs::{Format, LogEvent, Logs, Sink};
use rpm_proto::Stream;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn Error>>;

const LINE: usize = 100;

fn main() -> Outcome<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [word, lines] = args.as_slice()
        && word == "write"
    {
        return Ok(write_lines(lines.parse()?)?);
    }
    let number = |index: usize, default| args.get(index).map_or(Ok(default), |arg| arg.parse());
    let (writers, lines) = (number(0, 1)?, number(1, 1_000_000)?);
    let format = match args.get(2).map(String::as_str) {
        Some("dated") => Format::Dated("YYYY-MM-DD HH:mm:ss.SSS".to_owned()),
        Some("json") => Format::Json { date: None },
        _ => Format::Raw,
    };
    let shared = args.get(3).is_some_and(|word| word == "shared");
    tokio::runtime::Builder::new_current_thread().build()?.block_on(measure(
        writers,
        lines / writers,
        &format,
        shared,
    ))
}

fn write_lines(lines: u64) -> io::Result<()> {
    let mut out = fs::File::options().write(true).open("/dev/stdout")?;
    let mut line = [b'x'; LINE];
    line[LINE - 1] = b'\n';
    for _ in 0..lines {
        out.write_all(&line)?;
    }
    Ok(())
}

async fn measure(writers: u64, lines: u64, format: &Format, shared: bool) -> Outcome<()> {
    let folder = std::env::temp_dir().join(format!("logpump-{}", std::process::id()));
    let path = camino::Utf8PathBuf::from_path_buf(folder).map_err(|_| "not UTF-8")?;
    let (events, mut told) = tokio::sync::mpsc::channel(1024);
    let logs = Logs::start(events)?;
    let begun = Instant::now();
    let mut children: Vec<Child> = Vec::new();
    for writer in 0..writers {
        let (pipe, theirs) = io::pipe()?;
        let name = if shared { "all".to_owned() } else { writer.to_string() };
        logs.open(Sink {
            generation: Generation(writer + 1),
            proc: ProcId(0),
            name: Arc::from("app"),
            namespace: Arc::from("default"),
            stream: Stream::Out,
            pipe: pipe.into(),
            spool: None,
            file: Some(path.join(name)),
            combined: None,
            format: format.clone(),
            keep_tail: false,
            taken: Arc::default(),
            rotate: rpm_core::spec::RotateOptions::default(),
            is_module: false,
        });
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["write", &lines.to_string()]).stdout(Stdio::from(theirs));
        children.push(command.spawn()?);
    }
    for _ in 0..writers {
        loop {
            match told.recv().await {
                Some(LogEvent::Ended(_)) => break,
                Some(LogEvent::Released(_)) => {}
                event => return Err(format!("{event:?}").into()),
            }
        }
    }
    let took = begun.elapsed();
    for mut child in children {
        child.wait()?;
    }
    let bytes = writers * lines * LINE as u64;
    let cpu = threads_cpu()?;
    let most = logs.figures().spooled_max;
    println!(
        "{writers} writers, {} MB in {:.2} s: {} MB/s; the threads used {:.3} s, {:.3} s for 100 MB; \
         {} KiB spooled at most",
        bytes / 1_000_000,
        took.as_secs_f64(),
        u128::from(bytes) / took.as_micros(),
        cpu.as_secs_f64(),
        cpu.as_secs_f64() * 1e8 / f64::from(u32::try_from(bytes)?),
        most >> 10,
    );
    fs::remove_dir_all(path)?;
    Ok(())
}

/// Processor time of the log threads, `proc_pid_schedstat(5)`.
fn threads_cpu() -> Outcome<Duration> {
    let mut total = Duration::ZERO;
    for task in fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        if fs::read_to_string(task.join("comm"))?.starts_with("logs") {
            let times = fs::read_to_string(task.join("schedstat"))?;
            let nanos = times.split(' ').next().ok_or("no times")?.parse()?;
            total += Duration::from_nanos(nanos);
        }
    }
    Ok(total)
}
