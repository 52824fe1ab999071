//! An error, to people and to programs.

use crate::outcome::{Outcome, Stop};
use crate::screen::Screen;
use rpm_core::Affected;
use rpm_proto::Fault;
use serde::Serialize;
use std::io;
use std::process::ExitCode;

/// What `--json` prints of a command that changes something.
#[derive(Debug, Serialize)]
pub(crate) struct Told<'a> {
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'a Fault>,
    /// What was touched.
    pub(crate) affected: &'a [Affected],
}

/// Says how the command ended, where that is still to be said, and gives its status; `affected` is
/// what was touched all the same.
pub(crate) fn end(screen: &mut Screen, outcome: Outcome, affected: &[Affected]) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop::Said(status)) => ExitCode::from(status),
        Err(Stop::Fault(fault)) => {
            // The status tells it too, where the outputs are closed.
            drop(show(screen, &fault, affected));
            ExitCode::from(fault.code.exit_status())
        }
    }
}

fn show(screen: &mut Screen, fault: &Fault, affected: &[Affected]) -> io::Result<()> {
    if screen.wish.json {
        return screen.json(&Told { error: Some(fault), affected });
    }
    let lead = if screen.look.err_terminal {
        screen.err_paint().red("error:")
    } else {
        "[PM2][ERROR]".to_owned()
    };
    screen.note(words(&lead, fault).trim_end())
}

/// The fault in words: what, why, how to mend it, and last what is shown as it is.
pub(crate) fn words(lead: &str, fault: &Fault) -> String {
    let mut text = format!("{lead} {}\n", fault.what);
    labelled(&mut text, "  why: ", fault.why.iter().map(String::as_str));
    labelled(&mut text, "  help: ", fault.help.iter().map(String::as_str));
    if let Some(excerpt) = &fault.excerpt {
        text.push('\n');
        text.push_str(excerpt.trim_end());
        text.push('\n');
    }
    text
}

fn labelled<'a>(text: &mut String, label: &str, items: impl Iterator<Item = &'a str>) {
    let lines = items.flat_map(|item| item.lines());
    for (at, line) in lines.enumerate() {
        let lead = if at == 0 { label.to_owned() } else { " ".repeat(label.len()) };
        text.push_str(&lead);
        text.push_str(line);
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpm_proto::Code;

    #[test]
    fn a_fault_says_what_and_why_and_how_to_mend_it() {
        let fault = Fault::new(Code::Io, "reading `x` failed")
            .because("opening it failed")
            .because("permission denied")
            .help("make it readable,\nor name another")
            .excerpt("last lines:\n  boom\n");
        insta::assert_snapshot!(words("error:", &fault), @r"
        error: reading `x` failed
          why: opening it failed
               permission denied
          help: make it readable,
                or name another

        last lines:
          boom
        ");
        insta::assert_snapshot!(
            words("[PM2][ERROR]", &Fault::new(Code::Usage, "no")), @"[PM2][ERROR] no"
        );
    }
}
