//! Apps that promise to say that they live.

use crate::scene::{Scene, fork};
use rpm_core::AppSpec;
use rpm_core::spec::ReadyPolicy;

fn promising(name: &str) -> AppSpec {
    let ready = ReadyPolicy { wait: true, watchdog_ms: Some(1000), ..ReadyPolicy::default() };
    AppSpec { ready, ..fork(name) }
}

#[test]
fn who_falls_silent_is_restarted() {
    let mut scene = Scene::new();
    scene.apply(&promising("api"));
    scene.spawned(1);
    // The promise begins when it is up.
    scene.wait(2000);
    scene.ready(1);
    scene.skip();
    scene.wait(900);
    scene.lives(1);
    scene.wait(900);
    scene.lives(1);
    scene.wait(1000);
    scene.gone(1);
    insta::assert_snapshot!(scene.transcript(), @"
    +2.900s 0#1 lives
    +3.800s 0#1 lives
    +4.800s woke
        · 0 silent for 1000 ms
        · 0 stopping
        SIGINT tree 0#1
    +4.800s 0#1 exited (exit code 0)
        · 0 exited (exit code 0)
        sweep 0#1
    +4.800s 0#1 swept
        forget 0#1
        · 0 launching
        spawn 0#2 (slot 0, restarts 1)
    ");
    assert_eq!(scene.table.instances().next().unwrap().restarts, 1);
}

#[test]
fn who_is_stopped_owes_nothing() {
    let mut scene = Scene::new();
    scene.apply(&promising("api"));
    scene.spawned(1);
    scene.ready(1);
    scene.stop("api");
    scene.lives(1);
    scene.gone(1);
    assert_eq!(scene.table.next_deadline(), None);
}
