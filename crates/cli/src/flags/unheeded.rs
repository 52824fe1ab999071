//! Flags of PM2 that are taken and not acted upon.

use rpm_proto::{Code, Fault};

/// Flags of PM2 that are taken and not acted upon.
#[derive(Clone, Debug, Default, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Unheeded {
    /// Write a config file
    #[arg(short, long)]
    write: bool,
    /// Stay in the foreground
    #[arg(long)]
    no_daemon: bool,
    /// Follow the logs afterwards
    #[arg(long)]
    attach: bool,
    #[arg(long)]
    no_vizion: bool,
    #[arg(long)]
    source_map_support: bool,
    #[arg(long)]
    disable_source_map_support: bool,
    #[arg(long)]
    trace: bool,
    #[arg(long)]
    disable_trace: bool,
    #[arg(long)]
    v8: bool,
    #[arg(long)]
    event_loop_inspector: bool,
    #[arg(long)]
    deep_monitoring: bool,
}

impl Unheeded {
    /// A fault where the command would do something else than what was asked for.
    pub(crate) fn refuse(&self) -> Result<(), Fault> {
        let asked = [("--no-daemon", self.no_daemon), ("--attach", self.attach)];
        match asked.iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((flag, _)) => {
                Err(Fault::new(Code::Usage, format!("`{flag}` is not in this version"))
                    .help("leave it out; `rpm logs` follows the logs"))
            }
        }
    }

    /// What the user should know.
    pub(crate) fn warnings(&self) -> Vec<&'static str> {
        let mut warnings = Vec::new();
        let mut say = |given: bool, warning| {
            if given {
                warnings.push(warning);
            }
        };
        say(self.write, "`--write`: this version writes no config file");
        warnings
    }
}
