//! How runs are replaced: reloads, scales, memory limits.

use crate::scene::{Scene, cluster, fork};
use rpm_core::{AppSpec, Command, ProcId, ScaleTo, Status};

#[test]
fn a_rolling_reload_replaces_one_after_the_other() {
    let mut scene = Scene::new();
    scene.apply(&cluster("api", 2));
    scene.serves(1);
    scene.serves(2);
    scene.skip().reload("api");
    scene.wait(80);
    scene.serves(3);
    assert_eq!(scene.status(0), Status::Online);
    scene.wait(30);
    scene.disconnected(1);
    scene.gone(1);
    scene.serves(4);
    scene.disconnected(2);
    scene.wait(1000);
    scene.gone(2);
    insta::assert_snapshot!(scene.transcript(), @r"
    +0.000s reload api
        · 0 launching
        spawn 0#3 (slot 0, restarts 1)
    +0.080s 0#3 spawned
        · 0 has pid 103
    +0.080s 0#3 up
    +0.080s 0#3 listening
        · 0 online
        · 0 reloaded
        drain 0#1
        · 0 draining
    +0.110s 0#1 disconnected
    +0.110s 0#1 exited (exit code 0)
        · 0 exited (exit code 0)
        sweep 0#1
    +0.110s 0#1 swept
        forget 0#1
        · 1 launching
        spawn 1#4 (slot 1, restarts 1)
    +0.110s 1#4 spawned
        · 1 has pid 104
    +0.110s 1#4 up
    +0.110s 1#4 listening
        · 1 online
        · 1 reloaded
        drain 1#2
        · 1 draining
    +0.110s 1#2 disconnected
    +1.110s woke
        SIGINT tree 1#2
    +1.110s 1#2 exited (exit code 0)
        · 1 exited (exit code 0)
        sweep 1#2
    +1.110s 1#2 swept
        forget 1#2
        answer 2: 0 reloaded, 1 reloaded
    ");
}

#[test]
fn a_reload_whose_new_run_ends_keeps_the_old_ones() {
    let mut scene = Scene::new();
    scene.apply(&cluster("api", 2));
    scene.serves(1);
    scene.serves(2);
    scene.skip().reload("api");
    scene.spawned(3);
    scene.wait(40);
    scene.exited(3, 1);
    scene.swept(3);
    insta::assert_snapshot!(scene.transcript(), @r"
    +0.000s reload api
        · 0 launching
        spawn 0#3 (slot 0, restarts 1)
    +0.000s 0#3 spawned
        · 0 has pid 103
    +0.040s 0#3 exited (exit code 1)
        · 0 crashed (exit code 1)
        · 0 reload failed
        sweep 0#3
    +0.040s 0#3 swept
        forget 0#3
        answer 2:  FAILED 0 exit code 1 after 40 ms, 1 not attempted
    ");
    assert_eq!(scene.table.instance(ProcId(0)).unwrap().restarts, 0);
}

#[test]
fn a_reload_whose_new_run_does_not_listen_keeps_the_old_one() {
    let mut scene = Scene::new();
    scene.apply(&cluster("api", 1));
    scene.serves(1);
    scene.skip().reload("api");
    scene.spawned(2);
    scene.up(2);
    scene.wait(3000);
    scene.gone(2);
    insta::assert_snapshot!(scene.transcript(), @r"
    +0.000s reload api
        · 0 launching
        spawn 0#2 (slot 0, restarts 1)
    +0.000s 0#2 spawned
        · 0 has pid 102
    +0.000s 0#2 up
    +3.000s woke
        · 0 reload failed
        SIGINT tree 0#2
    +3.000s 0#2 exited (exit code 0)
        · 0 exited (exit code 0)
        sweep 0#2
    +3.000s 0#2 swept
        forget 0#2
        answer 2:  FAILED 0 not ready in 3000 ms
    ");
}

#[test]
fn a_worker_that_never_listened_is_replaced_when_the_new_one_has_lived_as_long() {
    let mut scene = Scene::new();
    scene.apply(&cluster("queue", 1));
    scene.spawned(1);
    scene.up(1);
    scene.skip().reload("queue");
    scene.spawned(2);
    scene.up(2);
    scene.wait(3000);
    scene.gone(1);
    insta::assert_snapshot!(scene.transcript(), @r"
    +0.000s reload queue
        · 0 launching
        spawn 0#2 (slot 0, restarts 1)
    +0.000s 0#2 spawned
        · 0 has pid 102
    +0.000s 0#2 up
    +3.000s woke
        · 0 online
        · 0 reloaded
        drain 0#1
        · 0 draining
    +3.000s 0#1 exited (exit code 0)
        · 0 exited (exit code 0)
        sweep 0#1
    +3.000s 0#1 swept
        forget 0#1
        answer 2: 0 reloaded
    ");
}

#[test]
fn when_the_old_run_dies_the_new_one_steps_in() {
    let mut scene = Scene::new();
    scene.apply(&cluster("api", 1));
    scene.serves(1);
    scene.skip().reload("api");
    scene.spawned(2);
    scene.exited(1, 1);
    assert_eq!(scene.status(0), Status::Launching);
    scene.swept(1);
    scene.up(2);
    insta::assert_snapshot!(scene.transcript(), @r"
    +0.000s reload api
        · 0 launching
        spawn 0#2 (slot 0, restarts 1)
    +0.000s 0#2 spawned
        · 0 has pid 102
    +0.000s 0#1 exited (exit code 1)
        · 0 crashed (exit code 1)
        sweep 0#1
    +0.000s 0#1 swept
        forget 0#1
    +0.000s 0#2 up
        · 0 online
        answer 2: 0 reloaded
    ");
}

#[test]
fn a_fork_app_is_restarted_by_a_reload_and_says_so() {
    let mut scene = Scene::new();
    scene.apply(&fork("api"));
    scene.spawned(1);
    scene.skip().reload("api");
    scene.gone(1);
    scene.spawned(2);
    insta::assert_snapshot!(scene.transcript(), @r"
    +0.000s reload api
        · 0 stopping
        SIGINT tree 0#1
    +0.000s 0#1 exited (exit code 0)
        · 0 exited (exit code 0)
        sweep 0#1
    +0.000s 0#1 swept
        forget 0#1
        · 0 launching
        spawn 0#2 (slot 0, restarts 1)
    +0.000s 0#2 spawned
        · 0 has pid 102
        · 0 online
        answer 2: 0 restartednotreloaded
    ");
}

#[test]
fn a_stop_overtakes_a_reload() {
    let mut scene = Scene::new();
    scene.apply(&cluster("api", 3));
    for generation in 1..=3 {
        scene.serves(generation);
    }
    scene.reload("api");
    scene.serves(4);
    scene.skip().stop("api");
    for generation in [1, 2, 3, 4] {
        scene.gone(generation);
    }
    scene.spawn_failed(5, 11, "too late");
    insta::assert_snapshot!(scene.transcript(), @"
    +0.000s stop api
        · 0 stopping
        SIGINT tree 0#4
        SIGINT tree 0#1
        · 1 stopping
        SIGINT tree 1#2
        · 2 stopping
        SIGINT tree 2#3
        answer 2:  FAILED 0 overtaken, 1 overtaken, 2 overtaken
    +0.000s 0#1 exited (exit code 0)
        · 0 exited (exit code 0)
        sweep 0#1
    +0.000s 0#1 swept
        forget 0#1
    +0.000s 1#2 exited (exit code 0)
        · 1 exited (exit code 0)
        sweep 1#2
    +0.000s 1#2 swept
        forget 1#2
    +0.000s 2#3 exited (exit code 0)
        · 2 exited (exit code 0)
        sweep 2#3
    +0.000s 2#3 swept
        forget 2#3
        · 2 stopped
    +0.000s 0#4 exited (exit code 0)
        · 0 exited (exit code 0)
        sweep 0#4
    +0.000s 0#4 swept
        forget 0#4
        · 0 stopped
    +0.000s 1#5 spawn failed (too late)
        · 1 could not be spawned
        forget 1#5
        · 1 stopped
        app api is at rest
        answer 3: 0 stopped, 1 stopped, 2 stopped
    ");
}

#[test]
fn workers_that_are_scaled_away_finish_their_connections() {
    let mut scene = Scene::new();
    scene.apply(&cluster("api", 2));
    scene.serves(1);
    scene.serves(2);
    scene.skip().command(Command::Scale { name: "api".to_owned(), to: ScaleTo::By(1) });
    scene.serves(3);
    scene.command(Command::Scale { name: "api".to_owned(), to: ScaleTo::Exactly(1) });
    scene.disconnected(3);
    scene.gone(3);
    scene.wait(8000);
    scene.gone(2);
    insta::assert_snapshot!(scene.transcript(), @r"
    +0.000s scale api By(1)
        · 2 launching
        spawn 2#3 (slot 2, restarts 0)
    +0.000s 2#3 spawned
        · 2 has pid 103
    +0.000s 2#3 up
        · 2 online
        answer 2: 2 started
    +0.000s 2#3 listening
    +0.000s scale api Exactly(1)
        drain 2#3
        · 2 draining
        drain 1#2
        · 1 draining
    +0.000s 2#3 disconnected
    +0.000s 2#3 exited (exit code 0)
        · 2 exited (exit code 0)
        sweep 2#3
    +0.000s 2#3 swept
        forget 2#3
        · 2 deleted
    +8.000s woke
        SIGINT tree 1#2
    +8.000s 1#2 exited (exit code 0)
        · 1 exited (exit code 0)
        sweep 1#2
    +8.000s 1#2 swept
        forget 1#2
        · 1 deleted
        answer 3: 1 deleted, 2 deleted
    ");
}

#[test]
fn above_its_memory_limit_a_worker_is_reloaded_and_a_plain_app_restarted() {
    let mut scene = Scene::new();
    scene.apply(&AppSpec { max_memory: Some(1000), ..cluster("api", 1) });
    scene.apply(&AppSpec { max_memory: Some(1000), ..fork("web") });
    scene.serves(1);
    scene.spawned(2);
    scene.skip().sampled(1, 1000);
    scene.sampled(1, 1001);
    scene.sampled(2, 2000);
    scene.spawned(3);
    scene.exited(3, 1);
    scene.sampled(1, 1001);
    scene.swept(3);
    scene.wait(29_999);
    scene.sampled(1, 1001);
    scene.wait(1);
    scene.sampled(1, 1001);
    insta::assert_snapshot!(scene.transcript(), @r"
    +0.000s 0#1 uses 1000 bytes
    +0.000s 0#1 uses 1001 bytes
        · 0 uses 1001 of 1000 bytes
        · 0 launching
        spawn 0#3 (slot 0, restarts 1)
    +0.000s 1#2 uses 2000 bytes
        · 1 uses 2000 of 1000 bytes
        · 1 stopping
        SIGINT tree 1#2
    +0.000s 0#3 spawned
        · 0 has pid 103
    +0.000s 0#3 exited (exit code 1)
        · 0 crashed (exit code 1)
        · 0 reload failed
        sweep 0#3
    +0.000s 0#1 uses 1001 bytes
    +0.000s 0#3 swept
        forget 0#3
    +1.600s woke
        SIGKILL tree 1#2
        · 1 killed
    +3.600s woke
        · 1 errored: outlived SIGKILL
    +29.999s 0#1 uses 1001 bytes
    +30.000s 0#1 uses 1001 bytes
        · 0 uses 1001 of 1000 bytes
        · 0 launching
        spawn 0#4 (slot 0, restarts 1)
    ");
}
