//! Plays a scenario with one manager and notes what is observed.

use crate::record::Recorder;
use crate::scenario::Scenario;
use crate::side::{Ended, Side};
use crate::step::Step;
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, Instant};

/// What is waited for comes within this, or not at all.
const PATIENCE: Duration = Duration::from_secs(12);

/// One value that is compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// What it is the value of; unique in its scenario.
    pub(crate) what: String,
    /// The value.
    pub(crate) value: String,
    /// Whether it says that a command failed.
    pub(crate) failure: bool,
}

/// A play, and what was seen so far.
struct Play<'a> {
    side: &'a mut Side,
    last: Ended,
    input: Option<String>,
    recorder: Option<Recorder>,
    seen: Vec<Seen>,
    times: BTreeMap<String, usize>,
}

/// Plays all steps.
pub(crate) fn play(scenario: &Scenario, side: &mut Side) -> Result<Vec<Seen>, String> {
    let (seen, times) = (Vec::new(), BTreeMap::new());
    let mut play = Play { side, last: Ended::default(), input: None, recorder: None, seen, times };
    for line in &scenario.steps {
        let step = Step::read(&play.side.fill(line))?;
        match step {
            Step::Command(words) => play.command(line, &words),
            Step::Own { name, words, rest } => play
                .own(line, &name, &words, &rest)
                .map_err(|wrong| format!("step `{line}`: {wrong}"))?,
        }
    }
    Ok(play.seen)
}

