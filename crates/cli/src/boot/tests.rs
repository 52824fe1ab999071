//! The service of each platform, as text.

use super::*;

fn service() -> Service {
    Service {
        name: "rpm-web".to_owned(),
        user: "web".to_owned(),
        home: "/srv/we b/.rpm".to_owned(),
        program: "/opt/100%/rpm".to_owned(),
        path: "/opt/node/bin:/usr/bin".to_owned(),
        wait_ip: false,
    }
}

#[test]
fn platforms_are_known_by_their_names_and_by_those_of_systems() {
    for name in Platform::names() {
        assert_eq!(Platform::named(name).unwrap().name(), name);
    }
    assert_eq!(Platform::named("Ubuntu"), Some(Platform::Systemd));
    assert_eq!(Platform::named("alpine"), Some(Platform::Openrc));
    assert_eq!(Platform::named("darwin"), Some(Platform::Launchd));
    assert_eq!(Platform::named("beos"), None);
    assert_eq!(Platform::detect(|program| program == "rc-update"), Some(Platform::Openrc));
    assert_eq!(Platform::detect(|_| true), Some(Platform::Systemd));
    assert_eq!(Platform::detect(|_| false), None);
}

#[test]
fn each_platform_has_its_file() {
    for name in Platform::names() {
        let platform = Platform::named(name).unwrap();
        let service = Service { name: platform.service_name("web"), ..service() };
        let plan = plan(platform, &service);
        let commands = |commands: &[Vec<String>]| {
            commands.iter().map(|words| words.join(" ")).collect::<Vec<_>>().join("\n")
        };
        let shown = format!(
            "{} {:o}\n\n{}\nenable:\n{}\n\ndisable:\n{}",
            plan.file,
            plan.mode,
            plan.text,
            commands(&plan.enable),
            commands(&plan.disable)
        );
        for place in ["@NAME@", "@USER@", "@HOME@", "@PROGRAM@", "@PATH@", "@AFTER@"] {
            assert!(!plan.text.contains(place), "{name}: {place} is not filled");
        }
        insta::assert_snapshot!(name, shown);
    }
}

#[test]
fn scripts_are_of_the_shells_grammar() {
    for platform in [Platform::Upstart, Platform::Openrc, Platform::Rcd, Platform::RcdOpenbsd] {
        let text = service().text(platform);
        let mut check = std::process::Command::new("sh")
            .args(["-n", "-s"])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut check.stdin.take().unwrap(), text.as_bytes()).unwrap();
        assert!(check.wait().unwrap().success(), "{}:\n{text}", platform.name());
    }
}

#[test]
fn a_value_is_taken_as_it_is() {
    let service = Service { home: "/@PATH@".to_owned(), wait_ip: true, ..service() };
    let text = service.text(Platform::Systemd);
    assert!(text.contains("\"RPM_HOME=/@PATH@\""));
    assert!(text.contains("After=network-online.target\nWants=network-online.target\n"));
    assert!(text.contains("ExecStart=\"/opt/100%%/rpm\" keeper"));
    let service = Service { home: "/it's".to_owned(), ..service };
    assert!(service.text(Platform::Systemv).contains(r"RPM_HOME='/it'\''s'"));
}
