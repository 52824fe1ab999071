//! How one line of a log is shown. Its bytes are never changed.

use super::highlight;
use crate::render::details::iso;
use crate::render::style::Paint;
use rpm_logbook::Filter;
use rpm_pm2::stamp::{Stamp, USUAL};
use rpm_proto::Stream;
use serde_json::json;
use std::sync::Arc;
use unicode_width::UnicodeWidthStr;

/// The form of the lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `0|api | line`.
    Labelled,
    /// The line alone.
    Raw,
    /// One JSON object a line.
    Json,
    /// `timestamp=… app=… id=… type=… message=…`.
    Pairs,
}

/// Whose line it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    /// The instance; `None` for the daemon itself.
    pub(crate) proc: Option<u32>,
    /// Its app.
    pub(crate) name: &'a str,
    /// The stream.
    pub(crate) stream: Stream,
}

/// Turns lines into what is shown of them.
#[derive(Clone, Debug)]
pub(crate) struct Shaper {
    form: Form,
    stamp: Option<Stamp>,
    highlight: Option<String>,
    sought: Option<Arc<Filter>>,
    paint: Paint,
    pad: usize,
}

/// PM2 gives labels so much room in the tail.
const LABEL_WIDTH: usize = 10;

impl Shaper {
    /// For lines of this form; `stamp` goes before labelled ones.
    pub(crate) fn new(
        form: Form,
        stamp: Option<Stamp>,
        highlight: Option<String>,
        paint: Paint,
    ) -> Self {
        Self { form, stamp, highlight, sought: None, paint, pad: LABEL_WIDTH }
    }

    /// Marks what a filter looks for, too.
    pub(crate) fn seeking(mut self, filter: &Arc<Filter>) -> Self {
        self.sought = Some(Arc::clone(filter));
        self
    }

    /// Whether headings may stand between the lines.
    pub(crate) fn has_headings(&self) -> bool {
        self.form == Form::Labelled
    }

    /// Whether lines are shown as they were written.
    pub(crate) fn is_raw(&self) -> bool {
        self.form == Form::Raw
    }

    /// What is shown of a line that was written at `at` (ms since 1970), where that is known.
    pub(crate) fn shape(&mut self, origin: Origin<'_>, at: Option<i64>, line: &[u8]) -> Vec<u8> {
        let mut shown = Vec::new();
        self.shape_into(&mut shown, origin, at, line);
        shown
    }

    /// The same, added to what is shown already.
    pub(crate) fn shape_into(
        &mut self,
        shown: &mut Vec<u8>,
        origin: Origin<'_>,
        at: Option<i64>,
        line: &[u8],
    ) {
        match self.form {
            Form::Labelled => self.labelled(shown, origin, at, line),
            Form::Raw => shown.extend_from_slice(line),
            Form::Json => shown.extend(json_line(origin, at, line)),
            Form::Pairs => shown.extend(pairs(origin, at, line)),
        }
        shown.push(b'\n');
    }

    fn labelled(&mut self, shown: &mut Vec<u8>, origin: Origin<'_>, at: Option<i64>, line: &[u8]) {
        let label = label(origin);
        self.pad = self.pad.max(label.width());
        let fill = " ".repeat(self.pad - label.width());
        let label = match (origin.proc, origin.stream) {
            (None, _) => self.paint.heading(&label),
            (Some(_), Stream::Out) => self.paint.green(&label),
            (Some(_), Stream::Err) => self.paint.red(&label),
        };
        let stamp = match (&mut self.stamp, at) {
            (Some(stamp), Some(at)) => format!("{} ", stamp.at(at)),
            _ => String::new(),
        };
        shown.extend_from_slice(format!("{stamp}{label}{fill} | ").as_bytes());
        let places = match (&self.highlight, &self.sought) {
            _ if !self.paint.on => Vec::new(),
            (Some(text), _) => highlight::places(line, text.as_bytes()),
            (None, Some(filter)) => filter.matches(line),
            (None, None) => Vec::new(),
        };
        if places.is_empty() {
            shown.extend_from_slice(line);
        } else {
            shown.extend(highlight::mark(line, &places));
        }
    }
}

/// `0|api`, or `PM2` for the daemon.
pub(crate) fn label(origin: Origin<'_>) -> String {
    match origin.proc {
        Some(proc) => format!("{proc}|{}", origin.name),
        None => "PM2".to_owned(),
    }
}

fn json_line(origin: Origin<'_>, at: Option<i64>, line: &[u8]) -> Vec<u8> {
    let mut object = json!({
        "message": String::from_utf8_lossy(line),
        "type": match origin.stream { Stream::Out => "out", Stream::Err => "err" },
        "process_id": origin.proc,
        "app_name": origin.name,
    });
    if let (Some(at), Some(map)) = (at.and_then(iso), object.as_object_mut()) {
        map.insert("timestamp".to_owned(), at.into());
    }
    object.to_string().into_bytes()
}

fn pairs(origin: Origin<'_>, at: Option<i64>, line: &[u8]) -> Vec<u8> {
    let stamp = at.map(|at| Stamp::new(&format!("{USUAL}ZZ")).at(at).to_owned());
    let stamp = stamp.map(|stamp| format!("timestamp={stamp} ")).unwrap_or_default();
    let id = origin.proc.map(|proc| proc.to_string()).unwrap_or_default();
    let kind = match origin.stream {
        Stream::Out => "out",
        Stream::Err => "error",
    };
    let mut shown = format!("{stamp}app={} id={id} type={kind} message=", origin.name).into_bytes();
    shown.extend_from_slice(line);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(form: Form, stamp: Option<Stamp>) -> Vec<u8> {
        let mut shaper = Shaper::new(form, stamp, None, Paint { on: false });
        let short = Origin { proc: Some(0), name: "api", stream: Stream::Out };
        let long = Origin { proc: Some(11), name: "billing-service", stream: Stream::Err };
        let mut shown = shaper.shape(short, Some(0), b"a \xff \"line\"");
        shown.extend(shaper.shape(long, None, b""));
        shown.extend(shaper.shape(short, Some(0), b"x"));
        shown
    }

    #[test]
    fn labels_grow_with_the_longest() {
        assert_eq!(
            shape(Form::Labelled, None),
            b"0|api      | a \xff \"line\"\n11|billing-service | \n0|api              | x\n"
        );
        let stamped = shape(Form::Labelled, Some(Stamp::new("[at] SSS")));
        assert!(stamped.starts_with(b"at 000 0|api      | a "), "{stamped:?}");
    }

    #[test]
    fn raw_lines_are_what_was_written() {
        assert_eq!(shape(Form::Raw, None), b"a \xff \"line\"\n\nx\n");
    }

    #[test]
    fn programs_get_fields() {
        let text = String::from_utf8(shape(Form::Json, None)).unwrap();
        let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!(first["message"], "a \u{fffd} \"line\"");
        assert_eq!(first["timestamp"], "1970-01-01T00:00:00.000Z");
        assert_eq!((&first["type"], &first["process_id"]), (&json!("out"), &json!(0)));
        let pairs = shape(Form::Pairs, None);
        let second = pairs.split(|byte| *byte == b'\n').nth(1).unwrap();
        assert_eq!(second, b"app=billing-service id=11 type=error message=");
    }
}
