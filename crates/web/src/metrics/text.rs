//! Metrics as text: Prometheus 0.0.4, and `OpenMetrics` 1.0 where that is asked for.

use super::{Family, Kind};
use axum::http::{HeaderMap, header};
use std::fmt::Write;

/// The form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// <https://prometheus.io/docs/instrumenting/exposition_formats/>.
    Prometheus,
    /// <https://prometheus.io/docs/specs/om/open_metrics_spec/>.
    OpenMetrics,
}

impl Format {
    /// The one that a reader asks for.
    pub(super) fn wanted(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        if accept.is_some_and(|accept| accept.contains("application/openmetrics-text")) {
            Self::OpenMetrics
        } else {
            Self::Prometheus
        }
    }

    /// Its media type.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// Writes the metrics.
    pub(super) fn write(self, families: &[Family]) -> String {
        let mut text = String::new();
        for family in families {
            // Writing to a string cannot fail.
            let _ = self.family(&mut text, family);
        }
        if self == Self::OpenMetrics {
            text.push_str("# EOF\n");
        }
        text
    }

    fn family(self, text: &mut String, family: &Family) -> std::fmt::Result {
        let Family { name, help, kind, samples } = family;
        // OpenMetrics names the family without the end that its samples have.
        let base = match self {
            Self::OpenMetrics => name.strip_suffix("_total").unwrap_or(name),
            Self::Prometheus => name,
        };
        let kind = match kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
        };
        writeln!(text, "# HELP {base} {help}")?;
        writeln!(text, "# TYPE {base} {kind}")?;
        if let (Self::OpenMetrics, Some(unit)) = (self, family.unit()) {
            writeln!(text, "# UNIT {base} {unit}")?;
        }
        for sample in samples {
            text.push_str(name);
            for (number, (label, value)) in sample.labels.iter().enumerate() {
                let before = if number == 0 { '{' } else { ',' };
                write!(text, "{before}{label}=\"")?;
                escape(text, value);
                text.push('"');
            }
            if !sample.labels.is_empty() {
                text.push('}');
            }
            writeln!(text, " {}", sample.value)?;
        }
        Ok(())
    }
}

fn escape(text: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            c => text.push(c),
        }
    }
}
