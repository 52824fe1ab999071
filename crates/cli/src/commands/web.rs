//! `rpm web`: the web page, the HTTP API and the metrics, as an app of the daemon.

use super::{Cli, Run, Table, exchange};
use crate::context;
use crate::files;
use crate::outcome::{Outcome, Stop};
use crate::verbs::Group;
use rpm_core::spec::{BUILT_IN, Env, MODULE, ReadyPolicy};
use rpm_core::{AppSpec, Existing};
use rpm_proto::{Client, Code, Fault, Request};
use rpm_web::{APP, Options, PORT, token};
use serde_json::json;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};

/// The variables of the shell that the server is given; what else is there is not its business.
const KEPT: &[&str] = &["HOME", "PATH", "LANG", "TZ"];

/// The arguments of `rpm web`.
#[derive(Debug, clap::Args)]
pub(crate) struct Web {
    /// The port; `PM2_WEB_PORT`, `PM2_API_PORT` or 9615 when left out
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// The address to listen at; beyond `localhost` all needs the token
    #[arg(long, value_name = "ADDRESS")]
    host: Option<String>,
    /// A name by which the server may be called, such as that of a proxy before it
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
    /// Ask for the token for reading too
    #[arg(long)]
    private: bool,
    /// Make a token for actions and print it; the one before is no longer taken
    #[arg(long)]
    token: bool,
    /// Push metrics to a collector (OTLP over HTTP), such as `http://localhost:4318`
    #[arg(long, value_name = "URL")]
    otlp: Option<String>,
}

impl Run for Web {
    const NAME: &'static str = "web";
    const ABOUT: &'static str = "Serve the web page, the HTTP API and the metrics, as an app";
    const GROUP: Group = Group::Look;

    fn run(self, cli: &mut Cli) -> Outcome {
        let address = self.address()?;
        if let Some(url) = &self.otlp {
            Options::check_otlp(url)
                .map_err(|error| Fault::new(Code::Usage, error.to_string()).help(OTLP_HELP))?;
        }
        let mut client = cli.started()?;
        if !is_up(&mut client)? {
            check_free(address)?;
        }
        let made = if self.token { Some(make_token(cli)?) } else { None };
        let base_env = shell_env();
        let request = Request::Apply {
            base_env,
            apps: vec![self.app(cli, address)?],
            existing: Existing::Restart,
            parallel: None,
            update_env: true,
        };
        let outcome = cli.change(&mut client, &request);
        let url = url(address);
        if cli.screen.wish.json && outcome.is_ok() {
            return Ok(cli.screen.json(&json!({ "url": url, "token": made }))?);
        }
        cli.conclude(Some(&mut client), outcome, Table::Hidden)?;
        cli.screen.say(format!("the page is at {url}"))?;
        match made {
            Some(token) => {
                cli.screen.note("this token is not shown again:")?;
                cli.screen.answer(token + "\n")?;
            }
            None if !token::file(cli.home.path()).exists() => {
                cli.screen.say("it only shows; `rpm web --token` makes a token for actions")?;
            }
            None => {}
        }
        Ok(())
    }
}

const OTLP_HELP: &str = "a collector on this machine can pass metrics on, also encrypted";

impl Web {
    fn address(&self) -> Result<SocketAddr, Fault> {
        let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let told = ["PM2_WEB_PORT", "PM2_API_PORT"].into_iter().find_map(|it| Some((it, var(it)?)));
        let port = match (self.port, told) {
            (Some(port), _) => port,
            (None, Some((name, text))) => {
                text.parse().ok().filter(|port| *port != 0).ok_or_else(|| {
                    Fault::new(Code::Usage, format!("`{name}` is `{text}`, which is no port"))
                        .help("a port is a number from 1 to 65535")
                })?
            }
            (None, None) => PORT,
        };
        let host = self.host.clone().or_else(|| var("PM2_API_IPADDR"));
        let host = match host {
            None => IpAddr::from([127, 0, 0, 1]),
            Some(text) => Options::address(&text).ok_or_else(|| {
                Fault::new(Code::Usage, format!("`{text}` is no address to listen at"))
                    .help("`127.0.0.1` is this machine alone, `0.0.0.0` and `::` are all networks")
            })?,
        };
        Ok(SocketAddr::new(host, port))
    }

    /// The app. It is kept from `all`, as a module is: whoever restarts all apps wants to watch.
    fn app(&self, cli: &Cli, address: SocketAddr) -> Result<AppSpec, Stop> {
        let context = context::find()?;
        Ok(AppSpec {
            name: APP.to_owned(),
            script: context.program,
            args: vec![rpm_web::ROLE.to_owned()],
            cwd: cli.home.path().to_owned(),
            env: self.variables(cli, address),
            // It says so by `sd_notify(3)`.
            ready: ReadyPolicy { wait: true, ..ReadyPolicy::default() },
            username: context.user,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            extra: [MODULE, BUILT_IN].map(|key| (key.to_owned(), "true".to_owned())).into(),
            ..AppSpec::default()
        })
    }

    fn variables(&self, cli: &Cli, address: SocketAddr) -> Env {
        let mut env = Env::new();
        env.insert("RPM_HOME".to_owned(), cli.home.path().to_string());
        let mut told =
            vec![("HOST", address.ip().to_string()), ("PORT", address.port().to_string())];
        if !self.allow_host.is_empty() {
            told.push(("ALLOW_HOSTS", self.allow_host.join(",")));
        }
        told.extend(self.private.then(|| ("PRIVATE", "true".to_owned())));
        told.extend(self.otlp.clone().map(|url| ("OTLP", url)));
        env.extend(told.into_iter().map(|(name, value)| (format!("RPM_WEB_{name}"), value)));
        env
    }
}

fn shell_env() -> Env {
    let mut env = context::shell_env();
    env.retain(|name, _| KEPT.contains(&name.as_str()));
    env
}

/// Whether the server runs; then it lets go of its port by itself.
fn is_up(client: &mut Client) -> Result<bool, Stop> {
    Ok(exchange::views(client)?.iter().any(|view| view.name == APP && view.pid != 0))
}

/// Says at once, and not in a log, that the port is somebody else's.
fn check_free(address: SocketAddr) -> Result<(), Fault> {
    match TcpListener::bind(address) {
        Ok(_) => Ok(()),
        Err(error) => {
            let help = match error.kind() {
                io::ErrorKind::AddrInUse => "`rpm web PORT` takes another port",
                io::ErrorKind::PermissionDenied => "ports below 1024 are root's",
                _ => "`--host` is an address of this machine",
            };
            Err(Fault::new(Code::Usage, format!("{address} cannot be listened at"))
                .because(error.to_string())
                .help(help))
        }
    }
}

/// Makes a token, and keeps only what tells it from others.
fn make_token(cli: &Cli) -> Result<String, Fault> {
    let token = token::make().map_err(|error| {
        Fault::new(Code::Io, "the system gives no random bytes").because(error.to_string())
    })?;
    let line = format!("{}\n", token::Hash::of(&token).as_str());
    files::replace(&token::file(cli.home.path()), line.as_bytes(), 0o600)?;
    Ok(token)
}

/// Where a browser on this machine finds the page.
fn url(address: SocketAddr) -> String {
    if address.ip() == IpAddr::from([127, 0, 0, 1]) || address.ip().is_unspecified() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}
