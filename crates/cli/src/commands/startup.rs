//! `rpm startup`: lets the system start the saved list at boot.

use super::{Cli, Run};
use crate::boot::{self, Plan, Platform, Service};
use crate::context;
use crate::files;
use crate::flags::Shows;
use crate::outcome::{Outcome, Stop};
use crate::verbs::Group;
use camino::{Utf8Path, Utf8PathBuf};
use rpm_proto::{Code, Fault};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The arguments of `rpm startup`.
#[derive(Debug, clap::Args)]
pub(crate) struct Startup {
    /// systemd, upstart, systemv, openrc, launchd, rcd, rcd-openbsd or smf, or the name of a system
    /// that uses it; found out when left out
    platform: Option<String>,
    /// Write below this folder, and run nothing: for the image of another machine
    #[arg(long, value_name = "DIR")]
    root: Option<Utf8PathBuf>,
}

impl Run for Startup {
    const NAME: &'static str = "startup";
    const ABOUT: &'static str = "Start the saved list when the machine starts";
    const GROUP: Group = Group::Daemon;
    const SHOWS: Shows = Shows::BOOT;

    fn run(self, cli: &mut Cli) -> Outcome {
        let platform = platform(self.platform.as_deref())?;
        let service = service(cli, platform)?;
        if self.root.is_none() && rpm_sys::process::effective_uid() != 0 {
            return ask_root(cli, Self::NAME, platform, &service);
        }
        let plan = boot::plan(platform, &service);
        let file = below(self.root.as_deref(), &plan.file);
        install(&file, &plan)?;
        cli.screen.say(format!("Wrote {file} for {}", platform.name()))?;
        if self.root.is_none() {
            for words in &plan.enable {
                cli.screen.say(format!("Running `{}`", words.join(" ")))?;
                run(words).map_err(|error| {
                    error.help(format!("the service is in {file}; mend the cause and run it again"))
                })?;
            }
        }
        conclude(cli, platform, &service, &file)
    }
}

fn conclude(cli: &mut Cli, platform: Platform, service: &Service, file: &Utf8Path) -> Outcome {
    if cli.screen.wish.json {
        let platform = platform.name();
        let value = json!({ "platform": platform, "service": service.name, "file": file });
        return Ok(cli.screen.json(&value)?);
    }
    cli.screen.say(format!("{} starts what `rpm save` has saved", service.name))?;
    if platform == Platform::Systemd {
        cli.screen.say(format!(
            "A daemon that runs now is not part of it: `rpm save`, `rpm kill`, then `systemctl start {}`",
            service.name
        ))?;
    }
    Ok(cli.screen.say(format!("`rpm unstartup {}` takes it back", platform.name()))?)
}

/// The platform that was named, or the one that is here.
pub(super) fn platform(name: Option<&str>) -> Result<Platform, Fault> {
    let names = || format!("one of {}", Platform::names().join(", "));
    match name {
        Some(name) => Platform::named(name).ok_or_else(|| {
            Fault::new(Code::Usage, format!("`{name}` is no platform that is known"))
                .help(format!("name {}", names()))
        }),
        None => Platform::detect(|program| find_program(program).is_some()).ok_or_else(|| {
            Fault::new(Code::Usage, "what starts services on this system is not known")
                .help(format!("name it: {}", names()))
        }),
    }
}

/// The service that the flags describe.
pub(super) fn service(cli: &Cli, platform: Platform) -> Result<Service, Fault> {
    let flags = &cli.flags.boot;
    let context = context::find()?;
    let user = flags.user.clone().unwrap_or(context.user);
    let name = flags.service_name.clone().unwrap_or_else(|| platform.service_name(&user));
    let is_plain = |name: &str| {
        let fits = |letter: char| letter.is_alphanumeric() || "-_.@:".contains(letter);
        !name.is_empty() && !name.starts_with(['-', '.']) && name.chars().all(fits)
    };
    for (flag, value) in [("--user", &user), ("--service-name", &name)] {
        if !is_plain(value) {
            return Err(Fault::new(
                Code::Usage,
                format!("`{value}` cannot be the value of `{flag}`"),
            )
            .help("letters, digits and the signs - _ . @ : may be in it"));
        }
    }
    Ok(Service {
        name,
        home: home(cli, &user)?.to_string(),
        user,
        program: program()?,
        path: search_path(&context.path),
        wait_ip: flags.wait_ip,
    })
}

