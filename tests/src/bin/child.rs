//! An app for tests that does, word by word, what its arguments say; then it waits for a signal.
//!
//! | word | does |
//! |---|---|
//! | `say:TEXT`, `err:TEXT` | prints a line |
//! | `lines:N:TEXT` | prints `TEXT 0` to `TEXT N-1` |
//! | `raw:HEX` | prints bytes |
//! | `note:FILE` | appends `start PID MS` to a file now, and `signal NAME MS` for each later one |
//! | `sleep:MS` | waits |
//! | `ready` | says `ready` on its channel |
//! | `ignore:INT` | a signal changes nothing from now on |
//! | `exit:CODE`, `abort` | ends |
//! | `once:FILE:WORD` | does WORD if the file is not there yet, and makes it |
//! | `fork`, `session` | starts a child that never ends; in a session of its own |
//! | `deaf-fork` | starts a child that ignores SIGINT and SIGTERM |
//! | `fat-fork:MB` | starts a child that uses memory |
//! | `alloc:MB` | uses memory |
//! | `env:NAME` | prints `NAME=value` |
//!
//! As a daemon it is a version that promises all and never comes up: `selfcheck` is answered as
//! the real program does, and `daemon` ends.

use nix::sys::signal::{SigSet, Signal};
use nix::unistd::setsid;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::process::{Child, Command};
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

static NOTES: Mutex<Option<File>> = Mutex::new(None);
static IGNORED: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn main() {
    let signals: SigSet =
        [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGUSR2]
            .into_iter()
            .collect();
    signals.thread_block().unwrap();
    std::thread::spawn(move || {
        loop {
            heed(signals.wait().unwrap());
        }
    });
    match std::env::args().nth(1).as_deref() {
        Some("selfcheck") => pretend(),
        Some("daemon") => std::process::exit(3),
        _ => {}
    }
    let mut kept = Kept::default();
    for word in std::env::args().skip(1) {
        perform(&word, &mut kept);
    }
    loop {
        std::thread::park();
    }
}

/// Answers as the real program beside this one does.
fn pretend() -> ! {
    let real = std::env::current_exe().unwrap().with_file_name("rpm");
    let status = Command::new(real).arg("selfcheck").status().unwrap();
    std::process::exit(status.code().unwrap_or(1));
}

/// What has to stay until the end.
#[derive(Default)]
struct Kept {
    memory: Vec<Vec<u8>>,
    children: Vec<Child>,
}

fn heed(signal: Signal) {
    let name = signal.as_str().trim_start_matches("SIG").to_owned();
    note(&format!("signal {name}"));
    if !IGNORED.lock().unwrap().contains(&name) {
        std::process::exit(0);
    }
}

fn note(line: &str) {
    if let Some(file) = NOTES.lock().unwrap().as_mut() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        file.write_all(format!("{line} {now}\n").as_bytes()).unwrap();
    }
}

fn perform(word: &str, kept: &mut Kept) {
    let (verb, rest) = word.split_once(':').unwrap_or((word, ""));
    match verb {
        "say" => println!("{rest}"),
        "err" => eprintln!("{rest}"),
        "lines" => lines(rest),
        "raw" => {
            std::io::stdout().write_all(&from_hex(rest)).unwrap();
            std::io::stdout().flush().unwrap();
        }
        "note" => {
            let file = OpenOptions::new().append(true).create(true).open(rest).unwrap();
            *NOTES.lock().unwrap() = Some(file);
            note(&format!("start {}", std::process::id()));
        }
        "sleep" => std::thread::sleep(Duration::from_millis(rest.parse().unwrap())),
        "ready" => say_ready(),
        "notify" => notify(rest),
        "pulse" => pulse(Duration::from_millis(rest.parse().unwrap())),
        "ignore" => IGNORED.lock().unwrap().push(rest.to_owned()),
        "exit" => std::process::exit(rest.parse().unwrap()),
        "abort" => std::process::abort(),
        "once" => {
            let (file, word) = rest.split_once(':').unwrap();
            if File::create_new(file).is_ok() {
                perform(word, kept);
            }
        }
        "fork" => kept.children.push(another(&[])),
        "deaf-fork" => kept.children.push(another(&["ignore:INT", "ignore:TERM"])),
        "fat-fork" => kept.children.push(another(&[&format!("alloc:{rest}")])),
        "session" => kept.children.push(another(&["leave-session"])),
        "leave-session" => drop(setsid().unwrap()),
        "alloc" => kept.memory.push(vec![1; rest.parse::<usize>().unwrap() << 20]),
        "env" => println!("{rest}={}", std::env::var(rest).unwrap_or_default()),
        _ => panic!("unknown word {word:?}"),
    }
}

fn another(words: &[&str]) -> Child {
    Command::new(std::env::current_exe().unwrap()).args(words).spawn().unwrap()
}

fn say_ready() {
    let fd = std::env::var("NODE_CHANNEL_FD").expect("a channel");
    // Safe code cannot write to a descriptor by its number; a shell can.
    let script = format!("printf '\"ready\"\\n' >&{fd}");
    assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
}

/// As `sd_notify(3)`; `;` stands for a line break.
fn notify(text: &str) {
    let path = std::env::var("NOTIFY_SOCKET").expect("a socket");
    let socket = std::os::unix::net::UnixDatagram::unbound().unwrap();
    socket.send_to(text.replace(';', "\n").as_bytes(), path).unwrap();
}

fn pulse(each: Duration) {
    std::thread::spawn(move || {
        loop {
            notify("WATCHDOG=1");
            std::thread::sleep(each);
        }
    });
}

fn lines(rest: &str) {
    let (count, text) = rest.split_once(':').unwrap();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for number in 0..count.parse::<u64>().unwrap() {
        writeln!(out, "{text} {number}").unwrap();
    }
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().map(|digit| u8::try_from(digit.to_digit(16).unwrap()).unwrap()).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
