//! Paths as users write them.

use crate::context::Context;
use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use std::os::unix::fs::PermissionsExt;

/// `path` made absolute: `~` is the home, what is relative is in `base`. `.` and `..` are taken
/// out by name, as Node's `path.resolve` does; links are not followed.
pub(crate) fn absolute(path: &str, base: &Utf8Path, context: &Context) -> Utf8PathBuf {
    let expanded = match path.strip_prefix('~') {
        Some("") => context.home.clone(),
        Some(rest) if rest.starts_with('/') => context.home.join(rest.trim_start_matches('/')),
        _ => Utf8PathBuf::from(path),
    };
    let mut whole = Utf8PathBuf::from("/");
    for component in base.join(expanded).components() {
        match component {
            Utf8Component::ParentDir => {
                whole.pop();
            }
            Utf8Component::Normal(name) => whole.push(name),
            Utf8Component::CurDir | Utf8Component::RootDir | Utf8Component::Prefix(_) => {}
        }
    }
    whole
}

/// The first program of this name in `$PATH`.
pub(crate) fn find_program(name: &str, context: &Context) -> Option<Utf8PathBuf> {
    let dirs = context.path.split(':').map(|dir| if dir.is_empty() { "." } else { dir });
    dirs.map(|dir| context.cwd.join(dir).join(name)).find(|path| is_executable(path))
}

/// Whether it is a file that may be executed by somebody.
pub(crate) fn is_executable(path: &Utf8Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// The name in the folder of `path` that is nearest to it.
pub(crate) fn nearest_sibling(path: &Utf8Path) -> Option<Utf8PathBuf> {
    let (folder, name) = (path.parent()?, path.file_name()?);
    let names: Vec<String> = folder
        .read_dir_utf8()
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.file_name().to_owned()))
        .collect();
    let stem = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let found = crate::nearest::nearest(name, names.iter().map(String::as_str)).or_else(|| {
        let same = |other: &&String| stem(other) == stem(name) && !stem(name).is_empty();
        names.iter().find(same).map(String::as_str)
    })?;
    Some(folder.join(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_absolute() {
        let context = Context {
            cwd: "/w".into(),
            home: "/home/me".into(),
            path: String::new(),
            user: "me".to_owned(),
            uid: 0,
            program: "/bin/rpm".into(),
            cpus: 1,
        };
        for (path, whole) in [
            ("app.js", "/base/dir/app.js"),
            ("./app.js", "/base/dir/app.js"),
            ("../app.js", "/base/app.js"),
            ("../../../../app.js", "/app.js"),
            ("/a//b/./c/../d", "/a/b/d"),
            ("~", "/home/me"),
            ("~/x", "/home/me/x"),
            ("~other/x", "/base/dir/~other/x"),
            (".", "/base/dir"),
        ] {
            assert_eq!(absolute(path, Utf8Path::new("/base/dir"), &context), whole, "{path}");
        }
    }
}
