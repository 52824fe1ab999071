//! What of the file system counts for one app.

use super::Plan;
use super::pattern::{Pattern, fixed_part};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// A plan made ready.
#[derive(Debug)]
pub(super) struct Sight {
    pub(super) plan: Plan,
    pub(super) roots: Vec<Root>,
    ignore: Option<Vec<Pattern>>,
}

/// One of the watched paths.
#[derive(Debug)]
pub(super) struct Root {
    /// A folder, a file, or nothing yet.
    pub(super) path: PathBuf,
    /// What of it counts, where a glob was written.
    only: Option<Pattern>,
}

/// What is met on a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// A folder, so many folders deep below the root.
    Folder(u32),
    /// Something else; a link is known by `link`.
    File {
        /// It is a symbolic link.
        link: bool,
    },
}

/// What a visitor makes of what is met. `Break` ends the walk.
pub(super) type Step = ControlFlow<(), Descend>;

/// Whether a folder is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Descend {
    /// It is.
    In,
    /// It is passed by.
    Past,
}

impl Sight {
    /// Reads the words of a plan.
    pub(super) fn of(plan: Plan) -> Self {
        let words = match plan.options.paths.as_slice() {
            [] => vec![".".to_owned()],
            words => words.to_vec(),
        };
        let root = |word: &String| {
            let (fixed, is_glob) = fixed_part(word);
            let path = plan.cwd.join(fixed.trim_start_matches("./"));
            // What `join` leaves of `.` and `src/` would not compare equal to what is met.
            let path = path.components().filter(|part| part.as_os_str() != ".").collect();
            Root { path, only: is_glob.then(|| Pattern::read(word)) }
        };
        let roots = words.iter().map(root).collect();
        let ignore = plan.options.ignore.as_ref();
        let ignore = ignore.map(|words| words.iter().map(|word| Pattern::read(word)).collect());
        Self { plan, roots, ignore }
    }

    /// Whether it does not count, nor anything below it.
    pub(super) fn ignores(&self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default();
        self.plan.own.iter().any(|own| path.starts_with(own))
            || match &self.ignore {
                None => name.as_encoded_bytes().starts_with(b".") || name == "node_modules",
                Some(words) => words.iter().any(|word| word.means(path, &self.plan.cwd)),
            }
    }

    /// Whether a change of this file counts.
    pub(super) fn counts(&self, root: usize, path: &Path) -> bool {
        let wanted = &self.plan.options.extensions;
        let extension = path.extension().unwrap_or_default();
        (wanted.is_empty() || wanted.iter().any(|wanted| extension == wanted.as_str()))
            && self.roots.get(root).is_some_and(|root| {
                root.only.as_ref().is_none_or(|only| only.means(path, &self.plan.cwd))
            })
    }

    /// Whether any change counts, that of a folder too.
    pub(super) fn counts_folders(&self, root: usize) -> bool {
        self.plan.options.extensions.is_empty()
            && self.roots.get(root).is_some_and(|root| root.only.is_none())
    }

    /// Whether it is a folder that is to be walked.
    pub(super) fn is_folder(&self, path: &Path) -> bool {
        if self.plan.options.follow_links {
            path.is_dir()
        } else {
            path.symlink_metadata().is_ok_and(|data| data.is_dir())
        }
    }

    /// Walks a folder that lies `depth` folders below its root, itself first. What cannot be read is
    /// passed by.
    pub(super) fn walk(
        &self,
        folder: &Path,
        depth: u32,
        visit: &mut dyn FnMut(&Path, Met) -> Step,
    ) -> ControlFlow<()> {
        let mut left = vec![(folder.to_owned(), depth)];
        while let Some((folder, depth)) = left.pop() {
            if visit(&folder, Met::Folder(depth))? == Descend::Past {
                continue;
            }
            let is_too_deep = self.plan.options.depth.is_some_and(|deepest| depth >= deepest);
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if self.ignores(&path) {
                    continue;
                }
                let kind = entry.file_type();
                let link = kind.as_ref().is_ok_and(fs::FileType::is_symlink);
                let is_folder = match kind {
                    Ok(kind) if !link => kind.is_dir(),
                    _ => self.is_folder(&path),
                };
                if !is_folder {
                    visit(&path, Met::File { link })?;
                } else if !is_too_deep {
                    left.push((path, depth + 1));
                }
            }
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpm_core::spec::WatchOptions;

    fn sight(cwd: &Path, options: WatchOptions) -> Sight {
        let own = vec![cwd.join("out.log")];
        Sight::of(Plan { app: "api".to_owned(), cwd: cwd.to_owned(), options, own })
    }

    fn met(sight: &Sight) -> Vec<String> {
        let mut met = Vec::new();
        for (at, root) in sight.roots.iter().enumerate() {
            let mut visit = |path: &Path, what: Met| {
                if matches!(what, Met::File { .. }) && sight.counts(at, path) {
                    met.push(path.strip_prefix(&sight.plan.cwd).unwrap().display().to_string());
                }
                Step::Continue(Descend::In)
            };
            assert!(sight.walk(&root.path, 0, &mut visit).is_continue());
        }
        met.sort();
        met
    }

    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in ["a.js", "out.log", ".env", "src/b.ts", "src/deep/c.js", "node_modules/x/d.js"]
        {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        std::os::unix::fs::symlink(dir.path().join("src"), dir.path().join("link")).unwrap();
        dir
    }

    #[test]
    fn what_counts_is_met_and_nothing_else() {
        let dir = folder();
        let of = |change: fn(&mut WatchOptions)| {
            let mut options = WatchOptions { follow_links: false, ..WatchOptions::default() };
            change(&mut options);
            met(&sight(dir.path(), options)).join(" ")
        };
        assert_eq!(of(|_| {}), "a.js link src/b.ts src/deep/c.js");
        assert_eq!(of(|it| it.paths = vec!["./src/".into()]), "src/b.ts src/deep/c.js");
        assert_eq!(of(|it| it.paths = vec!["src/*.ts".into()]), "src/b.ts");
        assert_eq!(of(|it| it.depth = Some(1)), "a.js link src/b.ts");
        assert_eq!(of(|it| it.extensions = vec!["js".into()]), "a.js src/deep/c.js");
        let ignored = of(|it| it.ignore = Some(vec!["src".into(), "node_modules".into()]));
        assert_eq!(ignored, ".env a.js link");
        assert_eq!(
            of(|it| it.follow_links = true),
            "a.js link/b.ts link/deep/c.js src/b.ts src/deep/c.js"
        );
    }
}
