//! Flags that describe the service that starts everything at boot.

use camino::Utf8PathBuf;

/// The service that starts everything at boot.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(id = "boot_flags")]
pub(crate) struct Boot {
    /// Whose apps they are; the calling user when left out
    #[arg(short, long, value_name = "USER")]
    pub(crate) user: Option<String>,
    /// That user's home folder; the daemon's is `.rpm` in it
    #[arg(long, value_name = "PATH")]
    pub(crate) hp: Option<Utf8PathBuf>,
    /// The name of the service
    #[arg(long, value_name = "NAME")]
    pub(crate) service_name: Option<String>,
    /// Wait until the machine has an address
    #[arg(long)]
    pub(crate) wait_ip: bool,
}
