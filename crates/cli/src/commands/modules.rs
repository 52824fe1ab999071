//! Modules: packages from npm that run as apps beside the others, each in a folder of its own below
//! the home's `modules`.

mod npm;
mod package;

pub(super) use npm::fetch;
pub(super) use package::Package;

use super::{Cli, exchange};
use crate::context;
use crate::outcome::Outcome;
use crate::settings::{Settings, rotate};
use camino::{Utf8Path, Utf8PathBuf};
use rpm_core::Existing;
use rpm_proto::{Client, Request};

/// The names of the modules that are installed in a folder.
pub(super) fn installed(folder: &Utf8Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in folder.read_dir_utf8().into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name.starts_with('@') {
            let inner = entry.path().read_dir_utf8().into_iter().flatten().flatten();
            names.extend(inner.map(|inner| format!("{name}/{}", inner.file_name())));
        } else if !name.starts_with('.') {
            names.push(name.to_owned());
        }
    }
    // PM2 installed it into a home that both use; it would move files that are moved already.
    names.retain(|name| !rotate::is_built_in(name));
    names.retain(|name| package_folder(folder, name).join("package.json").is_file());
    names.sort();
    names
}

/// Where npm puts a package.
pub(super) fn package_folder(modules: &Utf8Path, name: &str) -> Utf8PathBuf {
    modules.join(name).join("node_modules").join(name)
}

/// Starts the modules that do not run, with a daemon that is new. One that cannot be is told, and
/// hinders nothing.
pub(super) fn start_installed(cli: &mut Cli, client: &mut Client) -> Outcome {
    let names = installed(&cli.home.modules());
    if names.is_empty() {
        return Ok(());
    }
    let known = exchange::views(client)?;
    for name in names {
        let is_part = |of: &str| of.strip_prefix(&name).is_some_and(|rest| rest.starts_with(':'));
        if known.iter().any(|view| view.name == name || is_part(&view.name)) {
            continue;
        }
        let folder = package_folder(&cli.home.modules(), &name);
        let started = Package::read(&folder)
            .map_err(Into::into)
            .and_then(|package| start(cli, client, &package, false));
        if started.is_err() {
            cli.screen.warn(format!("the module `{name}` could not be started"))?;
        }
    }
    Ok(())
}

/// Makes a module's apps run, with its settings; `watch` restarts them when their files change.
pub(super) fn start(cli: &mut Cli, client: &mut Client, package: &Package, watch: bool) -> Outcome {
    Settings::change(&cli.home, |settings| Ok(settings.fill(package.settings())))?;
    let base_env = context::shell_env();
    let mut apps = package.apps(&base_env, watch)?;
    Settings::read(&cli.home)?.lend(&mut apps);
    let existing = Existing::Restart;
    cli.change(
        client,
        &Request::Apply { base_env, apps, existing, parallel: None, update_env: false },
    )
}
