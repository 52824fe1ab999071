//! Which log files there are.

use crate::home::Home;
use rpm_logbook::{Level, Log};
use rpm_proto::{Detail, Stream};
use std::collections::HashSet;
use std::path::PathBuf;
use std::time::SystemTime;

/// One log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// The instance; `None` for the daemon itself.
    pub(crate) proc: Option<u32>,
    /// Its app.
    pub(crate) name: String,
    /// The stream.
    pub(crate) stream: Stream,
    /// The files.
    pub(crate) log: Log,
    /// Whether each line is an object of ours that holds what the app wrote.
    pub(crate) wrapped: bool,
}

/// The logs of these processes, those that were written to last at the end. One that several share
/// is there once.
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
                sources.push(of_stream(detail, stream, path));
            }
        }
    }
    sources.sort_by_key(|source| {
        std::fs::metadata(&source.log.path)
            .and_then(|meta| meta.modified())
            .unwrap_or(SystemTime::UNIX_EPOCH)
    });
    sources
}

fn of_stream(detail: &Detail, stream: Stream, path: PathBuf) -> Source {
    let options = &detail.spec.logs;
    Source {
        proc: Some(detail.view.id),
        name: detail.view.name.clone(),
        stream,
        log: Log { stamp: options.date_format.clone(), level: assumed(stream), ..Log::plain(path) },
        wrapped: options.json,
    }
}

/// The level of a line that tells none: what a program says on standard error is amiss.
pub(crate) fn assumed(stream: Stream) -> Level {
    match stream {
        Stream::Out => Level::Info,
        Stream::Err => Level::Error,
    }
}

/// The daemon's own log.
pub(crate) fn of_daemon(home: &Home) -> Source {
    Source {
        proc: None,
        name: "PM2".to_owned(),
        stream: Stream::Out,
        log: Log::plain(home.log().into_std_path_buf()),
        wrapped: false,
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
            sources.iter().map(|source| source.log.path.display().to_string()).collect()
        };
        assert_eq!(paths(true, true).len(), 2);
        assert_eq!(paths(false, true), ["/e"]);
        assert!(paths(false, false).is_empty());
    }
}
