//! What an app tells of itself, in common terms: the figures of `@pm2/io`, of its predecessor and of
//! our own preload, by their names and units.

use rpm_proto::observed::Figures;
use serde_json::{Map, Value};

/// What is known from `monitor`, PM2's `axm_monitor`.
pub fn figures(monitor: &Map<String, Value>) -> Figures {
    let of = |names: &[&str]| names.iter().find_map(|name| amount(monitor.get(*name)?));
    let whole = |names: &[&str]| of(names).filter(|it| *it >= 0.0).map(f64::round);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole, not negative, and a cast of what is too large is the largest number"
    )]
    let count = |names: &[&str]| whole(names).map(|it| it as u64);
    Figures {
        event_loop_ms: of(&["Event Loop Latency", "Loop delay"]),
        event_loop_p95_ms: of(&["Event Loop Latency p95"]),
        requests_per_s: of(&["HTTP", "HTTP rate"]),
        request_ms: of(&["HTTP Mean Latency", "HTTP Latency"]),
        heap_used: count(&["Used Heap Size"]),
        heap_total: count(&["Heap Size"]),
        handles: count(&["Active handles", "Active Handles"]),
    }
}

/// A figure in our unit for its kind: ms, bytes, or a second's worth. Its value is a number or a text
/// that begins with one, such as `"0.14"` or `"3ms"`.
fn amount(figure: &Value) -> Option<f64> {
    let (value, told) = match &figure["value"] {
        Value::Number(number) => (number.as_f64()?, ""),
        Value::String(text) => {
            let text = text.trim();
            let end =
                text.find(|it: char| !matches!(it, '0'..='9' | '.' | '-')).unwrap_or(text.len());
            (text[..end].parse().ok()?, text[end..].trim())
        }
        _ => return None,
    };
    let unit = figure["unit"].as_str().unwrap_or(told);
    let scale = match unit {
        "s" => 1000.0,
        "µs" | "us" => 1e-3,
        "ns" => 1e-6,
        "KB" | "KiB" | "kB" => 1024.0,
        "MB" | "MiB" => 1024.0 * 1024.0,
        "GB" | "GiB" => 1024.0 * 1024.0 * 1024.0,
        "req/min" | "/min" | "rpm" => 1.0 / 60.0,
        _ => 1.0,
    };
    Some(value * scale).filter(|amount| amount.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(monitor: Value) -> Figures {
        let Value::Object(monitor) = monitor else { panic!("no object: {monitor}") };
        figures(&monitor)
    }

    #[test]
    fn what_pm2_io_tells_is_understood() {
        // As @pm2/io 8 tells it.
        let told = of(json!({
            "HTTP Mean Latency": {"historic": true, "unit": "ms", "value": 3},
            "HTTP": {"historic": true, "unit": "req/min", "value": 90.0},
            "Heap Size": {"historic": true, "unit": "MiB", "value": "7.50"},
            "Used Heap Size": {"historic": true, "unit": "MiB", "value": "6.25"},
            "Active handles": {"historic": true, "value": 3},
            "Event Loop Latency": {"historic": true, "unit": "ms", "value": "0.25"},
            "Event Loop Latency p95": {"historic": true, "unit": "ms", "value": "0.75"},
        }));
        let expected = Figures {
            event_loop_ms: Some(0.25),
            event_loop_p95_ms: Some(0.75),
            requests_per_s: Some(1.5),
            request_ms: Some(3.0),
            heap_used: Some(6_553_600),
            heap_total: Some(7_864_320),
            handles: Some(3),
        };
        assert_eq!(told, expected);
    }

    #[test]
    fn other_ways_to_tell_it_are_understood() {
        let told = of(json!({
            "Loop delay": {"value": "1.5ms", "agg_type": "avg"},
            "HTTP": {"value": "2 req/s"},
            "Heap Size": {"value": 1024, "unit": "KiB"},
        }));
        assert_eq!((told.event_loop_ms, told.requests_per_s), (Some(1.5), Some(2.0)));
        assert_eq!(told.heap_total, Some(1 << 20));
    }

    #[test]
    fn nonsense_is_no_figure() {
        let told = of(json!({
            "HTTP": {"value": {}},
            "Heap Size": {"value": -5, "unit": "MiB"},
            "Active handles": "many",
            "Event Loop Latency": {"value": "N/A", "unit": "ms"},
            "HTTP Mean Latency": {"value": "1-2", "unit": "ms"},
        }));
        assert_eq!(told, Figures::default());
        assert_eq!(of(json!({})), Figures::default());
    }
}
