//! How runs are stopped, and what a stop puts an end to.

use crate::scene::{Scene, fork};
use rpm_core::spec::{RestartPolicy, StopPolicy};
use rpm_core::{AppSpec, Command, Status};

#[test]
fn a_stop_cancels_the_wait_before_a_restart() {
    let mut scene = Scene::new();
    let restart = RestartPolicy { delay_ms: 4000, ..RestartPolicy::default() };
    scene.apply(&AppSpec { restart, ..fork("api") });
    scene.spawned(1);
    scene.exited(1, 1);
    scene.swept(1);
    assert_eq!(scene.status(0), Status::Waiting);
    scene.wait(3999);
    scene.skip().stop("api");
    scene.wait(100_000);
    scene.start("api");
    insta::assert_snapshot!(scene.transcript(), @"
    +3.999s stop api
        · 0 stopped
        app api is at rest
        answer 2: 0 stopped
    +103.999s start api
        · 0 launching
        spawn 0#2 (slot 0, restarts 0)
    ");
}

#[test]
fn who_is_deaf_to_the_signal_is_killed() {
    let mut scene = Scene::new();
    scene.apply(&fork("api"));
    scene.spawned(1);
    scene.skip().stop("api");
    scene.wait(1600);
    scene.killed(1);
    scene.wait(20);
    scene.swept(1);
    insta::assert_snapshot!(scene.transcript(), @"
    +0.000s stop api
        · 0 stopping
        SIGINT tree 0#1
    +1.600s woke
        SIGKILL tree 0#1
        · 0 killed
    +1.600s 0#1 exited (SIGKILL)
        · 0 exited (SIGKILL)
        sweep 0#1
    +1.620s 0#1 swept
        forget 0#1
        · 0 stopped
        app api is at rest
        answer 2: 0 stopped
    ");
}

#[test]
fn who_outlives_sigkill_is_errored_and_not_forgotten() {
    let mut scene = Scene::new();
    scene.apply(&fork("api"));
    scene.spawned(1);
    scene.skip().restart("api");
    scene.wait(60_000);
    assert_eq!(scene.status(0), Status::Errored);
    scene.killed(1);
    scene.swept(1);
    insta::assert_snapshot!(scene.transcript(), @r"
    +0.000s restart api
        · 0 stopping
        SIGINT tree 0#1
    +1.600s woke
        SIGKILL tree 0#1
        · 0 killed
    +3.600s woke
        · 0 errored: outlived SIGKILL
        answer 2:  FAILED 0 unkillable
    +60.000s 0#1 exited (SIGKILL)
        · 0 exited (SIGKILL)
        sweep 0#1
    +60.000s 0#1 swept
        forget 0#1
        · 0 launching
        spawn 0#2 (slot 0, restarts 1)
    ");
}

#[test]
fn a_message_can_take_the_place_of_the_signal() {
    let mut scene = Scene::new();
    let stop = StopPolicy { with_message: true, treekill: false, ..StopPolicy::default() };
    scene.apply(&AppSpec { stop, ..fork("api") });
    scene.skip().stop("api");
    scene.spawned(1);
    scene.exited(1, 0);
    insta::assert_snapshot!(scene.transcript(), @r#"
    +0.000s stop api
        · 0 stopping
        answer 1:  FAILED 0 overtaken
    +0.000s 0#1 spawned
        · 0 has pid 101
        message "shutdown" 0#1
    +0.000s 0#1 exited (exit code 0)
        · 0 exited (exit code 0)
        forget 0#1
        · 0 stopped
        app api is at rest
        answer 2: 0 stopped
    "#);
}

#[test]
fn a_restart_while_it_stops_starts_it_when_it_has_stopped() {
    let mut scene = Scene::new();
    scene.apply(&fork("api"));
    scene.spawned(1);
    scene.skip().stop("api");
    scene.restart("api");
    scene.gone(1);
    scene.spawned(2);
    insta::assert_snapshot!(scene.transcript(), @r"
    +0.000s stop api
        · 0 stopping
        SIGINT tree 0#1
    +0.000s restart api
        answer 2:  FAILED 0 overtaken
    +0.000s 0#1 exited (exit code 0)
        · 0 exited (exit code 0)
        sweep 0#1
    +0.000s 0#1 swept
        forget 0#1
        · 0 launching
        spawn 0#2 (slot 0, restarts 0)
    +0.000s 0#2 spawned
        · 0 has pid 102
        · 0 online
        answer 3: 0 restarted
    ");
}

#[test]
fn with_the_last_instance_its_app_goes_and_ids_begin_anew() {
    let mut scene = Scene::new();
    scene.apply(&fork("api"));
    scene.spawned(1);
    scene.skip().delete("api");
    scene.gone(1);
    scene.apply(&fork("web"));
    insta::assert_snapshot!(scene.transcript(), @"
    +0.000s delete api
        · 0 stopping
        SIGINT tree 0#1
    +0.000s 0#1 exited (exit code 0)
        · 0 exited (exit code 0)
        sweep 0#1
    +0.000s 0#1 swept
        forget 0#1
        · 0 deleted
        app api is at rest
        answer 2: 0 deleted
    +0.000s apply web×1 (Restart)
        · 0 launching
        spawn 0#2 (slot 0, restarts 0)
    ");
}

#[test]
fn a_shutdown_ends_everything_and_refuses_the_rest() {
    let mut scene = Scene::new();
    scene.apply(&AppSpec { instances: 2, ..fork("api") });
    scene.spawned(1);
    scene.skip().command(Command::Shutdown);
    scene.start("api");
    scene.gone(1);
    scene.spawned(2);
    scene.gone(2);
    insta::assert_snapshot!(scene.transcript(), @"
    +0.000s shutdown
        · 0 stopping
        SIGINT tree 0#1
        · 1 stopping
        answer 1: 0 started FAILED 1 overtaken
    +0.000s start api
        answer 3: refused: ShuttingDown
    +0.000s 0#1 exited (exit code 0)
        · 0 exited (exit code 0)
        sweep 0#1
    +0.000s 0#1 swept
        forget 0#1
        · 0 stopped
    +0.000s 1#2 spawned
        · 1 has pid 102
        SIGINT tree 1#2
    +0.000s 1#2 exited (exit code 0)
        · 1 exited (exit code 0)
        sweep 1#2
    +0.000s 1#2 swept
        forget 1#2
        · 1 stopped
        app api is at rest
        answer 2: 0 stopped, 1 stopped
        quit
    ");
}
