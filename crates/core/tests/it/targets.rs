//! Which instances commands are about, and what is refused.

use crate::scene::{Scene, cluster, fork};
use crate::table::outcome;
use rpm_core::{AppSpec, Command, Existing, Outcome, ProcId, Refusal, ScaleTo, Supervisor, Target};

/// Instances 0 and 1 of `api`, 2 of `web` (namespace `front`), 3 of an app called `0`.
fn four() -> Scene {
    let mut scene = Scene::new();
    let web = AppSpec { namespace: "front".to_owned(), ..fork("web") };
    let apps = vec![AppSpec { instances: 2, ..fork("api") }, web, fork("0")];
    scene.apply_all(apps, Existing::Restart);
    for generation in 1..=4 {
        scene.spawned(generation);
    }
    scene
}

fn names(scene: &Scene, target: &str) -> Result<Vec<u32>, Refusal> {
    let procs = scene.table.resolve(&Target::from(target))?;
    Ok(procs.into_iter().map(|proc| proc.0).collect())
}

#[test]
fn targets() {
    let scene = four();
    let rows: [(&str, &[u32]); 9] = [
        ("all", &[0, 1, 2, 3]),
        ("api", &[0, 1]),
        ("/srv/web.js", &[2]),
        ("/^(api|web)$/", &[0, 1, 2]),
        ("//a/p/", &[0, 1]),
        ("front", &[2]),
        ("default", &[0, 1, 3]),
        ("2", &[2]),
        ("0", &[3]),
    ];
    for (target, procs) in rows {
        assert_eq!(names(&scene, target), Ok(procs.to_vec()), "{target}");
    }
    let nearest = |target: &str| match names(&scene, target) {
        Err(Refusal::NotFound { nearest, .. }) => nearest,
        other => panic!("{target}: {other:?}"),
    };
    assert_eq!(nearest("wbe").as_deref(), Some("web"));
    assert_eq!(nearest("billing"), None);
    assert_eq!(nearest("7"), None, "each name of one letter is one letter off");
    assert!(matches!(names(&scene, "/(/"), Err(Refusal::BadPattern { .. })));
    assert!(matches!(names(&scene, "/x/"), Err(Refusal::NothingMatches { .. })));
    let empty = Supervisor::new().resolve(&Target::from("all"));
    assert!(matches!(empty, Err(Refusal::NothingMatches { .. })));
}

#[test]
fn one_bad_target_refuses_the_whole_command() {
    let mut scene = four();
    let targets = vec!["api".into(), "wbe".into()];
    let actions = scene.command(Command::Stop { targets, settings: Vec::new() });
    assert!(matches!(outcome(&actions), Some(Outcome::Refused { .. })), "{actions:?}");
    assert_eq!(actions.len(), 1, "nothing is begun: {actions:?}");
}

#[test]
fn a_scale_that_changes_nothing_or_goes_too_low_is_refused() {
    let mut scene = four();
    let mut refused = |name: &str, to| {
        let actions = scene.command(Command::Scale { name: name.to_owned(), to });
        match outcome(&actions) {
            Some(Outcome::Refused { refusal }) => refusal.clone(),
            other => panic!("{other:?}"),
        }
    };
    let name = "api".to_owned();
    let same = Refusal::NothingToScale { name: name.clone(), instances: 2 };
    assert_eq!(refused("api", ScaleTo::Exactly(2)), same);
    let low = Refusal::ScaleTooLow { name, instances: 2, by: -2 };
    assert_eq!(refused("api", ScaleTo::By(-2)), low);
    assert!(matches!(refused("ap", ScaleTo::By(1)), Refusal::NotFound { .. }));
}

#[test]
fn a_second_reload_is_refused_and_nothing_reaches_what_is_being_deleted() {
    let mut scene = Scene::new();
    scene.apply(&cluster("api", 2));
    scene.serves(1);
    scene.serves(2);
    scene.reload("api");
    let refusal = Refusal::ReloadUnderWay { name: "api".to_owned() };
    assert_eq!(outcome(&scene.reload("1")), Some(&Outcome::Refused { refusal }));
    scene.delete("api");
    let refused = scene.start("api");
    assert!(matches!(outcome(&refused), Some(Outcome::Refused { .. })), "{refused:?}");
    scene.apply(&cluster("api", 1));
    assert_eq!(scene.slots(), [(0, 0), (1, 1), (2, 2)], "a new one beside those that go");
}

#[test]
fn a_signal_needs_a_process() {
    let mut scene = four();
    let signal = |target: &str| Command::Signal {
        targets: vec![target.into()],
        signal: rpm_core::Signal::TERM,
    };
    scene.exited(1, 0);
    let refusal = Refusal::NotRunning { proc: ProcId(0), name: "api".to_owned() };
    scene.stop("0");
    scene.gone(4);
    let refused = Refusal::NotRunning { proc: ProcId(3), name: "0".to_owned() };
    assert_eq!(outcome(&scene.command(signal("0"))), Some(&Outcome::Refused { refusal: refused }));
    assert!(matches!(outcome(&scene.command(signal("api"))), Some(Outcome::Done { .. })));
    scene.exited(2, 0);
    assert_eq!(outcome(&scene.command(signal("api"))), Some(&Outcome::Refused { refusal }));
}
