//! `start --write`: flags, kept as a config file.

use rpm_tests::{Rpm, child};

#[test]
fn a_start_is_written_down() {
    let rpm = Rpm::new();
    let program = child();
    let start =
        ["start", &program, "--name", "my/app", "--max-restarts", "3", "--write", "--", "x"];
    rpm.ok(&start);
    let written = rpm.read("my-app-pm2.json");
    assert!(written.contains("\"max_restarts\": 3"), "{written}");
    rpm.ok(&["delete", "my/app"]);
    // What somebody may have changed meanwhile stays, and nothing is begun.
    let output = rpm.fails(&start);
    assert!(output.stderr.contains("my-app-pm2.json exists"), "{}", output.stderr);
    assert_eq!(rpm.app("my/app").len(), 0);
    rpm.ok(&["start", "my-app-pm2.json"]);
    let app = rpm.one("my/app");
    assert_eq!((app.env("max_restarts"), &app.env("args")[0]), (&3.into(), &"x".into()));
    let output = rpm.fails(&["start", "my-app-pm2.json", "--write"]);
    assert!(output.stderr.contains("is a config file"), "{}", output.stderr);
}
