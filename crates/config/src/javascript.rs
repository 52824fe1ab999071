//! Configs that are programs: `.config.js`, `.config.cjs`, `.config.mjs`. The user's own Node or
//! Bun evaluates them, in the user's folder and environment; where there is neither, an engine of
//! ours does.

mod embedded;
mod resolve;

use crate::context::{Context, Selection};
use crate::fault::{ConfigFault, FaultKind};
use crate::paths;
use crate::runner::{self, Output, RunError};
use camino::Utf8Path;
use embedded::Failure;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(10);
const MARK: &str = "\n--- config ---\n";
const SCRIPT: &str =
    concat!(include_str!("javascript/settle.js"), include_str!("javascript/evaluate.cjs"));

/// The most lines of an error's output that are shown.
const EXCERPT_LINES: usize = 20;

/// The JSON of what the config at `path` exports.
pub(crate) fn evaluate(
    path: &Utf8Path,
    context: &Context,
    selection: &Selection<'_>,
) -> Result<String, ConfigFault> {
    let program = ["node", "bun"].iter().find_map(|name| paths::find_program(name, context));
    let Some(program) = program else {
        return embedded::evaluate(path, context, selection.base_env, LIMIT)
            .map_err(|failure| not_embedded(path, failure));
    };
    let args = ["-e", SCRIPT, "--", path.as_str(), MARK];
    let output = runner::run(&program, &args, context, selection.base_env, LIMIT)
        .map_err(|error| not_run(path, &error))?;
    match output.out.rsplit_once(MARK) {
        Some((_, json)) if output.status.success() => Ok(json.to_owned()),
        _ => Err(failed(path, &output)),
    }
}

fn not_embedded(path: &Utf8Path, failure: Failure) -> ConfigFault {
    let fault = ConfigFault::new(FaultKind::ConfigSyntax, format!("{path} could not be evaluated"));
    match failure {
        Failure::TimedOut => not_run(path, &RunError::TimedOut(LIMIT)),
        Failure::Thrown { what, stack } => {
            let lines: Vec<String> = stack.lines().filter_map(place).collect();
            fault.because(what).maybe_excerpt((!lines.is_empty()).then(|| lines.join("\n"))).help(
                "there is no `node` or `bun` in $PATH, so that rpm evaluated it, with no more of \
                     Node than `fs`, `os`, `path`, `process` and `url`; install Node, or write the \
                     config as JSON, YAML or TOML",
            )
        }
    }
}

/// A line of a stack that is about a file of the user's. Columns are left out: on the first line
/// they count what was put before it.
fn place(line: &str) -> Option<String> {
    let is_ours = line.contains("eval_script") || line.contains("native");
    let (words, column) = line.trim_end().rsplit_once(':')?;
    let end = if column.ends_with(')') { ")" } else { "" };
    (!is_ours).then(|| format!("{words}{end}"))
}

fn not_run(path: &Utf8Path, error: &RunError) -> ConfigFault {
    let fault = ConfigFault::new(FaultKind::ConfigSyntax, format!("{path} could not be evaluated"))
        .because(error.to_string());
    match error {
        RunError::Io(source) => fault.because(source.to_string()),
        RunError::TimedOut(_) => {
            fault.help("export a value, or a function or promise that comes to one soon")
        }
    }
}

fn failed(path: &Utf8Path, output: &Output) -> ConfigFault {
    let error = output.err.lines().find(|line| {
        let name = line.split(':').next().unwrap_or_default();
        name.ends_with("Error") && !name.contains(' ')
    });
    let why = error.map_or_else(|| format!("node ended with {}", output.status), str::to_owned);
    let mut lines: Vec<&str> = output.err.trim().lines().filter(|line| is_users(line)).collect();
    lines.dedup_by(|a, b| a.is_empty() && b.is_empty());
    lines.truncate(EXCERPT_LINES);
    ConfigFault::new(FaultKind::ConfigSyntax, format!("{path} could not be evaluated"))
        .because(why)
        .maybe_excerpt((!lines.is_empty()).then(|| lines.join("\n")))
}

/// Whether a line of Node's is about the user's files, not about Node's own or ours.
fn is_users(line: &str) -> bool {
    let line = line.trim_start();
    let frame = line.starts_with("at ") || line.starts_with("- ");
    !(frame && (line.contains("node:") || line.contains("[eval]")))
}

#[cfg(test)]
mod tests;
