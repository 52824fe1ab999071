//! What commands do to the table: which instances a target means, how apps as configured and apps
//! as they are come together, what is kept.

use crate::scene::{Scene, cluster, fork};
use rpm_core::spec::{Env, ExecMode, Setting};
use rpm_core::{
    Action, AppSpec, Change, Command, Existing, Ledger, Outcome, Part, ProcId, Refusal, Status,
    Supervisor,
};
use std::sync::Arc;

/// The answer, if it has come.
pub(crate) fn outcome(actions: &[Action]) -> Option<&Outcome> {
    actions.iter().find_map(|action| match action {
        Action::Answer { outcome, .. } => Some(outcome),
        _ => None,
    })
}

#[test]
fn the_number_of_instances_follows_the_spec() {
    let mut scene = Scene::new();
    scene.apply(&AppSpec { instances: 3, ..fork("api") });
    (1..=3).for_each(|generation| scene.spawned(generation));
    let actions = scene.apply(&AppSpec { instances: 2, ..fork("api") });
    assert!(outcome(&actions).is_none(), "it waits: {actions:?}");
    (1..=3).for_each(|generation| scene.gone(generation));
    assert_eq!(scene.slots(), [(0, 0), (1, 1)], "the highest slot goes");
    scene.delete("0");
    scene.spawned(4);
    scene.spawned(4);
    scene.gone(4);
    scene.apply(&AppSpec { instances: 3, ..fork("api") });
    assert_eq!(scene.slots(), [(1, 1), (3, 0), (4, 2)], "the lowest free slots are filled");
}

#[test]
fn two_apps_of_one_name_stay_two_apps() {
    let mut scene = Scene::new();
    let first = AppSpec { instances: 2, ..fork("api") };
    let second = AppSpec { script: "/srv/other.js".into(), ..fork("api") };
    let apps = vec![first.clone(), second.clone()];
    scene.apply_all(apps.clone(), Existing::Restart);
    (1..=3).for_each(|generation| scene.spawned(generation));
    scene.apply_all(apps, Existing::Restart);
    (1..=3).for_each(|generation| scene.gone(generation));
    let scripts = |scene: &Scene| -> Vec<String> {
        scene.table.instances().map(|instance| instance.spec.script.to_string()).collect()
    };
    assert_eq!(scripts(&scene), ["/srv/api.js", "/srv/api.js", "/srv/other.js"]);
    scene.apply_all(vec![second, first], Existing::Restart);
    (4..=6).for_each(|generation| scene.spawned(generation));
    (4..=6).for_each(|generation| scene.gone(generation));
    assert_eq!(scripts(&scene), ["/srv/api.js", "/srv/api.js", "/srv/other.js"], "in any order");
}

#[test]
fn a_plain_start_refuses_what_runs_and_starts_what_does_not() {
    let mut scene = Scene::new();
    scene.apply_all(vec![fork("api")], Existing::Refuse);
    scene.spawned(1);
    let actions = scene.apply_all(vec![fork("web"), fork("api")], Existing::Refuse);
    let refusal = Refusal::AlreadyRunning { name: "api".to_owned() };
    assert_eq!(outcome(&actions), Some(&Outcome::Refused { refusal }));
    assert_eq!(scene.slots(), [(0, 0)], "nor is web begun");
    scene.apply_all(vec![fork("api")], Existing::Duplicate);
    assert_eq!(scene.slots(), [(0, 0), (1, 1)]);
    scene.stop("api");
    scene.spawned(2);
    scene.gone(1);
    scene.gone(2);
    scene.apply_all(vec![fork("api")], Existing::Refuse);
    assert_eq!(scene.status(0), Status::Launching);
    assert_eq!(scene.status(1), Status::Launching, "all of it starts, none is deleted");
    let other = AppSpec { script: "/srv/other.js".into(), ..fork("api") };
    scene.apply_all(vec![other], Existing::Refuse);
    assert_eq!(scene.slots(), [(0, 0), (1, 1), (2, 2)], "another script is another app");
}

