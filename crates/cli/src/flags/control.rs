//! Flags that say which apps are meant and how running ones are treated.

/// How running apps are treated.
#[derive(Clone, Debug, Default, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Control {
    /// Take `env_<NAME>` of the config file
    #[arg(long, value_name = "NAME")]
    pub(crate) env: Option<String>,
    /// Only these apps of the config file, with commas between them
    #[arg(long, value_name = "NAMES")]
    pub(crate) only: Vec<String>,
    /// Merge the shell's environment into that of running apps
    #[arg(short = 'a', long)]
    pub(crate) update_env: bool,
    /// Start a second app of that name; save an empty list
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Show what the apps print, once they run
    #[arg(long)]
    pub(crate) attach: bool,
    /// Stay in the foreground, and stop the apps at its end
    #[arg(long)]
    pub(crate) no_daemon: bool,
    /// How many instances of an app a reload replaces at a time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) parallel: Option<u32>,
    /// Write what the flags say to `NAME-pm2.json` as well, a config file to start from
    #[arg(short, long, hide = true)]
    pub(crate) write: bool,
}

impl Control {
    /// The names of `--only`, which commas or spaces separate.
    pub(crate) fn only(&self) -> Vec<String> {
        self.only
            .iter()
            .flat_map(|names| names.split([',', ' ']))
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    }
}
