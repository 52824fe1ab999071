//! Programs that start services at boot.

/// A program that starts services at boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Platform {
    /// systemd.
    Systemd,
    /// Init scripts that `update-rc.d` enables.
    Upstart,
    /// Init scripts that `chkconfig` enables.
    Systemv,
    /// `OpenRC`.
    Openrc,
    /// launchd of macOS.
    Launchd,
    /// rc of FreeBSD.
    Rcd,
    /// rc of OpenBSD.
    RcdOpenbsd,
    /// SMF of Solaris and illumos.
    Smf,
}

impl Platform {
    /// All, with the name that each goes by, the program that it is known by, and the systems that
    /// use it, as people name them. In the order in which they are looked for.
    const ALL: [(Self, &'static str, &'static str, &'static [&'static str]); 8] = [
        (
            Self::Systemd,
            "systemd",
            "systemctl",
            &[
                "ubuntu", "ubuntu16", "ubuntu18", "ubuntu20", "debian", "centos", "centos7",
                "arch", "oracle", "fedora", "rhel",
            ],
        ),
        (Self::Upstart, "upstart", "update-rc.d", &["ubuntu12", "ubuntu14"]),
        (Self::Systemv, "systemv", "chkconfig", &["amazon", "centos6"]),
        (Self::Openrc, "openrc", "rc-update", &["gentoo", "alpine"]),
        (Self::Launchd, "launchd", "launchctl", &["macos", "darwin"]),
        (Self::Rcd, "rcd", "sysrc", &["freebsd"]),
        (Self::RcdOpenbsd, "rcd-openbsd", "rcctl", &["openbsd"]),
        (Self::Smf, "smf", "svcadm", &["sunos", "solaris"]),
    ];

    /// The platform that goes by this name, or that the system of this name uses.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        Self::ALL
            .into_iter()
            .find(|(_, own, _, systems)| *own == name || systems.contains(&name.as_str()))
            .map(|(platform, ..)| platform)
    }

    /// The platform of a system that has these programs.
    pub(crate) fn detect(has: impl Fn(&str) -> bool) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, _, program, _)| has(program)).map(|(platform, ..)| platform)
    }

    /// The name that it goes by.
    pub(crate) fn name(self) -> &'static str {
        let own = Self::ALL.into_iter().find(|(platform, ..)| *platform == self);
        own.map_or("systemd", |(_, name, ..)| name)
    }

    /// All names, for whoever gave another one.
    pub(crate) fn names() -> Vec<&'static str> {
        Self::ALL.into_iter().map(|(_, name, ..)| name).collect()
    }

    /// How the service of a user is called by default. Not all platforms take a dash.
    pub(crate) fn service_name(self, user: &str) -> String {
        match self {
            Self::Systemd | Self::Upstart | Self::Systemv | Self::Openrc => format!("rpm-{user}"),
            Self::Launchd => format!("rpm.{user}"),
            Self::Rcd | Self::RcdOpenbsd | Self::Smf => {
                let plain =
                    |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
                format!("rpm_{}", user.chars().map(plain).collect::<String>())
            }
        }
    }
}
