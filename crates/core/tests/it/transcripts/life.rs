//! How runs start, end, and are started again.

use crate::scene::{Scene, cluster, fork};
use rpm_core::spec::{ReadyPolicy, RestartPolicy};
use rpm_core::{AppSpec, Event, Existing, Status};

#[test]
fn a_crash_is_followed_by_a_start_until_it_is_enough() {
    let mut scene = Scene::new();
    let restart = RestartPolicy { max_restarts: 2, ..RestartPolicy::default() };
    scene.apply(&AppSpec { restart, ..fork("api") });
    scene.spawned(1);
    scene.wait(12);
    scene.exited(1, 1);
    scene.wait(3);
    scene.swept(1);
    scene.spawned(2);
    scene.killed(2);
    scene.swept(2);
    scene.wait(100_000);
    insta::assert_snapshot!(scene.transcript(), @"
    +0.000s apply api×1 (Restart)
        · 0 launching
        spawn 0#1 (slot 0, restarts 0)
    +0.000s 0#1 spawned
        · 0 has pid 101
        · 0 online
        answer 1: 0 started
    +0.012s 0#1 exited (exit code 1)
        · 0 crashed (exit code 1)
        sweep 0#1
    +0.015s 0#1 swept
        forget 0#1
        · 0 launching
        spawn 0#2 (slot 0, restarts 1)
    +0.015s 0#2 spawned
        · 0 has pid 102
        · 0 online
    +0.015s 0#2 exited (SIGKILL)
        · 0 crashed (SIGKILL)
        sweep 0#2
    +0.015s 0#2 swept
        forget 0#2
        · 0 errored: 2 runs in a row ended within 1000 ms, the last: SIGKILL
        app api is at rest
    ");
}

#[test]
fn the_wait_before_a_restart_begins_with_the_exit() {
    let mut scene = Scene::new();
    let restart = RestartPolicy { delay_ms: 100, ..RestartPolicy::default() };
    scene.apply(&AppSpec { restart, ..fork("api") });
    scene.spawned(1);
    scene.skip().exited(1, 1);
    scene.wait(60);
    scene.swept(1);
    scene.wait(100);
    insta::assert_snapshot!(scene.transcript(), @r"
    +0.000s 0#1 exited (exit code 1)
        · 0 crashed (exit code 1)
        · 0 waits 100 ms
        sweep 0#1
    +0.060s 0#1 swept
        forget 0#1
    +0.100s woke
        · 0 launching
        spawn 0#2 (slot 0, restarts 1)
    ");
}

#[test]
fn a_start_waits_for_ready_and_goes_on_without() {
    let mut scene = Scene::new();
    let ready = ReadyPolicy { wait: true, ..ReadyPolicy::default() };
    scene.apply_all(
        vec![AppSpec { ready: ready.clone(), ..fork("api") }, AppSpec { ready, ..fork("web") }],
        Existing::Restart,
    );
    scene.spawned(1);
    scene.spawned(2);
    assert_eq!(scene.status(0), Status::Launching);
    scene.wait(50);
    scene.ready(1);
    scene.wait(10_000);
    insta::assert_snapshot!(scene.transcript(), @r"
    +0.000s apply api×1 web×1 (Restart)
        · 0 launching
        spawn 0#1 (slot 0, restarts 0)
        · 1 launching
        spawn 1#2 (slot 0, restarts 0)
    +0.000s 0#1 spawned
        · 0 has pid 101
    +0.000s 1#2 spawned
        · 1 has pid 102
    +0.050s 0#1 ready
        · 0 online
    +3.000s woke
        · 1 was not ready in time
        · 1 online
        answer 1: 0 started, 1 startedunready
    ");
}

#[test]
fn who_waits_for_a_start_hears_of_its_early_end_at_once() {
    let mut scene = Scene::new();
    let ready = ReadyPolicy { wait: true, ..ReadyPolicy::default() };
    scene.apply(&AppSpec { ready, ..fork("api") });
    scene.spawned(1);
    scene.wait(50);
    scene.exited(1, 1);
    scene.swept(1);
    insta::assert_snapshot!(scene.transcript(), @r"
    +0.000s apply api×1 (Restart)
        · 0 launching
        spawn 0#1 (slot 0, restarts 0)
    +0.000s 0#1 spawned
        · 0 has pid 101
    +0.050s 0#1 exited (exit code 1)
        · 0 crashed (exit code 1)
        sweep 0#1
        answer 1:  FAILED 0 exit code 1 after 50 ms
    +0.050s 0#1 swept
        forget 0#1
        · 0 launching
        spawn 0#2 (slot 0, restarts 1)
    ");
}

#[test]
fn what_cannot_be_started_is_errored_with_the_reason() {
    let mut scene = Scene::new();
    scene.apply(&fork("api"));
    scene.spawn_failed(1, 2, "No such file or directory");
    scene.wait(100_000);
    scene.restart("api");
    scene.spawn_failed(2, 11, "Resource temporarily unavailable");
    scene.wait(1000);
    insta::assert_snapshot!(scene.transcript(), @"
    +0.000s apply api×1 (Restart)
        · 0 launching
        spawn 0#1 (slot 0, restarts 0)
    +0.000s 0#1 spawn failed (No such file or directory)
        · 0 could not be spawned
        forget 0#1
        · 0 errored: running it: No such file or directory
        app api is at rest
        answer 1:  FAILED 0 no spawn (No such file or directory)
    +100.000s restart api
        · 0 launching
        spawn 0#2 (slot 0, restarts 0)
    +100.000s 0#2 spawn failed (Resource temporarily unavailable)
        · 0 could not be spawned
        · 0 waits 1000 ms
        forget 0#2
        answer 2:  FAILED 0 no spawn (Resource temporarily unavailable)
    +101.000s woke
        · 0 launching
        spawn 0#3 (slot 0, restarts 1)
    ");
}

#[test]
fn news_that_come_twice_or_late_change_nothing() {
    let mut scene = Scene::new();
    scene.apply(&cluster("api", 1));
    scene.serves(1);
    scene.exited(1, 1);
    scene.skip().exited(1, 1);
    scene.spawned(1);
    scene.swept(1);
    scene.skip().swept(1);
    scene.exited(1, 0);
    scene.event(Event::Woke);
    insta::assert_snapshot!(scene.transcript(), @r"
    +0.000s 0#1 swept
    +0.000s 0#1 exited (exit code 0)
    +0.000s woke
    ");
}
