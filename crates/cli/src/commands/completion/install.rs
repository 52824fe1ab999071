//! `rpm completion install`: a few lines in the file that a shell reads when it starts.

use super::Cli;
use crate::files;
use crate::outcome::Outcome;
use camino::{Utf8Path, Utf8PathBuf};
use clap_complete::Shell;
use rpm_proto::{Code, Fault};
use std::io;
use std::os::unix::fs::PermissionsExt;

const BEGIN: &str = "# rpm completion: begin\n";
const END: &str = "# rpm completion: end\n";

/// Adds the lines; those of an earlier installation are replaced.
pub(super) fn install(cli: &mut Cli, shell: Shell) -> Outcome {
    let (path, line) = place(shell)?;
    let before = without(&read(&path)?);
    let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    write(&path, &format!("{before}{gap}{BEGIN}{line}\n{END}"))?;
    cli.screen.say(format!("{path} loads the completion; open another shell to use it"))?;
    Ok(())
}

/// Removes the lines.
pub(super) fn uninstall(cli: &mut Cli, shell: Shell) -> Outcome {
    let (path, _) = place(shell)?;
    let before = read(&path)?;
    let after = without(&before);
    if after != before {
        write(&path, &after)?;
    }
    cli.screen.say(format!("{path} does not load the completion"))?;
    Ok(())
}

/// The file of a shell, and what it takes there.
fn place(shell: Shell) -> Result<(Utf8PathBuf, &'static str), Fault> {
    let home = crate::context::find()?.home;
    let found = match shell {
        Shell::Bash => (".bashrc", "command -v rpm >/dev/null && source <(rpm completion bash)"),
        Shell::Zsh => (
            ".zshrc",
            "autoload -Uz compinit && compinit && (( $+commands[rpm] )) && source <(rpm completion zsh)",
        ),
        Shell::Fish => {
            (".config/fish/config.fish", "type -q rpm; and rpm completion fish | source")
        }
        _ => {
            return Err(Fault::new(Code::Usage, format!("where {shell} reads it is not known"))
                .help(format!("`rpm completion {shell}` prints the script")));
        }
    };
    Ok((home.join(found.0), found.1))
}

/// The text without our lines.
fn without(text: &str) -> String {
    match (text.find(BEGIN), text.find(END)) {
        (Some(begin), Some(end)) if begin < end => {
            format!("{}{}", &text[..begin], &text[end + END.len()..])
        }
        _ => text.to_owned(),
    }
}

fn read(path: &Utf8Path) -> Result<String, Fault> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        other => other.map_err(|error| {
            Fault::new(Code::Io, format!("{path} cannot be read")).because(error.to_string())
        }),
    }
}

/// Where the file is a link (as with dotfiles in a repository), what it names is written.
fn write(path: &Utf8Path, text: &str) -> Result<(), Fault> {
    let path = path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned());
    let mode = std::fs::metadata(&path).map_or(0o644, |found| found.permissions().mode() & 0o7777);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| {
            Fault::new(Code::Io, format!("making {folder} failed")).because(error.to_string())
        })?;
    }
    files::replace(&path, text.as_bytes(), mode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_can_be_taken_away() {
        let text = format!("a\n{BEGIN}line\n{END}b\n");
        assert_eq!(without(&text), "a\nb\n");
        assert_eq!(without("a\n"), "a\n");
        assert_eq!(without(END), END);
    }
}
