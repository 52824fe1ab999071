//! Logs that grow, are put aside and emptied.

use super::*;
use std::io::Write;

struct Log(tempfile::TempDir);

impl Log {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, text: &str) {
        let mut open = File::options();
        let mut file = open.append(true).create(true).open(self.path("app.log")).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn put_aside(&self, stamp: &str) {
        let aside = self.path(&format!("app__{stamp}.log"));
        fs::rename(self.path("app.log"), &aside).unwrap();
        // In no order of their names, and apart by more than clocks of file systems are coarse.
        let order = u64::from(stamp.as_bytes()[0]);
        let at = std::time::SystemTime::now() + std::time::Duration::from_secs(order);
        File::options().append(true).open(aside).unwrap().set_modified(at).unwrap();
    }

    fn tail(&self) -> Tail {
        let mut before = Before::default();
        before.look(self.0.path(), "app");
        before.tail(self.path("app.log"))
    }
}

fn read(tail: &mut Tail) -> Vec<String> {
    let mut told = Vec::new();
    tail.read(&mut |line| told.push(String::from_utf8_lossy(line).into_owned())).unwrap();
    told
}

#[test]
fn what_was_there_before_is_not_told() {
    let log = Log::new();
    log.write("old\nbeg");
    let mut tail = log.tail();
    assert!(read(&mut tail).is_empty());
    log.write("un\nhalf");
    assert_eq!(read(&mut tail), ["un"]);
    log.write(" a line\nlast");
    assert_eq!(read(&mut tail), ["half a line"]);
    let mut last = Vec::new();
    tail.end(&mut |line| last.extend_from_slice(line));
    assert_eq!(last, b"last");
}

#[test]
fn a_log_that_begins_later_is_told_whole() {
    let log = Log::new();
    let mut tail = log.tail();
    assert!(read(&mut tail).is_empty());
    log.write("1\n2\n");
    assert_eq!(read(&mut tail), ["1", "2"]);
    assert!(read(&mut tail).is_empty());
}

#[test]
fn lines_are_told_once_however_often_the_log_is_put_aside() {
    let log = Log::new();
    let mut tail = log.tail();
    log.write("1\n");
    assert_eq!(read(&mut tail), ["1"]);
    log.write("2\n");
    log.put_aside("1");
    assert_eq!(read(&mut tail), ["2"], "there is no new one yet");
    log.write("3\n");
    log.put_aside("2");
    log.write("4\n");
    log.put_aside("3");
    log.write("5\n");
    assert_eq!(read(&mut tail), ["3", "4", "5"]);
    assert!(read(&mut tail).is_empty());
}

#[test]
fn a_log_that_was_there_and_is_put_aside_at_once_loses_nothing() {
    let log = Log::new();
    log.write("old\n");
    let mut tail = log.tail();
    log.write("1\n");
    log.put_aside("1");
    log.write("2\n");
    assert_eq!(read(&mut tail), ["1", "2"]);
}

#[test]
fn a_log_that_was_emptied_goes_on() {
    let log = Log::new();
    let mut tail = log.tail();
    log.write("1\n2\n");
    assert_eq!(read(&mut tail), ["1", "2"]);
    fs::write(log.path("app.log"), "").unwrap();
    log.write("3\n");
    assert_eq!(read(&mut tail), ["3"]);
}
