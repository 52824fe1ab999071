//! Where an instance's logs and pid file are, by PM2's rules.
//!
//! A name becomes a file name by [`file_name`]. Custom paths are kept. Unless all instances write
//! one file (`merge_logs`), `-<id>` is inserted before `.log`.

use camino::{Utf8Path, Utf8PathBuf};
use rpm_core::spec::{AppSpec, LogTarget};

/// The files of one instance; `None` where nothing is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths {
    /// Standard output.
    pub out: Option<Utf8PathBuf>,
    /// Standard error.
    pub err: Option<Utf8PathBuf>,
    /// Both together.
    pub combined: Option<Utf8PathBuf>,
    /// The process id.
    pub pid: Option<Utf8PathBuf>,
}

/// The files of instance `id`. A log file that is given relative is in `logs_dir`.
pub fn paths(spec: &AppSpec, id: u32, logs_dir: &Utf8Path, pids_dir: &Utf8Path) -> Paths {
    let base = file_name(&spec.name);
    let log = |target: &LogTarget, default: Option<String>| {
        let path = match target {
            _ if spec.logs.disabled => None,
            LogTarget::Off => None,
            LogTarget::Default => default.map(|name| logs_dir.join(name)),
            LogTarget::File(path) => Some(logs_dir.join(path)),
        }?;
        Some(if spec.logs.merge { path } else { with_id(&path, id, ".log") })
    };
    let pid = match &spec.pid_file {
        Some(path) => with_id(path, id, ".pid"),
        None => pids_dir.join(format!("{base}-{id}.pid")),
    };
    Paths {
        out: log(&spec.logs.out, Some(format!("{base}-out.log"))),
        err: log(&spec.logs.err, Some(format!("{base}-error.log"))),
        combined: log(&spec.logs.combined, None),
        pid: Some(pid),
    }
}

/// The part of a file name that stands for an app: all but ASCII letters, digits, `.`, `\` and `-`
/// becomes `-` (one for each UTF-16 unit, as in PM2).
pub fn file_name(name: &str) -> String {
    name.chars()
        .flat_map(|c| {
            let plain = c.is_ascii_alphanumeric() || matches!(c, '.' | '\\' | '-');
            std::iter::repeat_n(if plain { c } else { '-' }, c.len_utf16())
        })
        .collect()
}

/// `path` with `-<id>` before its `extension`. A path that ends otherwise is one file for all
/// instances, as in PM2; so `/dev/stdout` stays what it is.
pub fn with_id(path: &Utf8Path, id: u32, extension: &str) -> Utf8PathBuf {
    match path.as_str().strip_suffix(extension) {
        Some(stem) => Utf8PathBuf::from(format!("{stem}-{id}{extension}")),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpm_core::spec::LogOptions;

    fn of(spec: &AppSpec) -> [String; 4] {
        let paths = paths(spec, 7, Utf8Path::new("/h/logs"), Utf8Path::new("/h/pids"));
        [paths.out, paths.err, paths.combined, paths.pid]
            .map(|path| path.map_or_else(String::new, String::from))
    }

    fn spec(name: &str, logs: LogOptions) -> AppSpec {
        AppSpec { name: name.to_owned(), logs, ..AppSpec::default() }
    }

    #[test]
    fn names_become_file_names() {
        for (name, file) in [
            ("api", "api"),
            ("a/b:c@d.e", "a-b-c-d.e"),
            ("a_b c", "a-b-c"),
            ("é", "-"),
            ("🚀x", "--x"),
            ("a\\b-1", "a\\b-1"),
        ] {
            assert_eq!(file_name(name), file);
        }
    }

    #[test]
    fn ids_go_before_the_extension() {
        for (path, numbered) in [
            ("/l/a.log", "/l/a-7.log"),
            ("/l/a.b.log", "/l/a.b-7.log"),
            ("/l/.log", "/l/-7.log"),
            ("/l.log/a", "/l.log/a"),
            ("/l/a.txt", "/l/a.txt"),
            ("/dev/stdout", "/dev/stdout"),
        ] {
            assert_eq!(with_id(Utf8Path::new(path), 7, ".log"), Utf8Path::new(numbered));
        }
    }

    #[test]
    fn defaults_are_in_the_home() {
        let merged = LogOptions { merge: true, ..LogOptions::default() };
        assert_eq!(
            of(&spec("a b", merged)),
            ["/h/logs/a-b-out.log", "/h/logs/a-b-error.log", "", "/h/pids/a-b-7.pid"]
        );
        assert_eq!(of(&spec("a", LogOptions::default()))[0], "/h/logs/a-out-7.log");
    }

    #[test]
    fn custom_files_are_kept() {
        let logs = LogOptions {
            out: LogTarget::File("/l/o.log".into()),
            err: LogTarget::Off,
            combined: LogTarget::File("a.log".into()),
            ..LogOptions::default()
        };
        let spec = AppSpec { pid_file: Some("/run/my.pid".into()), ..spec("a", logs) };
        assert_eq!(of(&spec), ["/l/o-7.log", "", "/h/logs/a-7.log", "/run/my-7.pid"]);
    }

    #[test]
    fn disabled_logs_have_no_file() {
        let logs = LogOptions {
            out: LogTarget::File("/l/o.log".into()),
            disabled: true,
            ..LogOptions::default()
        };
        assert_eq!(of(&spec("a", logs)), ["", "", "", "/h/pids/a-7.pid"]);
    }
}