/// The daemon's home: in the folder that was named, else the one of this command where it is this
/// user's own, else in that user's home folder.
fn home(cli: &Cli, user: &str) -> Result<Utf8PathBuf, Fault> {
    if let Some(folder) = &cli.flags.boot.hp {
        return Ok(folder.join(".rpm"));
    }
    let own = context::find()?.user == user;
    if own || std::env::var_os("RPM_HOME").is_some() || std::env::var_os("PM2_HOME").is_some() {
        return Ok(cli.home.path().to_owned());
    }
    let found = rpm_sys::users::folder(user)
        .map_err(|error| unknown(user).because(error.to_string()))?
        .ok_or_else(|| unknown(user))?;
    Ok(Utf8PathBuf::from(found).join(".rpm"))
}

fn unknown(user: &str) -> Fault {
    Fault::new(Code::Usage, format!("the home folder of the user `{user}` is not known"))
        .help("name it with `--hp`")
}

fn program() -> Result<String, Fault> {
    let path = std::env::current_exe().and_then(fs::canonicalize).map_err(|error| {
        Fault::new(Code::Io, "this program's own path is not known").because(error.to_string())
    })?;
    path.into_os_string()
        .into_string()
        .map_err(|path| Fault::new(Code::Io, format!("the path {} is not text", path.display())))
}

/// The folders of the user's `PATH`, then the usual ones: a version manager's Node is found at boot
/// as it is now.
fn search_path(path: &str) -> String {
    const USUAL: [&str; 6] =
        ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
    let mut folders: Vec<&str> = Vec::new();
    for folder in path.split(':').filter(|folder| folder.starts_with('/')).chain(USUAL) {
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders.join(":")
}

/// Says what to run, as it takes root.
pub(super) fn ask_root(
    cli: &mut Cli,
    verb: &str,
    platform: Platform,
    service: &Service,
) -> Outcome {
    let Service { user, program, home, .. } = service;
    let folder = Utf8Path::new(home).parent().map_or("/", Utf8Path::as_str);
    let name = match &cli.flags.boot.service_name {
        Some(name) => format!(" --service-name {name}"),
        None => String::new(),
    };
    let platform = platform.name();
    cli.screen.say("To set this up, copy and run this command:")?;
    cli.screen.data(format!(
        "sudo env PATH=$PATH {program} {verb} {platform} -u {user} --hp {folder}{name}\n"
    ))?;
    Err(Stop::Said(1))
}

/// A path of the machine below the root of an image.
pub(super) fn below(root: Option<&Utf8Path>, path: &Utf8Path) -> Utf8PathBuf {
    match root {
        Some(root) => root.join(path.strip_prefix("/").unwrap_or(path)),
        None => path.to_owned(),
    }
}

/// Writes the file, in a folder that is made where there is none.
fn install(file: &Utf8Path, plan: &Plan) -> Result<(), Fault> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|error| {
            Fault::new(Code::Io, format!("making the folder {folder} failed"))
                .because(error.to_string())
        })?;
    }
    files::replace(file, plan.text.as_bytes(), plan.mode)
}

/// Runs a command of the system.
pub(super) fn run(words: &[String]) -> Result<(), Fault> {
    let (program, args) = words.split_first().map_or(("true", &[][..]), |(a, b)| (a.as_str(), b));
    let failed = || Fault::new(Code::Io, format!("`{}` failed", words.join(" ")));
    let output = Command::new(program)
        .args(args)
        .output()
        .map_err(|error| failed().because(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(failed().because(said.trim().lines().last().unwrap_or("it said nothing").to_owned()))
}

/// A program in `PATH`, or where administrators' programs are, which users' `PATH`s leave out.
fn find_program(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let folders = path.split(':').chain(["/usr/sbin", "/sbin"]);
    folders.map(|folder| Path::new(folder).join(name)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_path_keeps_the_users_order_and_has_the_usual_folders() {
        assert_eq!(
            search_path("/u/.nvm/bin:/usr/bin:relative::/u/.nvm/bin"),
            "/u/.nvm/bin:/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/bin"
        );
    }

    #[test]
    fn an_image_has_the_same_paths_below_its_root() {
        let file = Utf8Path::new("/etc/init.d/rpm-web");
        assert_eq!(below(Some(Utf8Path::new("/img")), file), "/img/etc/init.d/rpm-web");
        assert_eq!(below(None, file), file);
    }
}
