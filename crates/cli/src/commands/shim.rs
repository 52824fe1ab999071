//! `rpm shim`: makes the name `pm2` for this binary.

use super::{Cli, Run};
use crate::outcome::Outcome;
use crate::verbs::Group;
use rpm_proto::{Code, Fault};
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// The arguments of `rpm shim`.
#[derive(Debug, clap::Args)]
pub(crate) struct Shim {
    /// The folder for the link; without it, the one that the binary is in
    #[arg(long)]
    dir: Option<PathBuf>,
}

impl Run for Shim {
    const NAME: &'static str = "shim";
    const ABOUT: &'static str = "Make a link called `pm2` to this program";
    const GROUP: Group = Group::Cli;

    fn run(self, cli: &mut Cli) -> Outcome {
        let exe = std::env::current_exe()
            .and_then(fs::canonicalize)
            .map_err(|error| failed("this program's own path is not known", &error))?;
        let beside = exe.parent().unwrap_or(Path::new("/")).to_owned();
        let link = self.dir.unwrap_or(beside).join("pm2");
        place(&exe, &link)?;
        Ok(cli.screen.say(format!("{} is {}", link.display(), exe.display()))?)
    }
}

/// Makes the link; one of ours is made anew, anything else is left alone.
fn place(exe: &Path, link: &Path) -> Result<(), Fault> {
    let shown = link.display();
    match fs::symlink_metadata(link) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(&format!("looking at {shown} failed"), &error)),
        Ok(_) if is_ours(exe, link) => {
            fs::remove_file(link)
                .map_err(|error| failed(&format!("replacing {shown} failed"), &error))?;
        }
        Ok(_) => {
            return Err(Fault::new(Code::Io, format!("{shown} is there and is not rpm's"))
                .help("remove it, or name another folder with `--dir`"));
        }
    }
    symlink(exe, link).map_err(|error| failed(&format!("making the link {shown} failed"), &error))
}

/// A link to this program, or to one of its name that is not there any more.
fn is_ours(exe: &Path, link: &Path) -> bool {
    let Ok(target) = fs::read_link(link) else {
        return false;
    };
    match fs::canonicalize(link) {
        Ok(target) => target == exe,
        Err(_) => target.file_name() == exe.file_name(),
    }
}

fn failed(what: &str, error: &io::Error) -> Fault {
    Fault::new(Code::Io, what)
        .because(error.to_string())
        .help("name a folder that you may write to with `--dir`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_of_ours_are_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (exe, link) = (dir.path().join("rpm"), dir.path().join("pm2"));
        fs::write(&exe, "").unwrap();
        place(&exe, &link).unwrap();
        place(&exe, &link).unwrap();
        assert_eq!(fs::read_link(&link).unwrap(), exe);

        fs::remove_file(&link).unwrap();
        symlink("/gone/rpm", &link).unwrap();
        place(&exe, &link).unwrap();
        assert_eq!(fs::read_link(&link).unwrap(), exe);

        fs::remove_file(&link).unwrap();
        fs::write(&link, "the real pm2").unwrap();
        assert!(place(&exe, &link).is_err());
        assert_eq!(fs::read_to_string(&link).unwrap(), "the real pm2");
    }
}
