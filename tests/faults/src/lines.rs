//! Numbered lines with a checksum, and the account of them.
//!
//! Each run of a service counts its lines in a file of its own, outside of the program under test:
//! how many it has begun to write and how many it has written. What stands in the log files is
//! compared with that.

use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const BEGIN: &str = "<~";
const END: &str = "~>";

/// A line of a service, without its newline: `<~NAME PID NUMBER SUM PADDING~>`.
pub fn line(name: &str, pid: u32, number: u64, bytes: usize) -> String {
    let head = format!("{name} {pid} {number}");
    let mut line = format!("{BEGIN}{head} {:08x} ", sum(&head));
    let padding = bytes.saturating_sub(line.len() + END.len());
    line.extend(std::iter::repeat_n('.', padding));
    line.push_str(END);
    line
}

/// FNV-1a, 32 bits.
fn sum(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// A run's count of its lines, in a file.
#[derive(Debug)]
pub struct Counter(File);

impl Counter {
    /// Makes the file `NAME.PID` in `folder`.
    pub fn create(folder: &Path, name: &str) -> Self {
        let path = folder.join(format!("{name}.{}", std::process::id()));
        Self(File::create(path).unwrap())
    }

    /// So many lines have been begun.
    pub fn begun(&self, count: u64) {
        self.0.write_at(&count.to_le_bytes(), 0).unwrap();
    }

    /// So many are written.
    pub fn done(&self, count: u64) {
        self.0.write_at(&count.to_le_bytes(), 8).unwrap();
    }
}

/// What became of all lines.
#[derive(Debug, Default)]
pub struct Account {
    /// Lines that were written.
    pub written: u64,
    /// Those that are in no file.
    pub lost: u64,
    /// Those that are there more than once.
    pub doubled: u64,
    /// Lines that nobody wrote so.
    pub torn: u64,
    /// Bytes that the files themselves say are missing.
    pub declared_bytes: u64,
    /// Some examples of what is wrong.
    pub examples: Vec<String>,
}

/// Compares the counters in `counters` with all files in `logs`.
pub fn account(counters: &Path, logs: &Path) -> Account {
    let mut account = Account::default();
    let mut seen: BTreeMap<(String, u32), Vec<u32>> = BTreeMap::new();
    for path in files(logs) {
        read_log(&path, &mut seen, &mut account);
    }
    for path in files(counters) {
        let stem = path.file_name().unwrap().to_string_lossy().into_owned();
        let (name, pid) = stem.rsplit_once('.').unwrap();
        let bytes = fs::read(&path).unwrap();
        let number = |at: usize| {
            let bytes = bytes.get(at..at + 8).map_or([0; 8], |part| part.try_into().unwrap());
            u64::from_le_bytes(bytes)
        };
        let (begun, done) = (number(0), number(8));
        let times = seen.remove(&(name.to_owned(), pid.parse().unwrap())).unwrap_or_default();
        account.settle(&stem, begun, done, &times);
    }
    for (run, times) in seen {
        account.torn += times.iter().map(|times| u64::from(*times)).sum::<u64>();
        account.example(format!("lines of {run:?}, which is no run"));
    }
    account
}

impl Account {
    fn settle(&mut self, run: &str, begun: u64, done: u64, times: &[u32]) {
        let of = |number: u64| times.get(usize::try_from(number).unwrap()).copied().unwrap_or(0);
        self.written += done;
        let lost: Vec<u64> = (0..done).filter(|number| of(*number) == 0).collect();
        let doubled: Vec<u64> = (0..begun).filter(|number| of(*number) > 1).collect();
        let strange =
            times.iter().skip(usize::try_from(begun).unwrap()).filter(|times| **times > 0);
        self.torn += u64::try_from(strange.count()).unwrap();
        self.lost += u64::try_from(lost.len()).unwrap();
        self.doubled += u64::try_from(doubled.len()).unwrap();
        for (what, numbers) in [("lost", lost), ("doubled", doubled)] {
            if let (Some(first), Some(last)) = (numbers.first(), numbers.last()) {
                let count = numbers.len();
                self.example(format!("{run}: {count} {what}, from {first} to {last} of {done}"));
            }
        }
    }

    fn example(&mut self, text: String) {
        if self.examples.len() < 12 {
            self.examples.push(text);
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.is_file());
    paths.sort();
    paths
}

/// What is in a file, compressed or not. Of one that a process was killed over while it compressed
/// it, the one that counts: what is not whole yet does not, nor an original that is compressed by now.
fn read_plain(path: &Path) -> Vec<u8> {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let compressed = path.with_added_extension("gz");
    if extension == Some("tmp") || compressed.exists() {
        return Vec::new();
    }
    let mut bytes = fs::read(path).unwrap();
    if extension == Some("gz") {
        let packed = std::mem::take(&mut bytes);
        MultiGzDecoder::new(&*packed).read_to_end(&mut bytes).unwrap();
    }
    bytes
}

fn read_log(path: &Path, seen: &mut BTreeMap<(String, u32), Vec<u32>>, account: &mut Account) {
    let bytes = read_plain(path);
    for raw in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let text = String::from_utf8_lossy(raw);
        if let Some(missing) = declared(&text) {
            account.declared_bytes += missing;
            continue;
        }
        // A service's own words, which are not numbered.
        if !text.contains(BEGIN) && !text.contains(END) && !text.contains("....") {
            continue;
        }
        let Some((name, pid, number)) = parse(&text) else {
            account.torn += 1;
            let start: String = text.chars().take(90).collect();
            account.example(format!("{}: torn: {start:?}", path.display()));
            continue;
        };
        let times = seen.entry((name, pid)).or_default();
        let number = usize::try_from(number).unwrap();
        if times.len() <= number {
            times.resize(number + 1, 0);
        }
        times[number] += 1;
    }
}

/// `[rpm] N bytes of output dropped (…)`.
fn declared(line: &str) -> Option<u64> {
    let (_, rest) = line.split_once("[rpm] ")?;
    let (count, rest) = rest.split_once(' ')?;
    rest.starts_with("bytes of output").then(|| count.parse().ok())?
}

/// The run and number of the one line that stands in `text`, with or without a date before it, or
/// in an object of JSON.
fn parse(text: &str) -> Option<(String, u32, u64)> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (inner, after) = rest.split_once(END)?;
    let json = before.starts_with('{') && after.ends_with('}');
    let whole = json || (after.is_empty() && (before.is_empty() || before.ends_with(": ")));
    if !whole || inner.contains(BEGIN) || after.contains(BEGIN) {
        return None;
    }
    let mut words = inner.split(' ');
    let (name, pid, number) = (words.next()?, words.next()?, words.next()?);
    let found = u32::from_str_radix(words.next()?, 16).ok()?;
    let padding = words.next()?;
    let good =
        found == sum(&format!("{name} {pid} {number}")) && padding.bytes().all(|byte| byte == b'.');
    good.then(|| Some((name.to_owned(), pid.parse().ok()?, number.parse().ok()?)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(done: u64, text: &str) -> Account {
        let folder = tempfile::tempdir().unwrap();
        let [counters, logs] = ["counters", "logs"].map(|name| folder.path().join(name));
        fs::create_dir(&counters).unwrap();
        fs::create_dir(&logs).unwrap();
        let numbers = [done.to_le_bytes(), done.to_le_bytes()].concat();
        fs::write(counters.join("app.7"), numbers).unwrap();
        fs::write(logs.join("app-out.log"), text).unwrap();
        account(&counters, &logs)
    }

    #[test]
    fn whole_lines_in_each_format_are_found() {
        let [one, two, three] = [0, 1, 2].map(|number| line("app", 7, number, 60));
        let text =
            format!("{one}\n2026-01-01T00:00:00: {two}\n{{\"message\":\"{three}\",\"x\":1}}\n");
        let account = judged(3, &text);
        assert_eq!((account.lost, account.doubled, account.torn), (0, 0, 0), "{account:?}");
        assert_eq!(account.written, 3);
    }

    #[test]
    fn what_is_wrong_is_seen() {
        let [one, two, three] = [0, 1, 2].map(|number| line("app", 7, number, 60));
        let account = judged(3, &format!("{one}\n{three}\n{one}\n"));
        assert_eq!((account.lost, account.doubled, account.torn), (1, 1, 0));
        let account = judged(3, &format!("{one}\n{}{two}\n{three}\n", &three[..20]));
        assert_eq!((account.lost, account.torn), (1, 1));
        let account = judged(2, &format!("{one}\n{}\n", two.replace(" 1 ", " 2 ")));
        assert_eq!((account.lost, account.torn), (1, 1));
        let account = judged(1, &format!("{one}\n[rpm] 120 bytes of output dropped (full)\n"));
        assert_eq!((account.lost, account.declared_bytes), (0, 120));
    }
}
