//! Which file a name in `require` or `import` means, as Node looks for it.

use camino::{Utf8Path, Utf8PathBuf};

/// What there is of Node's own modules.
const BUILTINS: [&str; 6] = ["fs", "module", "os", "path", "process", "url"];
/// What may be left out at the end of a name.
const ENDS: [&str; 7] = ["", ".js", ".cjs", ".mjs", ".json", "/index.js", "/index.cjs"];

/// What `name` means in the file `base`: an absolute path, or `node:` and a name. `None` when there
/// is nothing.
pub(super) fn resolve(base: &str, name: &str) -> Option<String> {
    let builtin = name.strip_prefix("node:").unwrap_or(name);
    if BUILTINS.contains(&builtin) {
        return Some(format!("node:{builtin}"));
    }
    let folder = Utf8Path::new(base).parent().unwrap_or(Utf8Path::new("/"));
    let is_path = ["/", "./", "../"].iter().any(|start| name.starts_with(start));
    if is_path || name == "." || name == ".." {
        return find(&folder.join(name));
    }
    folder.ancestors().find_map(|above| find(&above.join("node_modules").join(name)))
}

fn find(path: &Utf8Path) -> Option<String> {
    let main = main_of(path).into_iter().map(|main| path.join(main));
    let candidates = main
        .chain([path.to_owned()])
        .flat_map(|start| ENDS.iter().map(move |end| Utf8PathBuf::from(format!("{start}{end}"))));
    let found = candidates.into_iter().find(|candidate| candidate.is_file())?;
    Some(found.canonicalize_utf8().ok()?.into_string())
}

/// What the package in a folder names as its entry.
fn main_of(folder: &Utf8Path) -> Option<String> {
    let text = std::fs::read_to_string(folder.join("package.json")).ok()?;
    let package: serde_json::Value = serde_json::from_str(&text).ok()?;
    Some(package.get("main")?.as_str()?.to_owned())
}
