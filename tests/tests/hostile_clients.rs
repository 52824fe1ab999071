//! Clients that mean no good, or are broken: the daemon stays small and goes on answering.

use rpm_tests::{Rpm, child, eventually, resident_bytes};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

const HELLO: &str = r#"{"protocol":1,"version":"0.1.0","pid":1}"#;
/// What hostile clients may cost in all.
const MEMORY_MAX: u64 = 24 << 20;

fn running() -> Rpm {
    let rpm = Rpm::new();
    rpm.ok(&["start", &child(), "--name", "good"]);
    rpm
}

fn connect(rpm: &Rpm) -> UnixStream {
    let stream = UnixStream::connect(rpm.home().join("rpm.sock")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn frame(body: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
    frame.extend_from_slice(body);
    frame
}

/// All that the daemon says until it hangs up.
fn heard(mut stream: UnixStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end too.
    drop(stream.read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

fn serves(rpm: &Rpm) {
    let begun = Instant::now();
    assert!(rpm.one("good").is_online());
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn frames_that_cannot_be() {
    let rpm = running();
    let (_, daemon) = rpm.daemon();
    let before = resident_bytes(daemon);
    let deep = frame("[".repeat(1_000_000).as_bytes());
    let deep_object = frame("{\"a\":".repeat(200_000).as_bytes());
    for bytes in [
        [u32::MAX.to_be_bytes().as_slice(), b"x"].concat(),
        [(17_u32 << 20).to_be_bytes().as_slice(), b"x"].concat(),
        frame(b"\xff\xfe"),
        frame(b""),
        [frame(HELLO.as_bytes()), deep.clone()].concat(),
        [frame(HELLO.as_bytes()), deep_object].concat(),
        deep,
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
    ] {
        let mut stream = connect(&rpm);
        // It may hang up before it has read all.
        drop(stream.write_all(&bytes));
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let heard = heard(stream);
        assert!(!heard.contains("good"), "{heard}");
    }
    serves(&rpm);
    assert_eq!(rpm.daemon().1, daemon, "it did not die of it");
    let grown = resident_bytes(daemon).saturating_sub(before);
    assert!(grown < MEMORY_MAX, "{grown} bytes");
}

#[test]
fn clients_that_say_nothing_or_half() {
    let rpm = running();
    let (_, daemon) = rpm.daemon();
    let before = resident_bytes(daemon);
    let mut idle: Vec<UnixStream> = (0..300).map(|_| connect(&rpm)).collect();
    for (number, stream) in idle.iter_mut().enumerate() {
        // Half a length, a length alone that is large, half a hello, a hello.
        let bytes = match number % 5 {
            0 => vec![0],
            1 => (15_u32 << 20).to_be_bytes().to_vec(),
            2 => frame(HELLO.as_bytes())[..20].to_vec(),
            3 => frame(HELLO.as_bytes()),
            _ => Vec::new(),
        };
        // It may have had to make room.
        drop(stream.write_all(&bytes));
    }
    serves(&rpm);
    let grown = resident_bytes(daemon).saturating_sub(before);
    assert!(grown < MEMORY_MAX, "{grown} bytes");
    // Who has not begun is let go.
    let silent = connect(&rpm);
    let begun = Instant::now();
    heard(silent);
    assert!(begun.elapsed() > Duration::from_secs(3), "{:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[test]
fn more_clients_than_there_is_room_for() {
    let rpm = running();
    let watch = [frame(HELLO.as_bytes()), frame(br#"{"kind":"watch"}"#)].concat();
    let mut watching = Vec::new();
    for _ in 0..256 {
        let mut stream = connect(&rpm);
        stream.write_all(&watch).unwrap();
        // Its hello: from here on it is served.
        stream.read_exact(&mut [0; 8]).unwrap();
        watching.push(stream);
    }
    let told = eventually("the next one is turned away", || {
        let output = rpm.run(&["list"]);
        (!output.status.success()).then(|| output.all())
    });
    assert!(told.contains("as many clients as it can"), "{told}");
    drop(watching);
    eventually("there is room again", || rpm.run(&["list"]).status.success().then_some(()));
}

#[test]
fn another_user_is_turned_away() {
    let rpm = running();
    if !is_root() {
        return;
    }
    // The folder alone would keep it out; the door is to hold as well.
    for path in [rpm.dir(), rpm.home(), rpm.home().join("rpm.sock")] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    let script = "import socket,sys
s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
try:
    b=sys.argv[2].encode(); s.sendall(len(b).to_bytes(4,'big')+b)
    print(len(s.recv(100)))
except OSError: print(0)";
    let sock = rpm.home().join("rpm.sock");
    let output = Command::new("python3")
        .args(["-c", script, sock.to_str().unwrap(), HELLO])
        .uid(65534)
        .gid(65534)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "0");
    eventually("the log says so", || {
        rpm.daemon_log().contains("turned away a client of another user").then_some(())
    });
    serves(&rpm);
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}
