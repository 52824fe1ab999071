//! Starting at boot: which program starts services on this system, and what it must be told.

mod platform;
mod service;

pub(crate) use platform::Platform;
pub(crate) use service::Service;

use camino::Utf8PathBuf;

/// What `rpm startup` does on a platform, and `rpm unstartup` takes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The file that describes the service.
    pub(crate) file: Utf8PathBuf,
    /// What it says.
    pub(crate) text: String,
    /// Its permissions.
    pub(crate) mode: u32,
    /// Run after it is written, in this order.
    pub(crate) enable: Vec<Vec<String>>,
    /// Run before it is removed. That one fails is no reason to leave the others out.
    pub(crate) disable: Vec<Vec<String>>,
}

/// What is to be done for `service` on `platform`.
pub(crate) fn plan(platform: Platform, service: &Service) -> Plan {
    let name = service.name.as_str();
    let (file, mode) = match platform {
        Platform::Systemd => (format!("/etc/systemd/system/{name}.service"), 0o644),
        Platform::Upstart | Platform::Systemv | Platform::Openrc => {
            (format!("/etc/init.d/{name}"), 0o755)
        }
        Platform::Launchd => (format!("/Library/LaunchDaemons/{name}.plist"), 0o644),
        Platform::Rcd => (format!("/usr/local/etc/rc.d/{name}"), 0o755),
        Platform::RcdOpenbsd => (format!("/etc/rc.d/{name}"), 0o755),
        Platform::Smf => (format!("/var/svc/manifest/site/{name}.xml"), 0o644),
    };
    let (enable, disable) = commands(platform, name, &file);
    let text = service.text(platform);
    Plan { file: file.into(), text, mode, enable, disable }
}

type Commands = Vec<Vec<String>>;

fn commands(platform: Platform, name: &str, file: &str) -> (Commands, Commands) {
    let enabled = format!("{name}_enable=YES");
    let variable = format!("{name}_enable");
    let (enable, disable): (&[&[&str]], &[&[&str]]) = match platform {
        Platform::Systemd => (
            &[&["systemctl", "daemon-reload"], &["systemctl", "enable", name]],
            &[&["systemctl", "stop", name], &["systemctl", "disable", name]],
        ),
        Platform::Upstart => (
            &[&["update-rc.d", name, "defaults"]],
            &[&["service", name, "stop"], &["update-rc.d", "-f", name, "remove"]],
        ),
        Platform::Systemv => (
            &[&["chkconfig", "--add", name], &["chkconfig", name, "on"]],
            &[&["service", name, "stop"], &["chkconfig", "--del", name]],
        ),
        Platform::Openrc => (
            &[&["rc-update", "add", name, "default"]],
            &[&["rc-service", name, "stop"], &["rc-update", "delete", name, "default"]],
        ),
        Platform::Launchd => {
            (&[&["launchctl", "load", "-w", file]], &[&["launchctl", "remove", name]])
        }
        Platform::Rcd => {
            (&[&["sysrc", &enabled]], &[&["service", name, "stop"], &["sysrc", "-x", &variable]])
        }
        Platform::RcdOpenbsd => (
            &[&["rcctl", "enable", name], &["rcctl", "start", name]],
            &[&["rcctl", "stop", name], &["rcctl", "disable", name]],
        ),
        Platform::Smf => (
            &[&["svccfg", "import", file], &["svcadm", "enable", name]],
            &[&["svcadm", "disable", name], &["svccfg", "delete", name]],
        ),
    };
    (owned(enable), owned(disable))
}

fn owned(commands: &[&[&str]]) -> Commands {
    let words = |words: &&[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    commands.iter().map(words).collect()
}

#[cfg(test)]
mod tests;
