//! What a keeper changes of itself that children get back.
//!
//! A keeper that is started by its supervisor is a child of its predecessor's child: it is told what
//! there was at the beginning.

use crate::say::say;
use rpm_sys::{limits, process};
use std::fmt;
use std::io;

/// Tells a supervisor, and a keeper that it starts, what children get back.
pub(crate) const CHILDRENS_VARIABLE: &str = "RPM_KEEPER_CHILDRENS";

/// How badly the out-of-memory killer should want the keeper.
const BADNESS: i32 = -900;
/// Stands for "not changed".
const NOTHING: &str = "-";

/// What children get back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Childrens {
    /// The limit of descriptors.
    pub(crate) descriptors: Option<u64>,
    /// The badness.
    pub(crate) badness: Option<i32>,
}

impl Childrens {
    /// What there is before this process changes itself, or was before its predecessors did.
    pub(crate) fn of_us() -> io::Result<Self> {
        let told = std::env::var(CHILDRENS_VARIABLE).ok().and_then(|text| Self::read(&text));
        let badness = process::oom_score_adj().ok();
        let descriptors = limits::raise_descriptors()?;
        Ok(told.unwrap_or(Self { descriptors, badness }))
    }

    fn read(text: &str) -> Option<Self> {
        let (descriptors, badness) = text.split_once(' ')?;
        let descriptors = (descriptors != NOTHING).then(|| descriptors.parse()).transpose().ok()?;
        let badness = (badness != NOTHING).then(|| badness.parse()).transpose().ok()?;
        Some(Self { descriptors, badness })
    }
}

impl fmt::Display for Childrens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.descriptors {
            Some(descriptors) => write!(f, "{descriptors} ")?,
            None => write!(f, "{NOTHING} ")?,
        }
        match self.badness {
            Some(badness) => write!(f, "{badness}"),
            None => f.write_str(NOTHING),
        }
    }
}

/// Asks the out-of-memory killer to look elsewhere. Refused without privileges, which is usual.
pub(crate) fn protect() {
    match process::set_oom_score_adj(BADNESS) {
        Err(error) if process::effective_uid() == 0 => {
            say(format_args!("not protected from the out-of-memory killer: {error}"));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_read() {
        for (descriptors, badness) in
            [(Some(1024), Some(-3)), (None, Some(0)), (Some(u64::MAX), None), (None, None)]
        {
            let childrens = Childrens { descriptors, badness };
            assert_eq!(Childrens::read(&childrens.to_string()), Some(childrens));
        }
        for text in ["", "1024", "x 0", "1 2 3"] {
            assert_eq!(Childrens::read(text), None, "{text}");
        }
    }
}
