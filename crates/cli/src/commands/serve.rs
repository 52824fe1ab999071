//! `rpm serve`: an app that serves a folder of static files.

use super::{Cli, Run, Table};
use crate::context;
use crate::flags::Shows;
use crate::outcome::Outcome;
use crate::verbs::Group;
use rpm_core::Existing;
use rpm_core::spec::Env;
use rpm_proto::Request;

/// The arguments of `rpm serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// The folder; `PM2_SERVE_PATH` or this one when left out
    path: Option<String>,
    /// The port; `PM2_SERVE_PORT` or 8080 when left out
    #[arg(value_parser = clap::value_parser!(u16))]
    at: Option<u16>,
    /// The port
    #[arg(long)]
    port: Option<u16>,
    /// Answer paths that name no file with the home page
    #[arg(long)]
    spa: bool,
    /// Answer folders without a page with a list
    #[arg(long)]
    ftp: bool,
    /// Ask for this name; `PM2_SERVE_BASIC_AUTH_USERNAME` keeps it out of `ps`
    #[arg(long, value_name = "NAME")]
    basic_auth_username: Option<String>,
    /// Ask for this password; `PM2_SERVE_BASIC_AUTH_PASSWORD` keeps it out of `ps`
    #[arg(long, value_name = "PASSWORD")]
    basic_auth_password: Option<String>,
    /// Of PM2's dashboard; without effect
    #[arg(long, hide = true, num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "a flag whose value may be left out")]
    monitor: Option<Option<String>>,
}

impl Run for Serve {
    const NAME: &'static str = "serve";
    const ALIASES: &'static [&'static str] = &["expose"];
    const ABOUT: &'static str = "Serve a folder of static files, as an app";
    const GROUP: Group = Group::Apps;
    const SHOWS: Shows = Shows::ALL;

    fn run(self, cli: &mut Cli) -> Outcome {
        let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let context = context::find()?;
        let path = self.path.clone().or_else(|| var("PM2_SERVE_PATH"));
        let folder = context.cwd.join(path.unwrap_or_else(|| ".".to_owned()));
        let port = self.port.or(self.at).map(|port| port.to_string());
        let port = port.or_else(|| var("PM2_SERVE_PORT")).unwrap_or_else(|| "8080".to_owned());
        let mut flags = cli.flags.app.clone().into_flags(Vec::new());
        flags.name.get_or_insert_with(|| format!("static-page-server-{port}"));
        flags.cwd = Some(folder.to_string());
        let base_env = context::shell_env();
        let mut app = rpm_config::from_flags("serve", &flags, &context, &base_env)?;
        let folder = app.cwd.to_string();
        app.env.extend(self.variables(folder, port));
        let existing = if cli.flags.control.force { Existing::Duplicate } else { Existing::Refuse };
        let request = Request::Apply {
            base_env,
            apps: vec![app],
            existing,
            parallel: None,
            update_env: true,
        };
        let mut client = cli.running()?;
        let outcome = cli.apply(&mut client, &request);
        cli.conclude(client.as_mut(), outcome, Table::Shown)
    }
}

impl Serve {
    /// What the server is told.
    fn variables(&self, folder: String, port: String) -> Env {
        let mut told = vec![("PATH", folder), ("PORT", port)];
        let on = || "true".to_owned();
        told.extend(self.spa.then(|| ("SPA", on())));
        told.extend(self.ftp.then(|| ("FTP", on())));
        let account = [
            ("BASIC_AUTH_USERNAME", &self.basic_auth_username),
            ("BASIC_AUTH_PASSWORD", &self.basic_auth_password),
        ];
        for (name, value) in account {
            if let Some(value) = value {
                told.push((name, value.clone()));
                told.push(("BASIC_AUTH", on()));
            }
        }
        told.into_iter().map(|(name, value)| (format!("PM2_SERVE_{name}"), value)).collect()
    }
}
