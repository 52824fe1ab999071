//! Which log files there are.

use crate::home::Home;
use rpm_proto::{Detail, Stream};
use std::collections::HashSet;
use std::path::PathBuf;
use std::time::SystemTime;

/// One log file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// The instance; `None` for the daemon itself.
    pub(crate) proc: Option<u32>,
    /// Its app.
    pub(crate) name: String,
    /// The stream.
    pub(crate) stream: Stream,
    /// The file.
    pub(crate) path: PathBuf,
}

/// The files of these processes, those that were written to last at the end. A file that several
/// share is there once.
pub(crate) fn of_processes(details: &[Detail], out: bool, err: bool) -> Vec<Source> {
    let mut seen = HashSet::new();
    let mut sources = Vec::new();
    for detail in details {
        let wanted = [(out, Stream::Out, &detail.out_log), (err, Stream::Err, &detail.err_log)];
        for (_, stream, path) in wanted.into_iter().filter(|(wanted, _, _)| *wanted) {
            let Some(path) = path.as_ref().map(PathBuf::from) else {
                continue;
            };
            if seen.insert(path.clone()) {
                let name = detail.view.name.clone();
                sources.push(Source { proc: Some(detail.view.id), name, stream, path });
            }
        }
    }
    sources.sort_by_key(|source| {
        std::fs::metadata(&source.path)
            .and_then(|meta| meta.modified())
            .unwrap_or(SystemTime::UNIX_EPOCH)
    });
    sources
}

/// The daemon's own log.
pub(crate) fn of_daemon(home: &Home) -> Source {
    Source {
        proc: None,
        name: "PM2".to_owned(),
        stream: Stream::Out,
        path: home.log().into_std_path_buf(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::details::tests::detail;

    #[test]
    fn a_shared_file_is_there_once() {
        let mut details = vec![detail(0, "api"), detail(1, "api")];
        details[1].err_log = Some("/e".to_owned());
        let paths = |out, err| -> Vec<String> {
            let sources = of_processes(&details, out, err);
            sources.iter().map(|source| source.path.display().to_string()).collect()
        };
        assert_eq!(paths(true, true).len(), 2);
        assert_eq!(paths(false, true), ["/e"]);
        assert!(paths(false, false).is_empty());
    }
}
