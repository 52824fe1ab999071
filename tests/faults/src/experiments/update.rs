//! `rpm update`: to a good binary, and to one that does not come up.

use super::{Experiment, Order, skipped};
use crate::report::Report;
use crate::scene::{Mix, Scene};
use std::fs;
use std::time::Instant;

/// To a copy of the same binary.
pub(crate) const GOOD: Experiment = Experiment {
    name: "update",
    about: "`rpm update` by a copy of the binary: supervisor and keeper are replaced",
    times: 20,
    short_times: 4,
    run: good,
};

/// To a program that is no daemon.
pub(crate) const BROKEN: Experiment = Experiment {
    name: "update-broken",
    about: "`rpm update --to` a binary that does not come up",
    times: 10,
    short_times: 3,
    run: broken,
};

/// Whether there is such a verb.
fn is_there(scene: &Scene) -> bool {
    scene.rpm.run(&["update", "--help"]).status.success()
}

fn good(order: &mut Order) -> Report {
    let mut scene = Scene::start(Mix::ALL, &[]);
    if !is_there(&scene) {
        drop(scene.finish());
        return skipped("this version has no `rpm update`");
    }
    let copies = ["rpm-a", "rpm-b"].map(|name| scene.rpm.dir().join(name));
    for copy in &copies {
        fs::copy(scene.rpm.binary(), copy).unwrap();
    }
    for round in 0..order.times {
        order.chance.sleep_ms(200);
        let old = scene.supervisor();
        let to = &copies[usize::try_from(round % 2).unwrap()];
        let fault = Instant::now();
        let words = ["update", "--to", to.to_str().unwrap()];
        let output = scene.rpm.run(&words);
        scene.report.faults += 1;
        if !output.status.success() {
            scene.report.broken.push(output.told(&words));
            break;
        }
        scene.regain(fault);
        let new = scene.supervisor();
        let exe = new.and_then(|pid| fs::read_link(format!("/proc/{pid}/exe")).ok());
        let replaced = old != new && exe.as_deref() == Some(to);
        scene.report.promise(replaced, format!("{old:?} was followed by {new:?}, {exe:?}"));
        let victim = usize::try_from(order.chance.below(4)).unwrap();
        scene.end_victim(victim, nix::sys::signal::Signal::SIGUSR1);
        scene.check_exit(victim);
    }
    let mut report = scene.finish();
    report.promise_nothing_noticed();
    report
}

fn broken(order: &mut Order) -> Report {
    let mut scene = Scene::start(Mix::ALL, &[]);
    if !is_there(&scene) {
        drop(scene.finish());
        return skipped("this version has no `rpm update`");
    }
    let hangs = scene.rpm.write("hangs", "#!/bin/sh\nexec sleep 1000\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&hangs, mode).unwrap();
    for _ in 0..order.times {
        order.chance.sleep_ms(200);
        let to = *order.chance.one_of(&["/bin/false", "/etc/passwd", hangs.to_str().unwrap()]);
        let words = ["update", "--to", to];
        let fault = Instant::now();
        let output = scene.rpm.run(&words);
        scene.report.faults += 1;
        if output.status.success() || output.all().trim().is_empty() {
            scene.report.broken.push(output.told(&words));
        }
        scene.regain(fault);
        if scene.is_lost() {
            break;
        }
    }
    let mut report = scene.finish();
    report.regain_ms.clear();
    report.promise_nothing_noticed();
    report
}
