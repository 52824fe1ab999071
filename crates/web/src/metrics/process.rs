//! Apps and their instances.

use super::Family;
use super::family::count;
use crate::model::Figure;
use rpm_core::Status;
use rpm_core::spec::ExecMode;
use rpm_proto::ProcessView;
use rpm_proto::observed::{Figures, Watched};
use std::collections::BTreeMap;

/// So many figures of an app's own are told for each instance.
const OWN_MAX: usize = 64;

type Labels<'a> = [(&'static str, &'a str); 3];
/// Name, help, and the value of an instance.
type Gauge<T> = (&'static str, &'static str, fn(&T) -> Option<f64>);

/// Gauges of each instance.
const GAUGES: &[Gauge<Watched>] = &[
    ("rpm_process_up", "Whether the instance is online", |it| {
        Some(if it.view.status == Status::Online { 1.0 } else { 0.0 })
    }),
    ("rpm_process_cpu_usage_ratio", "Cores in use, whole process tree", |it| {
        Some(f64::from(it.view.cpu) / 100.0)
    }),
    ("rpm_process_memory_bytes", "Resident memory, whole process tree", |it| {
        Some(count(it.view.memory))
    }),
    ("rpm_process_unstable_restarts", "Unstable runs in a row", |it| {
        Some(f64::from(it.view.unstable))
    }),
    ("rpm_process_start_time_seconds", "When the run began, since 1970", |it| started(&it.view)),
    ("rpm_process_descriptors", "Open descriptors of the main process", |it| {
        it.descriptors.map(count)
    }),
];

/// Gauges of what an app tells in common terms.
const TOLD: &[Gauge<Figures>] = &[
    ("rpm_process_event_loop_delay_seconds", "Mean delay of the event loop", |it| {
        it.event_loop_ms.map(seconds)
    }),
    (
        "rpm_process_event_loop_delay_p95_seconds",
        "The delay that 95 of 100 turns of the event loop stay below",
        |it| it.event_loop_p95_ms.map(seconds),
    ),
    ("rpm_process_http_requests_per_second", "Answered HTTP requests", |it| it.requests_per_s),
    ("rpm_process_http_request_duration_seconds", "Mean time of an HTTP answer", |it| {
        it.request_ms.map(seconds)
    }),
    ("rpm_process_heap_used_bytes", "The heap that is in use", |it| it.heap_used.map(count)),
    ("rpm_process_heap_size_bytes", "The heap", |it| it.heap_total.map(count)),
    ("rpm_process_handles", "Handles that keep the event loop alive", |it| it.handles.map(count)),
];

/// Counters of each instance.
const COUNTERS: &[Gauge<Watched>] = &[
    ("rpm_process_cpu_seconds_total", "CPU time of the run, whole process tree", |it| {
        Some(it.cpu_seconds)
    }),
    ("rpm_process_restarts_total", "How often the instance was restarted", |it| {
        Some(f64::from(it.view.restarts))
    }),
    ("rpm_process_log_bytes_total", "Output that was read from the run", |it| {
        Some(count(it.log_bytes))
    }),
];

/// The metrics of all processes.
pub(super) fn families(processes: &[Watched]) -> Vec<Family> {
    let mut families = vec![instances(processes), info(processes)];
    for (name, help, value) in GAUGES {
        families.push(each(Family::gauge(name, help), processes, value));
    }
    for (name, help, value) in TOLD {
        families.push(each(Family::gauge(name, help), processes, |it| value(&it.figures)));
    }
    for (name, help, value) in COUNTERS {
        families.push(each(Family::counter(name, help), processes, value));
    }
    families.push(own(processes));
    families
}

fn each(
    mut family: Family,
    processes: &[Watched],
    value: impl Fn(&Watched) -> Option<f64>,
) -> Family {
    for watched in processes {
        let id = watched.view.id.to_string();
        family.add_some(&labels(&watched.view, &id), value(watched).filter(|it| it.is_finite()));
    }
    family
}

fn labels<'a>(view: &'a ProcessView, id: &'a str) -> Labels<'a> {
    [("app", &view.name), ("namespace", &view.namespace), ("id", id)]
}

/// How many instances of each app stand where.
fn instances(processes: &[Watched]) -> Family {
    let mut counts: BTreeMap<(&str, &str, String), u64> = BTreeMap::new();
    for Watched { view, .. } in processes {
        let key = (view.name.as_str(), view.namespace.as_str(), view.status.to_string());
        *counts.entry(key).or_default() += 1;
    }
    let mut family = Family::gauge("rpm_app_instances", "Instances of the app by where they stand");
    for ((app, namespace, status), number) in counts {
        family.add(&[("app", app), ("namespace", namespace), ("status", &status)], count(number));
    }
    family
}

fn info(processes: &[Watched]) -> Family {
    let mut family = Family::gauge("rpm_process_info", "The instance's version and mode");
    for Watched { view, .. } in processes {
        let id = view.id.to_string();
        let [app, namespace, id] = labels(view, &id);
        let mode = match view.mode {
            ExecMode::Fork => "fork",
            ExecMode::Cluster => "cluster",
        };
        family.add(&[app, namespace, id, ("version", &view.version), ("mode", mode)], 1.0);
    }
    family
}

/// What apps tell by names of their own.
fn own(processes: &[Watched]) -> Family {
    let help = "What the app tells of itself, in the unit that it names";
    let mut family = Family::gauge("rpm_app_metric", help);
    for Watched { view, monitor, .. } in processes {
        let id = view.id.to_string();
        for (name, told) in monitor.iter().take(OWN_MAX) {
            if let Some(figure) = Figure::read(name, told) {
                let unit = figure.unit.as_deref().unwrap_or_default();
                let labels = [("app", &*view.name), ("id", &id), ("metric", name), ("unit", unit)];
                family.add_some(&labels, figure.number);
            }
        }
    }
    family
}

fn seconds(ms: f64) -> f64 {
    ms / 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "ms since 1970 are exact in 53 bits")]
fn started(view: &ProcessView) -> Option<f64> {
    (view.started_at > 0 && view.pid != 0).then(|| view.started_at as f64 / 1000.0)
}
