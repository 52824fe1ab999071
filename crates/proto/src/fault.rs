//! An error as a person should see it: what happened, why, and how to mend it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One error, from wherever it happened all the way to the terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What kind of error; stable, for programs.
    pub code: Code,
    /// What happened, to what: a lower-case fragment.
    pub what: String,
    /// Why, outermost first; each a fragment of its own.
    #[serde(default)]
    pub why: Vec<String>,
    /// How to mend it; an action.
    #[serde(default)]
    pub help: Option<String>,
    /// Text shown as it is below the rest: the lines of a broken file, the last lines of a log.
    #[serde(default)]
    pub excerpt: Option<String>,
}

impl Fault {
    /// A fault that says only what happened.
    pub fn new(code: Code, what: impl Into<String>) -> Self {
        Self { code, what: what.into(), why: Vec::new(), help: None, excerpt: None }
    }

    /// Adds a reason.
    #[must_use]
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.why.push(why.into());
        self
    }

    /// Says how to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds text that is shown as it is.
    #[must_use]
    pub fn excerpt(mut self, text: impl Into<String>) -> Self {
        self.excerpt = Some(text.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        for why in &self.why {
            write!(f, ": {why}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, exit $exit:literal;)*) => {
        /// What kind of error. The text is stable and documented; it picks the exit status.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
            /// A code that this version does not know.
            #[serde(other, rename = "other")]
            Other,
        }

        impl Code {
            /// All codes that this version knows.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable text.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Other => "other",
                }
            }

            /// The exit status of a command that ends with it.
            pub fn exit_status(self) -> u8 {
                match self {
                    $(Self::$name => $exit,)*
                    Self::Other => 1,
                }
            }
        }
    };
}

codes! {
    /// No process matches.
    NotFound = "process.not_found", exit 1;
    /// The app runs already.
    AlreadyRunning = "process.already_running", exit 1;
    /// The process does not run.
    NotRunning = "process.not_running", exit 1;
    /// Something that was started did not come up.
    StartFailed = "process.start_failed", exit 1;
    /// A reload was stopped; what ran goes on.
    ReloadFailed = "process.reload_failed", exit 1;
    /// A process could not be stopped.
    StopFailed = "process.stop_failed", exit 1;
    /// A scale that changes nothing or goes too low.
    Scale = "process.scale", exit 1;
    /// A pattern or a target that cannot be read.
    BadTarget = "target.invalid", exit 1;
    /// The script to start is missing.
    ScriptMissing = "script.missing", exit 1;
    /// The interpreter of a script is missing.
    InterpreterMissing = "interpreter.missing", exit 1;
    /// Words of the command line that do not fit.
    Usage = "usage", exit 1;
    /// A config file is missing.
    ConfigMissing = "config.missing", exit 1;
    /// A config file cannot be read as what it is.
    ConfigSyntax = "config.syntax", exit 1;
    /// A value in a config file is not of its kind.
    ConfigValue = "config.value", exit 1;
    /// A file could not be read or written.
    Io = "io", exit 1;
    /// Not allowed.
    Denied = "denied", exit 1;
    /// No daemon runs and the command does not start one.
    NoDaemon = "daemon.absent", exit 1;
    /// The daemon did not come up or does not answer.
    DaemonSilent = "daemon.silent", exit 1;
    /// The daemon is of another version that does not understand this one.
    VersionMismatch = "daemon.version", exit 1;
    /// The daemon was not replaced by another version.
    UpdateFailed = "daemon.update", exit 1;
    /// The daemon is stopping.
    ShuttingDown = "daemon.stopping", exit 1;
    /// Nothing saved to restore.
    NoDump = "dump.missing", exit 1;
    /// The process does not offer that action.
    NoAction = "action.missing", exit 1;
    /// The process did not answer in time.
    NoAnswer = "action.silent", exit 1;
    /// The process has no standard input that could be written to.
    NoInput = "input.missing", exit 1;
    /// A request that cannot be read.
    BadRequest = "protocol", exit 1;
    /// Another reload of the app is under way.
    Busy = "process.busy", exit 1;
}
