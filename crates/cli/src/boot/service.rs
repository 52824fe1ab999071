//! The service as a file of each platform.

use super::Platform;

/// The service that starts a user's apps at boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    /// Its name.
    pub(crate) name: String,
    /// Whose apps they are.
    pub(crate) user: String,
    /// The home of their daemon.
    pub(crate) home: String,
    /// This program.
    pub(crate) program: String,
    /// Where the apps' interpreters are looked for.
    pub(crate) path: String,
    /// Wait until the machine has an address.
    pub(crate) wait_ip: bool,
}

impl Service {
    /// What the platform's file says.
    pub(crate) fn text(&self, platform: Platform) -> String {
        let (template, quote): (&str, fn(&str) -> String) = match platform {
            Platform::Systemd => (include_str!("templates/systemd.service"), of_unit),
            Platform::Upstart | Platform::Systemv => (include_str!("templates/init.sh"), of_shell),
            Platform::Openrc => (include_str!("templates/openrc.sh"), of_shell),
            Platform::Launchd => (include_str!("templates/launchd.plist"), of_xml),
            Platform::Rcd => (include_str!("templates/rcd.sh"), of_shell),
            Platform::RcdOpenbsd => (include_str!("templates/rcd-openbsd.sh"), of_shell),
            Platform::Smf => (include_str!("templates/smf.xml"), of_xml),
        };
        let after = if self.wait_ip {
            "network-online.target\nWants=network-online.target"
        } else {
            "network.target"
        };
        let fields = [
            ("NAME", self.name.clone()),
            ("USER", quote(&self.user)),
            ("HOME", quote(&self.home)),
            ("PROGRAM", quote(&self.program)),
            ("PATH", quote(&self.path)),
            ("AFTER", after.to_owned()),
        ];
        fill(template, &fields)
    }
}

/// Puts values at their places, in one pass: a value is never searched for places.
fn fill(template: &str, fields: &[(&str, String)]) -> String {
    let mut text = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('@') {
        text.push_str(before);
        let place = after.split_once('@');
        let field = place.and_then(|(name, _)| fields.iter().find(|(own, _)| *own == name));
        if let (Some((_, value)), Some((_, after))) = (field, place) {
            text.push_str(value);
            rest = after;
        } else {
            text.push('@');
            rest = after;
        }
    }
    text + rest
}

/// Between double quotes of a unit file, `systemd.syntax(7)`, `systemd.service(5)`.
fn of_unit(value: &str) -> String {
    let mut text = String::new();
    for letter in value.chars() {
        match letter {
            '\\' | '"' => text.extend(['\\', letter]),
            '%' => text.push_str("%%"),
            _ => text.push(letter),
        }
    }
    text
}

/// A word of a shell.
fn of_shell(value: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-:+,=".contains(letter);
    if !value.is_empty() && value.chars().all(is_plain) {
        return value.to_owned();
    }
    crate::deploy::quoted(value)
}

/// Text of an XML document, between tags or double quotes.
fn of_xml(value: &str) -> String {
    value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