impl Play<'_> {
    fn command(&mut self, line: &str, words: &[String]) {
        let input = self.input.take();
        self.last = self.side.run(words, input.as_deref());
        let failure = self.last.status != "0";
        self.note_as(format!("exit of `{line}`"), self.last.status.clone(), failure);
        let acts = ["stop", "restart", "reload", "delete", "reset"];
        if words.first().is_some_and(|verb| acts.contains(&verb.as_str())) {
            let ticks = self.last.out.lines().filter(|line| line.contains('✓')).count();
            self.note(format!("✓ of `{line}`"), ticks.to_string());
        }
    }

    fn own(&mut self, line: &str, name: &str, words: &[String], rest: &str) -> Result<(), String> {
        let word = |index: usize| words.get(index).map(String::as_str).ok_or("a word is missing");
        match name {
            "list" => {
                let list = self.side.list();
                self.show("list", &list, words);
            }
            "pretty" => {
                let list = self.side.pretty().ok_or("prettylist is no object")?;
                self.show("prettylist", &list, words);
            }
            "statuses" => {
                let recorder = self.recorder.take().ok_or("nothing is recorded")?;
                self.note(line[1..].to_owned(), recorder.end(words));
            }
            "env" => self.env(word(0)?, &words[1..])?,
            "wait" => {
                let met = self.wait(word(0)?, &words[1..]);
                let failure = met != "yes";
                self.note_as(line[1..].to_owned(), met, failure);
            }
            "until" => {
                let (path, text) = (self.path(word(0)?), word(1)?.to_owned());
                let holds = || fs::read_to_string(&path).is_ok_and(|it| it.contains(&text));
                let met = in_time(holds);
                self.note_as(line[1..].to_owned(), yes(met), !met);
            }
            "file" => {
                let text = fs::read(self.path(word(0)?));
                let text = text.map_or_else(
                    |_| "absent".to_owned(),
                    |bytes| String::from_utf8_lossy(&bytes).into_owned(),
                );
                self.note(line[1..].to_owned(), self.side.normal.text(&text));
            }
            "files" => self.files(line, word(0)?),
            "out" | "err" | "says" | "count" | "json" => self.output(line, name, rest),
            "http" => {
                let value = self.http(word(0)?);
                self.note(line[1..].to_owned(), value);
            }
            "running" => {
                let all = self.side.processes();
                let found = all.iter().filter(|(_, line)| line.contains(rest)).count();
                self.note(line[1..].to_owned(), found.to_string());
            }
            "sh" => {
                self.last = self.side.shell(rest);
                let failure = self.last.status != "0";
                self.note_as(format!("exit of `{line}`"), self.last.status.clone(), failure);
                let out = self.side.normal.text(&self.last.out);
                self.note(format!("output of `{line}`"), out);
            }
            _ => return self.change(name, words, rest),
        }
        Ok(())
    }

    /// The steps that observe nothing.
    fn change(&mut self, name: &str, words: &[String], rest: &str) -> Result<(), String> {
        let word = |index: usize| words.get(index).map(String::as_str).ok_or("a word is missing");
        match name {
            "signal" => {
                let signal = Signal::from_str(word(1)?).map_err(|error| error.to_string())?;
                for pid in self.pids(word(0)?) {
                    rpm_tests::kill(pid, signal);
                }
            }
            "write" => self.side.write(word(0)?, &word(1)?.replace("\\n", "\n")),
            "rm" => {
                let path = self.path(word(0)?);
                let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
            }
            "set" => {
                self.side.env.insert(word(0)?.to_owned(), word(1).unwrap_or("").to_owned());
            }
            "unset" => {
                self.side.env.remove(word(0)?);
            }
            "record" => {
                self.recorder = Some(Recorder::begin(self.side.home(), word(0)?.to_owned()));
            }
            "stdin" => self.input = Some(rest.to_owned()),
            "cd" => self.side.cwd = self.side.work().join(word(0)?),
            "sleep" => {
                let millis = word(0)?.parse().map_err(|_| "not a number")?;
                std::thread::sleep(Duration::from_millis(millis));
            }
            _ => return Err(format!("there is no step @{name}")),
        }
        Ok(())
    }

    fn show(&mut self, what: &str, list: &[Value], fields: &[String]) {
        for field in fields {
            let values: Vec<String> = list.iter().map(|one| self.field(one, field)).collect();
            self.note(format!("{what}: {field}"), values.join(", "));
        }
    }

    fn field(&self, element: &Value, field: &str) -> String {
        let value = match field {
            "count" => return "1".to_owned(),
            "keys" => {
                let own = element["pm2_env"].as_object().into_iter().flat_map(|env| env.keys());
                let variables = &element["pm2_env"]["env"];
                let own = own.filter(|key| variables.get(key.as_str()).is_none());
                let mut own: Vec<&str> = own.map(String::as_str).collect();
                own.sort_unstable();
                return own.join(" ");
            }
            "pid" | "name" | "pm_id" => element.get(field),
            _ => field.split('.').try_fold(&element["pm2_env"], |value, part| value.get(part)),
        };
        match (field, value) {
            (_, None) => "absent".to_owned(),
            ("pid", Some(pid)) if pid.as_u64().unwrap_or(0) > 0 => "<pid>".to_owned(),
            (_, Some(Value::String(text))) => self.side.normal.text(text),
            (_, Some(other)) => self.side.normal.text(&other.to_string()),
        }
    }

    fn wait(&self, name: &str, wanted: &[String]) -> String {
        let mut found = String::new();
        let met = in_time(|| {
            let list = self.side.list();
            let named = || list.iter().filter(|one| name == "*" || one["name"] == name);
            let is = |one: &Value, want: &String| {
                if let Some((field, least)) = want.split_once('>') {
                    let least: i64 = least.parse().unwrap_or(i64::MAX);
                    return self.field(one, field).parse::<i64>().is_ok_and(|it| it > least);
                }
                let (field, value) = want.split_once('=').unwrap_or((want, ""));
                self.field(one, field) == value
            };
            let fields = wanted.iter().filter_map(|want| want.split(['=', '>']).next());
            let shown = |one| fields.clone().map(|it| self.field(one, it)).collect::<Vec<_>>();
            found = named().map(|one| shown(one).join(" ")).collect::<Vec<_>>().join(", ");
            named().count() > 0 && named().all(|one| wanted.iter().all(|want| is(one, want)))
        });
        if met { "yes".to_owned() } else { format!("no: {found}") }
    }

    fn env(&mut self, name: &str, vars: &[String]) -> Result<(), String> {
        let pids = self.pids(name);
        let mut worlds = Vec::new();
        for pid in pids {
            let path = self.side.work().join(format!("env-{pid}.json"));
            in_time(|| path.exists());
            let text = fs::read(&path).unwrap_or_else(|_| b"{}".to_vec());
            worlds.push(serde_json::from_slice::<Value>(&text).map_err(|it| it.to_string())?);
        }
        for var in vars {
            let values = worlds.iter().map(|world| match world.get(var) {
                None => "absent".to_owned(),
                Some(Value::String(text)) => self.side.normal.text(text),
                Some(other) => self.side.normal.text(&other.to_string()),
            });
            let value = values.collect::<Vec<_>>().join(", ");
            self.note(format!("env: {var}"), value);
        }
        Ok(())
    }

    fn files(&mut self, line: &str, folder: &str) {
        let entries = fs::read_dir(self.path(folder)).into_iter().flatten();
        let names = entries.filter_map(|it| it.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names.collect();
        names.sort();
        self.note(line[1..].to_owned(), names.join(" "));
    }

    fn output(&mut self, line: &str, name: &str, text: &str) {
        let (out, err) = (&self.last.out, &self.last.err);
        let normal = |text: &str| self.side.normal.text(text);
        let value = match (name, text) {
            ("json", _) => yes(serde_json::from_str::<Value>(out).is_ok()),
            ("count", _) => normal(out).lines().filter(|it| it.contains(text)).count().to_string(),
            ("out", "") => normal(out),
            ("err", "") => normal(err),
            ("out", _) => yes(normal(out).contains(text)),
            ("err", _) => yes(normal(err).contains(text)),
            _ => yes(normal(out).contains(text) || normal(err).contains(text)),
        };
        self.note(line[1..].to_owned(), value);
    }

    fn http(&self, path: &str) -> String {
        let mut answer = String::new();
        in_time(|| {
            let Ok(response) = rpm_tests::get(self.side.port, path) else { return false };
            answer = format!("{} {}", response.status, response.text());
            true
        });
        self.side.normal.text(&answer)
    }

    fn pids(&self, name: &str) -> Vec<u32> {
        if name == "daemon" {
            return self.side.daemon().into_iter().collect();
        }
        let list = self.side.list();
        let named = list.iter().filter(|one| one["name"] == name);
        let pids = named.filter_map(|one| u32::try_from(one["pid"].as_u64()?).ok());
        pids.filter(|pid| *pid > 1).collect()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.side.work().join(path)
    }

    fn note(&mut self, what: String, value: String) {
        self.note_as(what, value, false);
    }

    fn note_as(&mut self, what: String, value: String, failure: bool) {
        let times = self.times.entry(what.clone()).or_insert(0);
        *times += 1;
        let what = if *times == 1 { what } else { format!("{what} ({times})") };
        self.seen.push(Seen { what, value, failure });
    }
}

fn yes(is: bool) -> String {
    if is { "yes".to_owned() } else { "no".to_owned() }
}

fn in_time(mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + PATIENCE;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() > end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(40));
    }
}
