//! `save` and `resurrect`: the list in PM2's own format.

use crate::home::Home;
use crate::store::Store;
use camino::{Utf8Path, Utf8PathBuf};
use rpm_core::{AppSpec, InstanceView};
use rpm_pm2::dump::{from_dump, to_dump};
use rpm_proto::{Code, Detail, Fault, Reply};
use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::PermissionsExt;

/// Writes the dump; the one before is kept beside it.
pub(crate) async fn save(home: &Home, store: &Store, details: &[Detail]) -> Reply {
    let path = home.dump();
    let backup = home.root().join("dump.pm2.bak");
    match std::fs::read(&path) {
        Ok(before) => {
            if let Err(error) = store.replace(backup.clone(), before).await {
                return failed("keeping the last dump", backup.as_str(), &error);
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return failed("reading the last dump", path.as_str(), &error),
    }
    match store.replace(path.clone(), to_dump(details)).await {
        Ok(()) => Reply::Saved { path: path.into_string(), processes: details.len() },
        Err(error) => failed("writing the dump", path.as_str(), &error),
    }
}

fn failed(doing: &str, path: &str, error: &io::Error) -> Reply {
    let fault = Fault::new(Code::Io, format!("{doing} failed")).because(format!("{path}: {error}"));
    Reply::Failed { fault, affected: Vec::new() }
}

/// Reads the dump, or the one before it when it cannot be read.
pub(crate) fn load(home: &Home) -> Result<Vec<AppSpec>, Fault> {
    let mut fault = Fault::new(Code::NoDump, "there is nothing to resurrect")
        .help("`rpm save` writes the list that `rpm resurrect` restores");
    for name in ["dump.pm2", "dump.pm2.bak"] {
        let path = home.root().join(name);
        match std::fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => fault = unread(&path, &error.to_string()),
            Ok(bytes) => match from_dump(&bytes) {
                Ok(mut records) => {
                    for (app, _) in &mut records {
                        find_interpreter(app);
                    }
                    return Ok(apps(records.iter().map(|(app, stopped)| (app, !stopped))));
                }
                Err(error) => fault = unread(&path, &error.to_string()),
            },
        }
    }
    Err(fault)
}

/// A list that is there and cannot be read is another matter than none.
fn unread(path: &Utf8Path, why: &str) -> Fault {
    Fault::new(Code::Io, format!("the saved list {path} cannot be read"))
        .because(why)
        .help("`rpm save` writes it anew, from what runs")
}

/// Reads another dump.
pub(crate) fn load_file(path: &Utf8Path) -> Result<Vec<AppSpec>, Fault> {
    let fault = || Fault::new(Code::NoDump, format!("the dump {path} cannot be read"));
    let bytes = std::fs::read(path).map_err(|error| fault().because(error.to_string()))?;
    let mut records = from_dump(&bytes).map_err(|error| fault().because(error.to_string()))?;
    for (app, _) in &mut records {
        find_interpreter(app);
    }
    Ok(apps(records.iter().map(|(app, stopped)| (app, !stopped))))
}

/// One spec an app from one spec an instance, and whether that is to run.
pub(crate) fn apps<'a>(records: impl Iterator<Item = (&'a AppSpec, bool)>) -> Vec<AppSpec> {
    let mut apps: Vec<AppSpec> = Vec::new();
    for (record, up) in records {
        // Whether it is started is for the list to say, whatever its config said at first.
        let record = AppSpec { instances: 1, autostart: up, ..record.clone() };
        let same = |app: &&mut AppSpec| AppSpec { instances: 1, ..(**app).clone() } == record;
        match apps.iter_mut().find(same) {
            Some(app) => app.instances += 1,
            None => apps.push(record),
        }
    }
    apps
}

/// PM2 saves the interpreter by its name: `node` is the one in the app's own `PATH`, else in ours.
fn find_interpreter(app: &mut AppSpec) {
    let Some(name) = app.interpreter.as_ref().filter(|name| !name.as_str().contains('/')) else {
        return;
    };
    let ours = std::env::var("PATH").unwrap_or_default();
    let paths = [app.env.get("PATH"), app.base_env.get("PATH"), Some(&ours)];
    let mut folders = paths.into_iter().flatten().flat_map(|path| path.split(':'));
    let found = folders.find_map(|folder| Some(Utf8Path::new(folder).join(name)).filter(can_run));
    if found.is_some() {
        // It is shown as it was written.
        let written = serde_json::Value::from(name.as_str()).to_string();
        app.extra.insert("exec_interpreter".to_owned(), written);
        app.interpreter = found;
    }
}

fn can_run(path: &Utf8PathBuf) -> bool {
    std::fs::metadata(path).is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

/// The instances that the table lacks, by name: what runs is not touched, as in PM2.
pub(crate) fn missing<'a>(
    mut apps: Vec<AppSpec>,
    running: impl Iterator<Item = InstanceView<'a>>,
) -> Vec<AppSpec> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for instance in running {
        *counts.entry(&instance.spec.name).or_default() += 1;
    }
    for app in &mut apps {
        if let Some(running) = counts.get_mut(app.name.as_str()) {
            let there = app.instances.min(*running);
            app.instances -= there;
            *running -= there;
        }
    }
    apps.retain(|app| app.instances > 0);
    apps
}
