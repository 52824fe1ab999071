//! Configs that are programs: `.config.js`, `.config.cjs`, `.config.mjs`. The user's own Node
//! evaluates them, in the user's folder and environment.

use crate::context::{Context, Selection};
use crate::fault::{ConfigFault, FaultKind};
use crate::paths;
use crate::runner::{self, Output, RunError};
use camino::Utf8Path;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(10);
const MARK: &str = "\n--- config ---\n";
const SCRIPT: &str = include_str!("evaluate.cjs");

/// The most lines of an error's output that are shown.
const EXCERPT_LINES: usize = 20;

/// The JSON of what the config at `path` exports.
pub(crate) fn evaluate(
    path: &Utf8Path,
    context: &Context,
    selection: &Selection<'_>,
) -> Result<String, ConfigFault> {
    let Some(node) = paths::find_program("node", context) else {
        let what = format!("{path} is a program, and there is no `node` to run it");
        return Err(ConfigFault::new(FaultKind::InterpreterMissing, what)
            .because(format!("searched in {}", context.path))
            .help("install Node, or write the config as JSON"));
    };
    let args = ["-e", SCRIPT, "--", path.as_str(), MARK];
    let output = runner::run(&node, &args, context, selection.base_env, LIMIT)
        .map_err(|error| not_run(path, &error))?;
    match output.out.rsplit_once(MARK) {
        Some((_, json)) if output.status.success() => Ok(json.to_owned()),
        _ => Err(failed(path, &output)),
    }
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
