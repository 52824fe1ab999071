//! What runs a script: told by the user, by its extension, or by its first line.

use crate::context::Context;
use crate::fault::{ConfigFault, FaultKind};
use crate::{paths, runner};
use camino::{Utf8Path, Utf8PathBuf};
use rpm_core::spec::Env;
use std::fs::File;
use std::io::Read;
use std::time::Duration;

/// A program that runs scripts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interpreter {
    /// The program, absolute; `None` when the script is executed itself.
    pub(crate) program: Option<Utf8PathBuf>,
    /// Arguments that it needs before those of the user.
    pub(crate) args: Vec<String>,
    /// What it is called where it is looked up by name, as PM2 shows it.
    pub(crate) name: Option<String>,
}

/// How much of a file tells what it is.
const HEAD: u64 = 512;
const VERSION_LIMIT: Duration = Duration::from_secs(5);

impl Interpreter {
    /// The script is executed itself.
    pub(crate) fn itself() -> Self {
        Self { program: None, args: Vec::new(), name: None }
    }

    fn new(program: Utf8PathBuf, name: &str, args: Vec<String>) -> Self {
        Self { program: Some(program), args, name: Some(name.to_owned()) }
    }

    /// Whether it is a runtime that can be a worker of a cluster.
    pub(crate) fn can_cluster(&self) -> bool {
        let name = self.program.as_ref().and_then(|path| path.file_name()).unwrap_or_default();
        ["node", "nodejs", "bun"].iter().any(|runtime| name.ends_with(runtime))
    }
}

/// The interpreter that the user named.
pub(crate) fn named(
    name: &str,
    cwd: &Utf8Path,
    context: &Context,
) -> Result<Interpreter, ConfigFault> {
    if name == "none" {
        return Ok(Interpreter::itself());
    }
    if name.contains('/') || name.starts_with('~') {
        let program = paths::absolute(name, cwd, context);
        return if paths::is_executable(&program) {
            Ok(Interpreter { program: Some(program), args: Vec::new(), name: None })
        } else {
            let what = format!("the interpreter {program} cannot be executed");
            let why =
                if program.exists() { "it is no executable file" } else { "it does not exist" };
            Err(ConfigFault::new(FaultKind::InterpreterMissing, what).because(why))
        };
    }
    found(name, context).map(|program| Interpreter::new(program, name, Vec::new()))
}

/// The interpreter for a script for which none is named.
pub(crate) fn inferred(
    script: &Utf8Path,
    context: &Context,
    env: &Env,
) -> Result<Interpreter, ConfigFault> {
    let plain = |name: &str| Ok(Interpreter::new(found(name, context)?, name, Vec::new()));
    match script.extension() {
        Some("js" | "cjs" | "mjs") => plain("node"),
        Some("sh") => plain("bash"),
        Some("rb") => plain("ruby"),
        Some("php") => plain("php"),
        Some("pl") => plain("perl"),
        Some("coffee") => plain("coffee"),
        Some("ls") => plain("lsc"),
        Some("py") if paths::find_program("python", context).is_none() => plain("python3"),
        Some("py") => plain("python"),
        Some("ts" | "tsx") if paths::find_program("bun", context).is_some() => plain("bun"),
        Some("tsx") => Err(missing("bun", context).because("it runs `.tsx` files")),
        Some("ts") => typescript(context, env),
        _ => by_content(script, context),
    }
}

fn found(name: &str, context: &Context) -> Result<Utf8PathBuf, ConfigFault> {
    paths::find_program(name, context).ok_or_else(|| missing(name, context))
}

fn missing(name: &str, context: &Context) -> ConfigFault {
    let what = format!("there is no interpreter `{name}`");
    let fault = ConfigFault::new(FaultKind::InterpreterMissing, what);
    match name.split_once('@') {
        Some((program, _)) => fault
            .because("versions of Node are not installed by this version")
            .help(format!("give the path of the `{program}` to use")),
        None => fault
            .because(format!("searched in {}", context.path))
            .help("install it, or give its path as `interpreter`"),
    }
}

