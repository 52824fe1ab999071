//! Flags of PM2 that are taken and not acted upon.

/// Flags of PM2 that are taken and not acted upon.
#[derive(Clone, Debug, Default, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Unheeded {
    /// Write a config file
    #[arg(short, long)]
    write: bool,
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
