//! Flags that mean the same to every verb.

/// How the command talks.
#[derive(Clone, Debug, Default, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Common {
    /// Say nothing; the exit status tells
    #[arg(short, long)]
    pub(crate) silent: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// No colours, on a terminal either
    #[arg(long)]
    pub(crate) no_color: bool,
    /// Print the version
    #[arg(short = 'V', short_alias = 'v', long)]
    pub(crate) version: bool,
}

/// How tables look.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Tables {
    /// Short tables
    #[arg(short, long)]
    pub(crate) mini_list: bool,
    /// Sort tables by name, namespace, id, pid, cpu, memory, uptime or status
    #[arg(long, value_name = "FIELD[:desc]")]
    pub(crate) sort: Option<String>,
}
