//! Paths that others have prepared.

use super::*;
use rustix::fs::chownat;
use rustix::fs::{AtFlags, CWD, Gid, Uid};
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

const WRITE: OFlags = OFlags::WRONLY.union(OFlags::CREATE).union(OFlags::APPEND);
const MODE: Mode = Mode::from_raw_mode(0o640);
/// A user that is neither us nor root.
const OTHER: u32 = 54321;

fn folder() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap();
    (dir, path)
}

fn append(path: &Path) -> io::Result<()> {
    File::from(open(path, WRITE, MODE)?).write_all(b"ours\n")
}

fn give_to_other(path: &Path) {
    let (uid, gid) = (Uid::from_raw(OTHER), Gid::from_raw(OTHER));
    chownat(CWD, path, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW).unwrap();
}

fn refused(path: &Path) -> String {
    let error = append(path).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied, "{error}");
    error.to_string()
}

fn is_root() -> bool {
    crate::process::effective_uid() == 0
}

#[test]
fn files_are_made_and_appended_to() {
    let (_dir, folder) = folder();
    let path = folder.join("a.log");
    append(&path).unwrap();
    append(&path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"ours\nours\n");
    drop(open(&path, OFlags::WRONLY | OFlags::TRUNC, Mode::empty()).unwrap());
    assert_eq!(fs::read(&path).unwrap(), b"");
    assert_eq!(append(&folder.join("no/a.log")).unwrap_err().kind(), io::ErrorKind::NotFound);
    assert!(append(&folder).is_err());
    assert!(append(&path.join("below-a-file")).is_err());
}

#[test]
fn links_of_ours_are_followed() {
    let (_dir, folder) = folder();
    fs::create_dir(folder.join("disk")).unwrap();
    symlink("disk", folder.join("logs")).unwrap();
    symlink(folder.join("logs/b.log"), folder.join("disk/a.log")).unwrap();
    append(&folder.join("logs/a.log")).unwrap();
    assert_eq!(fs::read(folder.join("disk/b.log")).unwrap(), b"ours\n");
    symlink("loop", folder.join("loop")).unwrap();
    assert!(append(&folder.join("loop")).is_err());
    make_folders(&folder.join("logs/x/../y/z")).unwrap();
    assert!(folder.join("disk/y/z").is_dir());
}

#[test]
fn an_open_file_is_reached_by_its_number() {
    let (_dir, folder) = folder();
    let target = File::create(folder.join("out")).unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(&target);
    symlink(format!("/proc/self/fd/{number}"), folder.join("stdout")).unwrap();
    append(&folder.join("stdout")).unwrap();
    assert_eq!(fs::read(folder.join("out")).unwrap(), b"ours\n");
}

#[test]
fn links_of_others_are_not_followed() {
    if !is_root() {
        return;
    }
    let (_dir, folder) = folder();
    let victim = folder.join("victim");
    fs::write(&victim, "").unwrap();
    symlink(&victim, folder.join("a.log")).unwrap();
    give_to_other(&folder.join("a.log"));
    assert!(refused(&folder.join("a.log")).contains("belongs to user 54321"));
    symlink(&folder, folder.join("logs")).unwrap();
    give_to_other(&folder.join("logs"));
    assert!(refused(&folder.join("logs/b.log")).contains("belongs to user 54321"));
    assert!(make_folders(&folder.join("logs/c")).is_err());
    assert_eq!(fs::read(&victim).unwrap(), b"");
    assert!(!folder.join("b.log").exists() && !folder.join("c").exists());
}

#[test]
fn a_link_where_everybody_may_exchange_it_is_not_followed() {
    let (_dir, folder) = folder();
    let open = folder.join("open");
    fs::create_dir(&open).unwrap();
    symlink(folder.join("victim"), open.join("a.log")).unwrap();
    fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
    assert!(refused(&open.join("a.log")).contains("everybody"));
    fs::set_permissions(&open, Permissions::from_mode(0o1777)).unwrap();
    append(&open.join("a.log")).unwrap();
}

#[test]
fn second_names_of_files_of_others_are_refused() {
    let (_dir, folder) = folder();
    let (own, other) = (folder.join("own"), folder.join("other"));
    fs::write(&own, "").unwrap();
    fs::hard_link(&own, folder.join("second")).unwrap();
    append(&folder.join("second")).unwrap();
    if is_root() {
        fs::write(&other, "").unwrap();
        fs::hard_link(&other, folder.join("planted")).unwrap();
        give_to_other(&other);
        assert!(refused(&folder.join("planted")).contains("hard link"));
        // Whoever owns the folder could have linked a file of ours there.
        give_to_other(&folder);
        assert!(refused(&folder.join("second")).contains("hard link"));
    }
}

#[test]
fn folders_that_others_could_exchange_are_refused() {
    let (_dir, folder) = folder();
    let home = folder.join("home");
    fs::create_dir(&home).unwrap();
    check_folder(&home).unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
    assert!(check_folder(&home).unwrap_err().to_string().contains("everybody"));
    fs::set_permissions(&folder, Permissions::from_mode(0o1777)).unwrap();
    check_folder(&home).unwrap();
    if is_root() {
        give_to_other(&folder);
        assert!(check_folder(&home).unwrap_err().to_string().contains("user 54321"));
    }
}

#[test]
fn a_folder_of_ours_is_closed_to_others() {
    let (_dir, folder) = folder();
    let home = folder.join("a/home");
    private_folder(&home).unwrap();
    let mode = || fs::metadata(&home).unwrap().mode() & 0o777;
    assert_eq!(mode(), 0o700);
    fs::set_permissions(&home, Permissions::from_mode(0o777)).unwrap();
    private_folder(&home).unwrap();
    assert_eq!(mode(), 0o700);
    fs::set_permissions(home.parent().unwrap(), Permissions::from_mode(0o777)).unwrap();
    assert!(private_folder(&home).unwrap_err().to_string().contains("chmod +t"));
    fs::set_permissions(home.parent().unwrap(), Permissions::from_mode(0o755)).unwrap();
    if is_root() {
        fs::set_permissions(&home, Permissions::from_mode(0o700)).unwrap();
        give_to_other(&home);
        assert!(private_folder(&home).unwrap_err().to_string().contains("user 54321"));
    }
}

#[test]
fn a_file_is_replaced_whole_with_its_mode_and_nothing_beside_it() {
    let (_dir, folder) = folder();
    let path = folder.join("settings");
    for (text, durability) in
        [("a longer first text", Durability::Synced), ("second", Durability::Unsynced)]
    {
        replace(&path, text.as_bytes(), 0o600, durability).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    // What cannot be replaced stays, and so does what is beside it.
    let taken = folder.join("folder");
    fs::create_dir(&taken).unwrap();
    replace(&taken, b"no", 0o600, Durability::Synced).unwrap_err();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
}

#[test]
fn what_a_killed_one_left_beside_is_no_hindrance() {
    let (_dir, folder) = folder();
    let aside = folder.join(format!(".settings.{}.new", std::process::id()));
    fs::write(&aside, "half of").unwrap();
    replace(&folder.join("settings"), b"whole", 0o600, Durability::Synced).unwrap();
    assert_eq!(fs::read(folder.join("settings")).unwrap(), b"whole");
    assert!(!aside.exists());
}

#[test]
fn that_there_is_nothing_to_remove_is_no_error() {
    let (_dir, folder) = folder();
    let path = folder.join("settings");
    remove(&path).unwrap();
    fs::write(&path, "").unwrap();
    remove(&path).unwrap();
    assert!(!path.exists());
    remove(&folder).unwrap_err();
}
