//! What an app runs: a file, a command in `$PATH`, or a line for the shell.

use crate::context::Context;
use crate::fault::{ConfigFault, FaultKind};
use crate::folders::SERVE;
use crate::interpreter::{self, Interpreter};
use crate::paths;
use crate::raw::Raw;
use camino::{Utf8Path, Utf8PathBuf};
use rpm_core::spec::Env;

/// The word by which this program is asked to serve static files.
pub const STATIC_SERVER: &str = "static-server";

/// What is executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    /// The file, absolute.
    pub(crate) script: Utf8PathBuf,
    /// What runs it.
    pub(crate) interpreter: Interpreter,
    /// The arguments after it.
    pub(crate) args: Vec<String>,
}

/// Resolves the script of an app whose working directory is `cwd`.
pub(crate) fn program(
    raw: &Raw,
    script: &str,
    cwd: &Utf8Path,
    context: &Context,
    env: &Env,
) -> Result<Program, ConfigFault> {
    let told = raw.interpreter.as_deref();
    if script == SERVE {
        let args = std::iter::once(STATIC_SERVER.to_owned()).chain(raw.args.iter().cloned());
        let interpreter = Interpreter::itself();
        return Ok(Program { script: context.program.clone(), interpreter, args: args.collect() });
    }
    let path = paths::absolute(script, cwd, context);
    let path = if path.exists() {
        path
    } else if script.contains(char::is_whitespace) && !told.is_some_and(runs_files) {
        return shell(raw, script, context);
    } else {
        let program = (!script.contains('/')).then(|| paths::find_program(script, context));
        program.flatten().ok_or_else(|| missing(script, &path))?
    };
    let interpreter = match told {
        Some(name) => interpreter::named(name, cwd, context)?,
        None => interpreter::inferred(&path, context, env)?,
    };
    Ok(Program { script: path, interpreter, args: raw.args.clone() })
}

/// The name of an app that has none: of its script, cut at the last dot.
pub(crate) fn default_name(script: &str, cwd: &Utf8Path) -> String {
    let trimmed = script.trim_end_matches('/');
    let base = trimmed.rsplit('/').next().unwrap_or(trimmed);
    let base =
        if matches!(base, "" | "." | "..") { cwd.file_name().unwrap_or("app") } else { base };
    match base.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem.to_owned(),
        _ => base.to_owned(),
    }
}

/// Whether an interpreter takes a file, so that a script with spaces is no line for the shell.
fn runs_files(interpreter: &str) -> bool {
    let name = interpreter.rsplit('/').next().unwrap_or(interpreter);
    !matches!(name, "none" | "bash" | "sh")
}

/// `bash -c LINE`, with the arguments after it.
fn shell(raw: &Raw, line: &str, context: &Context) -> Result<Program, ConfigFault> {
    let shell = ["bash", "sh"].into_iter().find_map(|name| paths::find_program(name, context));
    let Some(shell) = shell else {
        let what = format!("there is no shell to run `{line}`");
        return Err(ConfigFault::new(FaultKind::InterpreterMissing, what)
            .because(format!("neither `bash` nor `sh` is in {}", context.path)));
    };
    let args = if raw.args.is_empty() {
        vec!["-c".to_owned(), line.to_owned()]
    } else {
        let head = ["-c".to_owned(), format!("{line} \"$@\""), shell.to_string()];
        head.into_iter().chain(raw.args.iter().cloned()).collect()
    };
    Ok(Program { script: shell, interpreter: Interpreter::itself(), args })
}

fn missing(script: &str, path: &Utf8Path) -> ConfigFault {
    let fault = ConfigFault::new(FaultKind::ScriptMissing, format!("there is no script {path}"));
    let fault = match path.parent() {
        Some(folder) if !folder.exists() => fault.because(format!("there is no folder {folder}")),
        _ if script.contains('/') => fault,
        _ => fault.because(format!("nor a command `{script}` in $PATH")),
    };
    fault.maybe_help(paths::nearest_sibling(path).map(|near| format!("did you mean {near}?")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_scripts() {
        for (script, name) in [
            ("app.js", "app"),
            ("./src/my.app.js", "my.app"),
            ("bin/www", "www"),
            ("npm", "npm"),
            (".", "api"),
            ("./", "api"),
            ("dist/", "dist"),
            (".hidden", ".hidden"),
            ("npm run start", "npm run start"),
            ("node src/server.js --x", "server"),
        ] {
            assert_eq!(default_name(script, Utf8Path::new("/srv/api")), name, "{script}");
        }
    }
}
