//! The folder that everything of one daemon lives in, as the command line sees it.

use camino::{Utf8Path, Utf8PathBuf};
use rpm_proto::{Code, Fault};
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

/// Where the daemon of this user is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Home(Utf8PathBuf);

impl Home {
    /// The home that the environment names: `RPM_HOME`, else `PM2_HOME`, else `~/.rpm`.
    pub(crate) fn find() -> Result<Self, Fault> {
        Self::choose(|name| std::env::var_os(name), std::env::home_dir())
    }

    /// The home at this path.
    pub(crate) fn at(path: Utf8PathBuf) -> Self {
        Self(path)
    }

    fn choose(
        var: impl Fn(&str) -> Option<OsString>,
        user: Option<PathBuf>,
    ) -> Result<Self, Fault> {
        let named = ["RPM_HOME", "PM2_HOME"]
            .into_iter()
            .find_map(|name| var(name).filter(|path| !path.is_empty()))
            .map(PathBuf::from);
        let path = named
            .or_else(|| user.map(|user| user.join(".rpm")))
            .ok_or_else(|| Fault::new(Code::Io, "no home folder is known").help(SET_HOME))?;
        let path = Utf8PathBuf::from_path_buf(path).map_err(|path| {
            Fault::new(Code::Io, format!("the path {} is not text", path.display())).help(SET_HOME)
        })?;
        let path = camino::absolute_utf8(&path).map_err(|error| {
            Fault::new(Code::Io, format!("`{path}` cannot be made absolute"))
                .because(error.to_string())
        })?;
        Ok(Self(path))
    }

    /// Makes the folder where it is missing, for its owner only. One that another user owns, or
    /// could exchange, is refused.
    pub(crate) fn create(&self) -> Result<(), Fault> {
        rpm_sys::files::private_folder(self.0.as_std_path()).map_err(|error| {
            let fault = match error.kind() {
                io::ErrorKind::PermissionDenied => {
                    Fault::new(Code::Denied, format!("the folder {} cannot be used", self.0))
                }
                _ => Fault::new(Code::Io, format!("making the folder {} failed", self.0)),
            };
            fault.because(error.to_string()).help(SET_HOME)
        })
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Utf8Path {
        &self.0
    }

    /// The daemon's socket.
    pub(crate) fn socket(&self) -> Utf8PathBuf {
        self.0.join("rpm.sock")
    }

    /// The daemon's own log.
    pub(crate) fn log(&self) -> Utf8PathBuf {
        self.0.join("rpm.log")
    }

    /// Where logs are that are named without a folder.
    pub(crate) fn logs(&self) -> Utf8PathBuf {
        self.0.join("logs")
    }

    /// The keeper's process, while its daemon is ready.
    pub(crate) fn keeper(&self) -> Option<u32> {
        let text = std::fs::read_to_string(self.0.join("keeper.lock")).ok()?;
        text.trim().parse().ok()
    }

    /// The saved list.
    pub(crate) fn dump(&self) -> Utf8PathBuf {
        self.0.join("dump.pm2")
    }

    /// The modules that are installed.
    pub(crate) fn modules(&self) -> Utf8PathBuf {
        self.0.join("modules")
    }

    /// The settings of apps and modules: the file that `PM2_MODULE_CONF_FILE` names, as for PM2, else
    /// that of the home.
    pub(crate) fn settings(&self) -> Utf8PathBuf {
        let named = std::env::var("PM2_MODULE_CONF_FILE").ok().filter(|path| !path.is_empty());
        let named = named.map(|path| camino::absolute_utf8(&path).unwrap_or_else(|_| path.into()));
        named.unwrap_or_else(|| self.0.join("module_conf.json"))
    }
}

const SET_HOME: &str = "set `RPM_HOME` to a folder of your own";

#[cfg(test)]
mod tests {
    use super::*;

    fn home(vars: &[(&str, &str)], user: Option<&str>) -> Option<String> {
        let var = |name: &str| {
            vars.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
        };
        Home::choose(var, user.map(PathBuf::from)).ok().map(|home| home.path().to_string())
    }

    #[test]
    fn the_environment_names_the_home() {
        let both = [("PM2_HOME", "/a"), ("RPM_HOME", "/b")];
        assert_eq!(home(&both, Some("/u")).as_deref(), Some("/b"));
        assert_eq!(home(&both[..1], Some("/u")).as_deref(), Some("/a"));
        assert_eq!(home(&[("RPM_HOME", "")], Some("/u")).as_deref(), Some("/u/.rpm"));
        assert_eq!(home(&[], None), None);
    }
}
