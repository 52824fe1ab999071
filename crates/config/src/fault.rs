//! Why what the user wrote cannot become apps: what happened, why, and how to mend it.

use std::fmt;

/// One error, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFault {
    /// What kind of error.
    pub kind: FaultKind,
    /// What happened, to what: a lower-case fragment.
    pub what: String,
    /// Why, outermost first; each a fragment of its own.
    pub why: Vec<String>,
    /// How to mend it; an action.
    pub help: Option<String>,
    /// Text shown as it is below the rest: the lines of the file, or what its evaluation printed.
    pub excerpt: Option<String>,
    /// The key it is about, for whoever can show the line.
    pub(crate) about: Option<&'static str>,
}

/// What kind of error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A config file is missing.
    ConfigMissing,
    /// A config file cannot be read as what it is.
    ConfigSyntax,
    /// A value in a config file is not of its kind.
    ConfigValue,
    /// The script to start is missing.
    ScriptMissing,
    /// The interpreter of a script is missing.
    InterpreterMissing,
    /// Words of the command line that do not fit.
    Usage,
    /// A file could not be read.
    Io,
}

impl ConfigFault {
    pub(crate) fn new(kind: FaultKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), why: Vec::new(), help: None, excerpt: None, about: None }
    }

    #[must_use]
    pub(crate) fn because(mut self, why: impl Into<String>) -> Self {
        self.why.push(why.into());
        self
    }

    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub(crate) fn about(mut self, key: &'static str) -> Self {
        self.about = Some(key);
        self
    }

    #[must_use]
    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    #[must_use]
    pub(crate) fn maybe_excerpt(mut self, text: Option<String>) -> Self {
        self.excerpt = text.or(self.excerpt);
        self
    }
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        for why in &self.why {
            write!(f, ": {why}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigFault {}
