//! Who is speaking.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// The version of this wire. A change that an older side would misread raises it.
pub const PROTOCOL: u32 = 1;

/// First frame of either side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Version of the speaker's wire, [`PROTOCOL`].
    pub protocol: u32,
    /// Version of the speaker's program.
    pub version: String,
    /// Process id of the speaker (for the daemon, of the supervisor).
    pub pid: u32,
    /// What a person uses to speak, such as `rpm monit`, where it is not a command. Its own word:
    /// the daemon believes it for what it tells of requests, and for nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
}

/// How another side stands to this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// It is of an earlier version.
    Older,
    /// It is of this version.
    Same,
    /// It is of a later version.
    Newer,
}

impl Hello {
    /// How the speaker stands to this program. The wire counts more than the number.
    pub fn age(&self) -> Age {
        let ours = Self::ours();
        let wire = self.protocol.cmp(&ours.protocol);
        match wire.then_with(|| numbers(&self.version).cmp(&numbers(&ours.version))) {
            Ordering::Less => Age::Older,
            Ordering::Equal => Age::Same,
            Ordering::Greater => Age::Newer,
        }
    }

    /// This program's hello.
    pub fn ours() -> Self {
        Self {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            via: None,
        }
    }
}

/// `1.2.3-rc` as numbers; what is none counts as 0.
fn numbers(version: &str) -> [u64; 3] {
    let mut numbers = [0; 3];
    let release = version.split(['-', '+']).next().unwrap_or_default();
    for (number, text) in numbers.iter_mut().zip(release.split('.')) {
        *number = text.parse().unwrap_or(0);
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_side_is_known() {
        let age = |protocol, version: &str| {
            Hello { protocol, version: version.to_owned(), ..Hello::ours() }.age()
        };
        assert_eq!(Hello::ours().age(), Age::Same);
        assert_eq!(age(PROTOCOL, "0.0.9"), Age::Older);
        assert_eq!(age(PROTOCOL, "0.10.0"), Age::Newer);
        assert_eq!(age(PROTOCOL, "99.0.0-rc.1"), Age::Newer);
        assert_eq!(age(PROTOCOL + 1, "0.0.9"), Age::Newer);
        assert_eq!(age(PROTOCOL - 1, "99.0.0"), Age::Older);
        assert_eq!(age(PROTOCOL, "nonsense"), Age::Older);
    }

    #[test]
    fn what_is_used_to_speak_may_be_left_out() {
        let of_before = r#"{"protocol":1,"version":"0.1.0","pid":7}"#;
        let hello: Hello = serde_json::from_str(of_before).unwrap();
        assert_eq!(hello.via, None);
        assert_eq!(serde_json::to_string(&hello).unwrap(), of_before);
    }
}
