//! What is told of a made-up machine.

use super::*;
use rpm_core::Status;
use rpm_core::spec::ExecMode;
use rpm_proto::ProcessView;
use rpm_proto::observed::{Disk, Figures, Network, Watched};
use serde_json::json;

fn watched(name: &str, id: u32) -> Watched {
    Watched {
        view: ProcessView {
            id,
            name: name.to_owned(),
            namespace: "default".to_owned(),
            version: "1.0.0".to_owned(),
            mode: ExecMode::Fork,
            slot: 0,
            status: Status::Online,
            pid: 100 + id,
            restarts: 2,
            unstable: 0,
            created_at: 0,
            started_at: 1_700_000_000_500,
            cpu: 12.5,
            memory: 1 << 20,
            last_exit: None,
            error: None,
            user: "me".to_owned(),
            watching: false,
            module: false,
        },
        cpu_seconds: 1.25,
        descriptors: Some(20),
        log_bytes: 77,
        figures: Figures {
            event_loop_ms: Some(1.5),
            event_loop_p95_ms: Some(4.0),
            requests_per_s: Some(2.0),
            request_ms: Some(30.0),
            heap_used: Some(1000),
            heap_total: Some(2000),
            handles: Some(3),
        },
        monitor: json!({
            "Users \"online\"": { "value": 12, "unit": "users" },
            "as text": { "value": "3.5" },
            "no number": { "value": "many" },
            "api_token": { "value": 123_456 },
        })
        .as_object()
        .unwrap()
        .clone(),
    }
}

/// All that can be told at once, so that each metric has a value.
pub(crate) fn everything() -> Observed {
    let mut observed = Observed { at: 1, ..Observed::default() };
    observed.processes = vec![watched("api", 0), watched("a\\b\"\nc", 1)];
    observed.host.disks = vec![Disk { mount: "/".to_owned(), ..Disk::default() }];
    observed.host.networks = vec![Network { name: "eth0".to_owned(), ..Network::default() }];
    observed.host.cgroup = Some(rpm_proto::observed::CgroupLimits {
        memory: 1,
        memory_max: Some(2),
        cpus_max: Some(1.5),
    });
    observed
}

#[test]
fn names_are_stable_and_told_once() {
    let families = families(Some(&everything()));
    let mut names: Vec<&str> = families.iter().map(|family| family.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "a name is told twice");
    for family in &families {
        assert!(family.name.starts_with("rpm_") && !family.help.ends_with('.'), "{}", family.name);
        assert_eq!(
            family.kind == Kind::Counter,
            family.name.ends_with("_total"),
            "{}",
            family.name
        );
        for sample in &family.samples {
            let mut labels: Vec<_> = sample.labels.iter().map(|(name, _)| name).collect();
            labels.sort_unstable();
            labels.dedup();
            assert_eq!(labels.len(), sample.labels.len(), "{}", family.name);
        }
    }
}

#[test]
fn both_forms_say_the_same() {
    let families = families(Some(&everything()));
    let plain = Format::Prometheus.write(&families);
    let open = Format::OpenMetrics.write(&families);
    assert!(plain.contains("# TYPE rpm_process_restarts_total counter\n"));
    assert!(open.contains("# TYPE rpm_process_restarts counter\n"));
    assert!(open.contains("# UNIT rpm_process_memory_bytes bytes\n"));
    assert!(open.ends_with("# EOF\n") && !plain.contains("EOF") && !plain.contains("UNIT"));
    let samples = |text: &str| -> Vec<String> {
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    };
    assert_eq!(samples(&plain), samples(&open));
    let line =
        "rpm_process_memory_bytes{app=\"a\\\\b\\\"\\nc\",namespace=\"default\",id=\"1\"} 1048576";
    assert!(plain.lines().any(|it| it == line), "{plain}");
    assert!(plain.contains(
        "rpm_process_start_time_seconds{app=\"api\",namespace=\"default\",id=\"0\"} 1700000000.5\n"
    ));
}

#[test]
fn what_apps_tell_is_bounded_and_without_secrets() {
    let mut observed = everything();
    let many = (0..1000).map(|n| (format!("m{n:04}"), json!({ "value": n }))).collect();
    observed.processes[1].monitor = many;
    let families = families(Some(&observed));
    let own = families.iter().find(|family| family.name == "rpm_app_metric").unwrap();
    let of = |id: &str| own.samples.iter().filter(|it| it.labels[1].1 == id).collect::<Vec<_>>();
    assert_eq!(of("1").len(), 64);
    let told: Vec<(&str, f64)> = of("0").iter().map(|it| (&*it.labels[2].1, it.value)).collect();
    assert_eq!(told, [("Users \"online\"", 12.0), ("as text", 3.5)]);
    observed.processes[0].monitor =
        [("x".repeat(5000), json!({ "value": 1 }))].into_iter().collect();
    let text = Format::Prometheus.write(&super::families(Some(&observed)));
    assert!(text.lines().all(|line| line.len() < 600), "a label is not cut");
}

#[test]
fn a_daemon_that_is_away_is_told() {
    assert_eq!(Format::Prometheus.write(&families(None)).lines().last(), Some("rpm_up 0"));
}

#[test]
fn the_dashboard_asks_only_for_what_there_is() {
    let text = include_str!("../../../../examples/grafana/rpm.json");
    let dashboard: serde_json::Value = serde_json::from_str(text).unwrap();
    let families = families(Some(&everything()));
    let mut asked = 0;
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let queries = targets.map(|target| target["expr"].as_str().unwrap());
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let variables = variables.iter().filter_map(|it| it["definition"].as_str());
    for query in queries.chain(variables) {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        for word in query.split(|c| !is_part(c)).filter(|word| word.starts_with("rpm_")) {
            asked += 1;
            assert!(families.iter().any(|it| it.name == word), "there is no {word}: {query}");
        }
    }
    assert!(asked > 15, "the dashboard asks for {asked} metrics only");
}