#[test]
fn what_is_not_started_by_itself_can_be_started_by_name() {
    let mut scene = Scene::new();
    let spec = AppSpec { autostart: false, ..fork("api") };
    let registered = |actions: &[Action]| match outcome(actions) {
        Some(Outcome::Done { affected }) => affected[0].change == Change::Registered,
        _ => false,
    };
    assert!(registered(&scene.apply(&spec)));
    assert!(registered(&scene.apply(&spec)), "and stays so");
    assert_eq!(scene.status(0), Status::Stopped);
    scene.start("api");
    assert_eq!(scene.status(0), Status::Launching);
}

#[test]
fn a_spec_is_replaced_as_a_whole() {
    let mut scene = Scene::new();
    scene.apply(&fork("api"));
    scene.spawned(1);
    let new = AppSpec { cwd: "/srv".into(), script: "/srv/new.js".into(), ..cluster("api", 1) };
    scene.apply_all(vec![new.clone()], Existing::Reload);
    scene.gone(1);
    assert_eq!(**scene.table.instance(ProcId(0)).unwrap().spec, new);
    assert_eq!(scene.table.instance(ProcId(0)).unwrap().spec.mode, ExecMode::Cluster);
}

#[test]
fn a_failed_reload_leaves_the_old_spec() {
    let mut scene = Scene::new();
    scene.apply(&cluster("api", 1));
    scene.serves(1);
    let new = AppSpec { cwd: "/srv".into(), ..cluster("api", 1) };
    scene.apply_all(vec![new], Existing::Reload);
    scene.spawned(2);
    scene.exited(2, 1);
    scene.swept(2);
    scene.exited(1, 1);
    scene.swept(1);
    let instance = scene.table.instance(ProcId(0)).unwrap();
    assert_eq!(instance.spec.cwd, "/", "also what is started after a crash");
    assert_eq!(instance.status, Status::Launching);
}

#[test]
fn variables_are_merged_and_shared() {
    let mut scene = Scene::new();
    let env = Env::from([("A".to_owned(), "1".to_owned()), ("B".to_owned(), "2".to_owned())]);
    scene.apply(&AppSpec { instances: 2, env, ..fork("api") });
    let more = Env::from([("B".to_owned(), "3".to_owned()), ("C".to_owned(), "4".to_owned())]);
    scene.command(Command::Restart {
        targets: vec!["api".into()],
        env: Some(more),
        settings: Vec::new(),
    });
    let specs: Vec<Arc<AppSpec>> = scene.table.instances().map(|it| it.spec.clone()).collect();
    let env: Vec<String> =
        specs[0].env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(env, ["A=1", "B=3", "C=4"]);
    assert!(Arc::ptr_eq(&specs[0], &specs[1]), "one spec for both");
}

#[test]
fn a_reset_counts_from_0() {
    let mut scene = Scene::new();
    scene.apply(&fork("api"));
    scene.spawned(1);
    scene.exited(1, 1);
    scene.swept(1);
    let counters = |scene: &Scene| {
        let instance = scene.table.instance(ProcId(0)).unwrap();
        (instance.restarts, instance.unstable)
    };
    assert_eq!(counters(&scene), (1, 1));
    scene.command(Command::Reset { targets: vec!["all".into()] });
    assert_eq!(counters(&scene), (0, 0));
}

#[test]
fn settings_change_under_what_runs_and_under_a_reload() {
    let mut scene = Scene::new();
    scene.apply(&cluster("api", 1));
    scene.serves(1);
    scene.reload("api");
    let targets = vec!["api".into()];
    let actions = scene.command(Command::Adjust { targets, settings: vec![Setting::Watch(true)] });
    let asks = |action: &Action| matches!(action, Action::Signal { .. } | Action::Spawn { .. });
    assert!(!actions.iter().any(asks), "{actions:?}");
    let watches = |scene: &Scene| scene.table.instance(ProcId(0)).unwrap().watches;
    assert!(watches(&scene));
    scene.serves(2);
    scene.gone(1);
    assert_eq!(scene.status(0), Status::Online);
    assert!(watches(&scene), "the reload brought the old settings back");

    let targets = vec!["api".into()];
    let settings = vec![Setting::Name("other".to_owned())];
    let actions = scene.command(Command::Adjust { targets, settings });
    let is_refused = |action: &Action| match action {
        Action::Answer { outcome, .. } => matches!(outcome, Outcome::Refused { .. }),
        _ => false,
    };
    assert!(actions.iter().any(is_refused), "{actions:?}");
}