/// Node runs TypeScript itself from 22.6 on (behind a flag) and from 22.18 and 23.6 on.
fn typescript(context: &Context, env: &Env) -> Result<Interpreter, ConfigFault> {
    let node = found("node", context)?;
    let version = runner::run(&node, &["--version"], context, env, VERSION_LIMIT)
        .map(|output| output.out.trim().to_owned())
        .unwrap_or_default();
    let mut parts = version.trim_start_matches('v').split('.').map(str::parse::<u32>);
    let (major, minor) = match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor),
        _ => (0, 0),
    };
    let args = match (major, minor) {
        (22, 18..) | (23, 6..) | (24.., _) => Vec::new(),
        (22, 6..) | (23, _) => vec!["--experimental-strip-types".to_owned()],
        _ => {
            let what = "there is no interpreter for TypeScript";
            return Err(ConfigFault::new(FaultKind::InterpreterMissing, what)
                .because(format!("{node} is {version}, and no `bun` is in {}", context.path))
                .help("install Node 22.18 or later, or bun; or compile the script"));
        }
    };
    Ok(Interpreter::new(node, "node", args))
}

fn by_content(script: &Utf8Path, context: &Context) -> Result<Interpreter, ConfigFault> {
    if script.is_dir() {
        return Ok(Interpreter::new(found("node", context)?, "node", Vec::new()));
    }
    let head = head(script)?;
    if let Some(words) = shebang(&head) {
        return by_shebang(&words, script, context);
    }
    if head.contains(&0)
        || std::str::from_utf8(&head).is_err_and(|error| error.error_len().is_some())
    {
        return Ok(Interpreter::itself());
    }
    Ok(Interpreter::new(found("node", context)?, "node", Vec::new()))
}

/// A script for Node is run by Node, so that it can be a worker; others run themselves when they
/// may, as the kernel does it.
fn by_shebang(
    words: &[String],
    script: &Utf8Path,
    context: &Context,
) -> Result<Interpreter, ConfigFault> {
    let Some((program, args)) = words.split_first() else {
        return Ok(Interpreter::itself());
    };
    let name = Utf8Path::new(program).file_name().unwrap_or(program);
    if paths::is_executable(script) && !matches!(name, "node" | "nodejs" | "bun") {
        return Ok(Interpreter::itself());
    }
    let path = Utf8Path::new(program);
    let program = if path.is_absolute() && paths::is_executable(path) {
        path.to_owned()
    } else {
        found(name, context)?
    };
    Ok(Interpreter::new(program, name, args.to_vec()))
}

/// The program and arguments of a first line `#!...`, without `env`.
fn shebang(head: &[u8]) -> Option<Vec<String>> {
    let line = head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let mut words: Vec<String> =
        String::from_utf8_lossy(line).split_whitespace().map(str::to_owned).collect();
    if words.first().is_some_and(|program| program.ends_with("/env")) {
        words.remove(0);
        let is_option = |word: &String| word.starts_with('-') || word.contains('=');
        while words.first().is_some_and(is_option) {
            words.remove(0);
        }
    }
    (!words.is_empty()).then_some(words)
}

fn head(script: &Utf8Path) -> Result<Vec<u8>, ConfigFault> {
    let mut head = Vec::new();
    let read = File::open(script).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    match read {
        Ok(_) => Ok(head),
        // What may be executed need not be readable.
        Err(_) if paths::is_executable(script) => Ok(vec![0]),
        Err(error) => Err(ConfigFault::new(FaultKind::Io, format!("{script} cannot be read"))
            .because(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_lines_are_read() {
        for (head, words) in [
            ("#!/usr/bin/env node\n", Some(&["node"][..])),
            ("#!/usr/bin/env -S node --harmony\nx", Some(&["node", "--harmony"])),
            ("#! /bin/sh -e\n", Some(&["/bin/sh", "-e"])),
            ("#!/usr/bin/env -S A=1 node", Some(&["node"])),
            ("#!\n", None),
            ("// x", None),
            ("", None),
        ] {
            let found = shebang(head.as_bytes());
            assert_eq!(
                found
                    .as_deref()
                    .map(|w| w.iter().map(String::as_str).collect::<Vec<_>>())
                    .as_deref(),
                words,
                "{head}"
            );
        }
    }
}
