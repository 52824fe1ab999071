//! What the tree tells of real files.

use super::*;
use crate::watching::Plan;
use rpm_core::spec::WatchOptions;
use std::fs;
use std::os::unix::fs::symlink;

struct Field {
    dir: tempfile::TempDir,
    tree: Tree,
    sight: Sight,
}

impl Field {
    fn new(paths: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("src/deep")).unwrap();
        fs::create_dir_all(dir.path().join("node_modules/x")).unwrap();
        let paths = paths.iter().map(|&path| path.to_owned()).collect();
        let options = WatchOptions { on: true, paths, ..WatchOptions::default() };
        let cwd = dir.path().to_owned();
        let own = vec![cwd.join("out.log")];
        let sight = Sight::of(Plan { app: "api".to_owned(), cwd, options, own });
        let mut tree = Tree::new().unwrap();
        tree.plant(&sight).unwrap();
        let mut field = Self { dir, tree, sight };
        field.told();
        field
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str) {
        fs::write(self.path(name), "x").unwrap();
    }

    /// What is told, each path once.
    fn told(&mut self) -> Vec<String> {
        let (sight, mut told) = (&self.sight, Vec::new());
        let cwd = self.dir.path();
        let changes = self.tree.changes(
            |_| Some(sight),
            &mut |_, path| {
                let path = path.strip_prefix(cwd).unwrap().display().to_string();
                if !told.contains(&path) {
                    told.push(path);
                }
            },
            &mut |_, error| panic!("{error}"),
        );
        changes.unwrap();
        told
    }
}

#[test]
fn changes_new_folders_and_moves_are_told_of() {
    let mut field = Field::new(&[]);
    field.write("a.js");
    field.write("src/deep/b.js");
    field.write("node_modules/x/c.js");
    field.write(".env");
    field.write("out.log");
    assert_eq!(field.told(), ["a.js", "src/deep/b.js"]);
    fs::create_dir_all(field.path("new/below")).unwrap();
    assert_eq!(field.told(), ["new"]);
    field.write("new/below/d.js");
    assert_eq!(field.told(), ["new/below/d.js"]);
    fs::rename(field.path("new"), field.path("moved")).unwrap();
    assert_eq!(field.told(), ["new", "moved"]);
    field.write("moved/below/d.js");
    assert_eq!(field.told(), ["moved/below/d.js"]);
    fs::remove_dir_all(field.path("moved")).unwrap();
    assert!(field.told().contains(&"moved".to_owned()));
    assert_eq!(field.tree.size(&field.sight.plan.key()), 3);
}

#[test]
fn an_editor_that_replaces_the_file_is_seen_each_time() {
    let mut field = Field::new(&["app.js"]);
    for _ in 0..3 {
        field.write("app.js.tmp");
        assert!(field.told().is_empty());
        fs::rename(field.path("app.js.tmp"), field.path("app.js")).unwrap();
        assert_eq!(field.told(), ["app.js"]);
    }
}

#[test]
fn a_watched_folder_that_comes_later_is_watched() {
    let mut field = Field::new(&["dist"]);
    for _ in 0..2 {
        fs::create_dir(field.path("dist")).unwrap();
        assert_eq!(field.told(), ["dist"]);
        field.write("dist/a.js");
        assert_eq!(field.told(), ["dist/a.js"]);
        fs::remove_dir_all(field.path("dist")).unwrap();
        field.told();
    }
}

#[test]
fn links_are_followed_and_a_ring_of_them_is_no_trap() {
    let mut field = Field::new(&["src"]);
    fs::create_dir(field.path("shared")).unwrap();
    symlink(field.path("shared"), field.path("src/link")).unwrap();
    symlink(field.path("src"), field.path("src/deep/ring")).unwrap();
    field.told();
    field.write("shared/a.js");
    assert_eq!(field.told(), ["src/link/a.js"]);
    field.write("settings.json");
    symlink(field.path("settings.json"), field.path("src/settings.json")).unwrap();
    assert_eq!(field.told(), ["src/settings.json"]);
    field.write("settings.json");
    assert_eq!(field.told(), ["settings.json"]);
}

#[test]
fn nothing_is_left_of_what_is_not_watched_any_more() {
    let mut field = Field::new(&[]);
    let key = field.sight.plan.key();
    assert_eq!(field.tree.size(&key), 3);
    field.tree.uproot(&key);
    field.write("a.js");
    assert!(field.told().is_empty());
    assert!(field.tree.spots.is_empty() && field.tree.folders.is_empty());
}