#[test]
fn a_table_is_read_as_it_was_written_and_goes_on_sharing() {
    let mut scene = Scene::new();
    let base_env = Arc::new(Env::from([("HOME".to_owned(), "/root".to_owned())]));
    scene.apply(&AppSpec { base_env, ..cluster("api", 3) });
    (1..=3).for_each(|generation| scene.serves(generation));
    scene.reload("api");
    let text = serde_json::to_string(&scene.table).unwrap();
    assert_eq!(text.matches("/root").count(), 1, "one environment is written once");
    assert_eq!(text.matches("/srv/api.js").count(), 1, "so is one spec");
    let read: Supervisor = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
    assert_eq!(read.next_generation(), scene.table.next_generation());
    assert_eq!(read.runs().collect::<Vec<_>>(), scene.table.runs().collect::<Vec<_>>());
    let specs: Vec<&Arc<AppSpec>> = read.instances().map(|instance| instance.spec).collect();
    assert!(specs.iter().all(|spec| Arc::ptr_eq(spec, specs[0])));
    assert_eq!(specs[0].base_env["HOME"], "/root");
}

/// The keys of what has changed; those of what is gone with a minus.
fn changed(table: &mut Supervisor, ledger: &mut Ledger) -> Vec<String> {
    let told = table.changes(ledger).into_iter();
    told.map(|(key, part)| if part.is_some() { key } else { format!("-{key}") }).collect()
}

#[test]
fn only_what_has_changed_is_told() {
    let mut scene = Scene::new();
    let mut ledger = Ledger::default();
    scene.apply(&cluster("api", 3));
    (1..=3).for_each(|generation| scene.serves(generation));
    let all = changed(&mut scene.table, &mut ledger);
    assert_eq!(all, ["instance/0", "instance/1", "instance/2", "env/1", "spec/1", "head"]);
    assert!(changed(&mut scene.table, &mut ledger).is_empty());
    scene.exited(2, 1);
    assert_eq!(changed(&mut scene.table, &mut ledger), ["instance/1"]);
    scene.apply(&fork("other"));
    let new = changed(&mut scene.table, &mut ledger);
    assert_eq!(new, ["instance/3", "env/2", "spec/2", "head"]);
    scene.command(Command::Delete { targets: vec!["other".into()] });
    scene.spawned(4);
    scene.exited(4, 0);
    scene.swept(4);
    let gone = changed(&mut scene.table, &mut ledger);
    assert_eq!(gone, ["-instance/3", "-spec/2", "-env/2"]);
}

#[test]
fn parts_that_need_what_is_missing_are_refused() {
    let mut scene = Scene::new();
    scene.apply(&fork("api"));
    let mut ledger = Ledger::default();
    let read = |part: &Part<'_>| -> Part<'static> {
        serde_json::from_str(&serde_json::to_string(part).unwrap()).unwrap()
    };
    for (without, why) in [
        ("spec/1", "`instance/0` needs `spec/1`, which is missing"),
        ("env/1", "`spec/1` needs `env/1`, which is missing"),
    ] {
        let mut table = scene.table.clone();
        let parts: Vec<_> = table
            .changes(&mut Ledger::default())
            .into_iter()
            .filter(|(key, _)| key != without)
            .map(|(key, part)| (key, read(&part.unwrap())))
            .collect();
        assert_eq!(Supervisor::from_parts(parts).unwrap_err().to_string(), why);
    }
    let (_, part) = scene.table.changes(&mut ledger).pop().unwrap();
    let strange = [("pool/1".to_owned(), read(&part.unwrap()))];
    let error = Supervisor::from_parts(strange).unwrap_err();
    assert_eq!(error.to_string(), "nothing is known of `pool/1`");
}
