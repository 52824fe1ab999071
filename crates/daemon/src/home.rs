//! The folder that everything of one daemon lives in.

use camino::{Utf8Path, Utf8PathBuf};
use std::io;

/// Paths within `RPM_HOME`.
#[derive(Clone, Debug)]
pub struct Home {
    root: Utf8PathBuf,
}

/// Why a home cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// A folder of it could not be made or looked at, or is not safe from others.
    #[error("preparing the folder {path} failed")]
    Io {
        /// The folder.
        path: Utf8PathBuf,
        /// The system's word.
        #[source]
        source: io::Error,
    },
}

impl Home {
    /// Makes the folders that are missing, readable by their owner only.
    pub fn prepare(root: &Utf8Path) -> Result<Self, HomeError> {
        let home = Self { root: root.to_owned() };
        private_dir(&home.root)?;
        for dir in [home.logs(), home.pids(), home.run()] {
            private_dir(&dir)?;
        }
        Ok(home)
    }

    /// The folder itself.
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// The socket for clients.
    pub fn socket(&self) -> Utf8PathBuf {
        self.root.join("rpm.sock")
    }

    /// The socket for PM2's clients, which they ask on.
    pub fn rpc_socket(&self) -> Utf8PathBuf {
        self.root.join("rpc.sock")
    }

    /// The socket for PM2's clients, which they listen on.
    pub fn pub_socket(&self) -> Utf8PathBuf {
        self.root.join("pub.sock")
    }

    /// The socket on which programs tell how they are, `sd_notify(3)`.
    pub fn notify_socket(&self) -> Utf8PathBuf {
        self.run().join("notify")
    }

    /// The file by which PM2's clients know that they have been here before.
    pub fn touched(&self) -> Utf8PathBuf {
        self.root.join("touch")
    }

    /// Log files of apps.
    pub fn logs(&self) -> Utf8PathBuf {
        self.root.join("logs")
    }

    /// Figures over the last day.
    pub fn history(&self) -> Utf8PathBuf {
        self.root.join("history")
    }

    /// Is there when no figures are to be kept, for a successor of this supervisor.
    pub fn no_history(&self) -> Utf8PathBuf {
        self.run().join("no-history")
    }

    /// Pid files of apps.
    pub fn pids(&self) -> Utf8PathBuf {
        self.root.join("pids")
    }

    /// What has happened, see [`rpm_chronicle::events`].
    pub fn events(&self) -> Utf8PathBuf {
        self.root.join(rpm_chronicle::events::FOLDER)
    }

    /// Reports of crashes, see [`rpm_chronicle::crashes`].
    pub fn crashes(&self) -> Utf8PathBuf {
        self.root.join(rpm_chronicle::crashes::FOLDER)
    }

    /// What matters only while the daemon runs.
    pub fn run(&self) -> Utf8PathBuf {
        self.root.join("run")
    }

    /// The daemon's own log.
    pub fn log(&self) -> Utf8PathBuf {
        self.root.join("rpm.log")
    }

    /// The supervisor's pid, as PM2's scripts read it.
    pub fn pid_file(&self) -> Utf8PathBuf {
        self.root.join("pm2.pid")
    }

    /// The saved list, in PM2's format.
    pub fn dump(&self) -> Utf8PathBuf {
        self.root.join("dump.pm2")
    }

    /// The file that Node workers load to drain their connections.
    pub fn drain_preload(&self) -> Utf8PathBuf {
        self.run().join("drain.cjs")
    }

    /// The file that Node apps load to tell figures of themselves.
    pub fn metrics_preload(&self) -> Utf8PathBuf {
        self.run().join("metrics.cjs")
    }

    /// The table as it is, for a successor of this supervisor.
    pub fn journal(&self) -> Utf8PathBuf {
        self.run().join(rpm_journal::NAME)
    }

    /// When logs are put aside, for a successor of this supervisor.
    pub fn rotation(&self) -> Utf8PathBuf {
        self.run().join("rotation.json")
    }

    /// What was acknowledged in lives that did not end well.
    pub fn unended(&self) -> Utf8PathBuf {
        self.run().join("unended.json")
    }
}

fn private_dir(path: &Utf8Path) -> Result<(), HomeError> {
    let failed = |source| HomeError::Io { path: path.to_owned(), source };
    rpm_sys::files::private_folder(path.as_std_path()).map_err(failed)
}
