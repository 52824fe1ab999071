//! The user's npm, which fetches modules.

use super::super::Cli;
use camino::{Utf8Path, Utf8PathBuf};
use rpm_proto::{Code, Fault};
use serde_json::Value;
use std::io;
use std::process::{Command, Stdio};

/// Lets npm install a package into a new folder beside the modules, and gives that folder and the
/// package's name.
pub(in super::super) fn fetch(cli: &mut Cli, wanted: &str) -> Result<(Utf8PathBuf, String), Fault> {
    let modules = cli.home.modules();
    let stage = modules.join(format!(".installing-{}", std::process::id()));
    let failed = |error: io::Error| {
        Fault::new(Code::Io, format!("making {stage} failed")).because(error.to_string())
    };
    std::fs::create_dir_all(&stage).map_err(failed)?;
    // With a package of its own, npm does not look for one further up.
    std::fs::write(stage.join("package.json"), "{\"private\":true}\n").map_err(failed)?;
    let result = run(&stage, wanted).and_then(|()| name(&stage, wanted));
    if result.is_err() {
        // What is left of it begins with a dot and is no module.
        drop(std::fs::remove_dir_all(&stage));
    }
    result.map(|name| (stage, name))
}

fn run(stage: &Utf8Path, wanted: &str) -> Result<(), Fault> {
    let wanted = absolute(wanted)?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--omit=dev", "--install-links"]);
    npm.args(["--loglevel=error", "--prefix", stage.as_str(), "--", &wanted]);
    let output = npm.current_dir(stage).stdin(Stdio::null()).output();
    let fault = || Fault::new(Code::Io, format!("`npm install {wanted}` failed"));
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(fault().because(format!("npm ended with {}", output.status)).excerpt(said))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(fault()
            .because("there is no `npm` in $PATH")
            .help("install Node with npm; modules are npm packages, and npm is what fetches them")),
        Err(error) => Err(fault().because(error.to_string())),
    }
}

/// A folder or an archive is named from where the user is, not from where npm runs.
fn absolute(wanted: &str) -> Result<String, Fault> {
    let path = wanted.strip_prefix("file:").unwrap_or(wanted);
    let is_path = path.starts_with(['.', '/', '~']) || wanted.starts_with("file:");
    if !is_path {
        return Ok(wanted.to_owned());
    }
    Ok(crate::context::find()?.cwd.join(path).into_string())
}

/// The one package that was asked for.
fn name(stage: &Utf8Path, wanted: &str) -> Result<String, Fault> {
    let text = std::fs::read(stage.join("package.json")).unwrap_or_default();
    let json: Value = serde_json::from_slice(&text).unwrap_or_default();
    let names = json["dependencies"].as_object().into_iter().flat_map(|all| all.keys());
    // It becomes the name of a folder.
    let mut plain =
        names.filter(|name| !name.split('/').any(|part| matches!(part, "" | "." | "..")));
    plain
        .next()
        .cloned()
        .ok_or_else(|| Fault::new(Code::Io, format!("npm installed nothing for `{wanted}`")))
}
