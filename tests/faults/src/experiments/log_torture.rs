//! Lines at a high rate, files that are rotated, and a supervisor that is killed all the time.

use super::{Experiment, Order};
use crate::report::Report;
use crate::scene::{Mix, Scene};
use std::fs;

/// 20,000 lines a second in five streams.
pub(crate) const TORTURE: Experiment = Experiment {
    name: "log-torture",
    about: "SIGKILL of the supervisor every 20 to 100 ms with 20,000 lines a second and rotations",
    times: 200,
    short_times: 40,
    run: torture,
};

fn torture(order: &mut Order) -> Report {
    let rate = if order.short { 1000 } else { 4000 };
    let mut scene = Scene::start(Mix { lines_a_second: rate, ..Mix::NONE }, &[]);
    for round in 0..order.times {
        std::thread::sleep(std::time::Duration::from_millis(20));
        order.chance.sleep_ms(80);
        if round % 10 == 5 {
            rotate(&mut scene, round);
        }
        let fault = scene.kill_supervisor();
        // Where the successor becomes ready, the keeper does not wait before the next one.
        if round % 4 != 0 {
            scene.regain(fault);
        }
        if scene.is_lost() {
            break;
        }
    }
    let mut report = scene.finish();
    report.promise_nothing_noticed();
    report.promise_memory(super::MEMORY_KIB);
    report
}

/// As logrotate does it: a new name, then word that there is a new file to be made.
fn rotate(scene: &mut Scene, round: u64) {
    let logs = scene.rpm.home().join("logs");
    for entry in fs::read_dir(&logs).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "log") {
            fs::rename(&path, path.with_extension(format!("log.{round}"))).unwrap();
        }
    }
    let output = scene.rpm.run(&["reloadLogs"]);
    if !output.status.success() {
        scene.note(format!("reloadLogs: {}", output.all().trim()));
    }
}
