//! `rpm init`: writes a config file to begin with.

use super::{Cli, Run};
use crate::outcome::Outcome;
use crate::verbs::Group;
use camino::{Utf8Path, Utf8PathBuf};
use rpm_proto::{Code, Fault};
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::{self, Write};

const FULL: &str = include_str!("init/full.js");
const SIMPLE: &str = include_str!("init/simple.js");

/// The arguments of `rpm init`.
#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// `simple` for one app and nothing else
    kind: Option<String>,
}

impl Run for Init {
    const NAME: &'static str = "init";
    const ALIASES: &'static [&'static str] = &["ecosystem"];
    const ABOUT: &'static str = "Write an ecosystem file; `--force` overwrites one";
    const GROUP: Group = Group::Settings;

    fn run(self, cli: &mut Cli) -> Outcome {
        let text = if self.kind.as_deref() == Some("simple") { SIMPLE } else { FULL };
        let path = path(&crate::context::find()?.cwd);
        write(&path, text, cli.flags.control.force)?;
        if cli.screen.wish.json {
            return Ok(cli.screen.json(&json!({ "path": path }))?);
        }
        Ok(cli.screen.say(format!("File {path} generated"))?)
    }
}

/// The file's name: `.cjs` in a package whose `.js` files are modules, which export otherwise.
fn path(folder: &Utf8Path) -> Utf8PathBuf {
    let package = std::fs::read(folder.join("package.json")).ok();
    let package: Option<Value> = package.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let modules = package.is_some_and(|package| package["type"] == "module");
    folder.join(if modules { "ecosystem.config.cjs" } else { "ecosystem.config.js" })
}

/// Writes a new file; with `force` in the place of an old one.
pub(super) fn write(path: &Utf8Path, text: &str, force: bool) -> Result<(), Fault> {
    let mut options = OpenOptions::new();
    let options = options.write(true);
    let options =
        if force { options.create(true).truncate(true) } else { options.create_new(true) };
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Fault::new(Code::Usage, format!("{path} exists")).help("`--force` overwrites it")
        }
        _ => Fault::new(Code::Io, format!("writing {path} failed")).because(error.to_string()),
    })
}
