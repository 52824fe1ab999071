//! Lines at a high rate, files that are rotated, and a supervisor that is killed all the time.

use super::{Experiment, Order};
use crate::report::Report;
use crate::scene::{Mix, Scene};
use rpm_tests::Rpm;
use std::fs;

/// 20,000 lines a second in five streams.
pub(crate) const TORTURE: Experiment = Experiment {
    name: "log-torture",
    about: "SIGKILL of the supervisor every 20 to 100 ms with 20,000 lines a second and rotations",
    times: 200,
    short_times: 40,
    run: torture,
};

/// The same while the daemon puts its files aside and compresses them.
pub(crate) const ROTATION: Experiment = Experiment {
    name: "rotation-kill",
    about: "SIGKILL of the supervisor every 20 to 100 ms while logs are rotated at 64 KiB and compressed",
    times: 200,
    short_times: 40,
    run: rotation,
};

fn torture(order: &mut Order) -> Report {
    let rpm = Rpm::new();
    rpm.ok(&["set", "pm2-logrotate:enabled", "false"]);
    let rotate = |scene: &mut Scene, round| {
        if round % 10 == 5 {
            rotate(scene, round);
        }
    };
    kill_again_and_again(order, rpm, rotate).0
}

fn rotation(order: &mut Order) -> Report {
    let rpm = Rpm::new();
    for (name, value) in [("max_size", "64K"), ("retain", "all"), ("compress", "true")] {
        rpm.ok(&["set", &format!("pm2-logrotate:{name}"), value]);
    }
    let (mut report, rotated) = kill_again_and_again(order, rpm, |_, _| {});
    report.notes.push(format!("{rotated} files were put aside"));
    report.promise(rotated >= 10, format!("{rotated} files were put aside, which is hardly any"));
    report
}

/// Gives the report, and how many files were put aside by the daemon.
fn kill_again_and_again(
    order: &mut Order,
    rpm: Rpm,
    between: impl Fn(&mut Scene, u64),
) -> (Report, usize) {
    let rate = if order.short { 1000 } else { 4000 };
    let mut scene = Scene::start_in(rpm, Mix { lines_a_second: rate, ..Mix::NONE }, &[]);
    let logs = scene.rpm.home().join("logs");
    for round in 0..order.times {
        std::thread::sleep(std::time::Duration::from_millis(20));
        order.chance.sleep_ms(80);
        between(&mut scene, round);
        let fault = scene.kill_supervisor();
        // Where the successor becomes ready, the keeper does not wait before the next one.
        if round % 4 != 0 {
            scene.regain(fault);
        }
        if scene.is_lost() {
            break;
        }
    }
    let names = fs::read_dir(&logs).unwrap().map(|entry| entry.unwrap().file_name());
    let rotated = names.filter(|name| name.to_string_lossy().contains("__")).count();
    let mut report = scene.finish();
    report.promise_nothing_noticed();
    report.promise_memory(super::MEMORY_KIB);
    (report, rotated)
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
