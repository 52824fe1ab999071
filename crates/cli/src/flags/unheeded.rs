//! Flags of PM2 that are taken and not acted upon.

/// Flags of PM2 that are taken and not acted upon.
#[derive(Clone, Debug, Default, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Unheeded {
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
