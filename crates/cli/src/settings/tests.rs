//! Settings are kept, shown and lent as PM2 does.

use super::*;

fn home() -> (tempfile::TempDir, Home) {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(folder.path().join("home")).unwrap();
    (folder, Home::at(path))
}

fn set(home: &Home, key: &str, value: &str) {
    let key = Key::read(key).unwrap();
    Settings::change(home, |settings| settings.set(&key, value.to_owned())).unwrap();
}

#[test]
fn what_is_set_is_found_and_private() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, home) = home();
    for (key, value) in [("web:port", "80"), ("web.a.b", "deep"), ("top", "val")] {
        set(&home, key, value);
    }
    let settings = Settings::read(&home).unwrap();
    let get = |key: &str| settings.get(&Key::read(key).unwrap()).map(value_text);
    assert_eq!(get("web:port").as_deref(), Some("80"));
    assert_eq!(get("web.a.b").as_deref(), Some("deep"));
    assert_eq!(get("top").as_deref(), Some("val"));
    assert_eq!(get("web:nope"), None);
    assert_eq!(get("nope"), None);
    insta::assert_snapshot!(lines(settings.values(), None).join("\n"), @r#"
    Module: web
    $ rpm set web:port 80
    $ rpm set web:a {"b":"deep"}
    $ rpm set top val
    "#);
    let mode = std::fs::metadata(home.settings()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let left = std::fs::read_dir(home.path()).unwrap().count();
    assert_eq!(left, 1, "something is left beside the file");
}

#[test]
fn a_value_is_not_lost_to_a_group_of_its_name() {
    let (_folder, home) = home();
    set(&home, "top", "val");
    let key = Key::read("top:x").unwrap();
    assert!(Settings::change(&home, |settings| settings.set(&key, String::new())).is_err());
    let settings = Settings::read(&home).unwrap();
    assert_eq!(settings.get(&Key::read("top").unwrap()), Some(&Value::from("val")));
}

#[test]
fn unset_takes_empty_groups_along() {
    let (_folder, home) = home();
    set(&home, "a.b.c", "1");
    set(&home, "x:y", "1");
    let unset = |key: &str| {
        let key = Key::read(key).unwrap();
        Settings::change(&home, |settings| {
            settings.unset(&key);
            Ok(())
        })
        .unwrap();
        Settings::read(&home).unwrap().values().clone()
    };
    assert_eq!(
        Value::Object(unset("nope:x")),
        serde_json::json!({"a":{"b":{"c":"1"}},"x":{"y":"1"}})
    );
    assert_eq!(Value::Object(unset("a.b.c")), serde_json::json!({"x":{"y":"1"}}));
    assert_eq!(Value::Object(unset("x")), serde_json::json!({}));
}

#[test]
fn an_app_is_told_its_own_settings() {
    let (_folder, home) = home();
    set(&home, "web:greeting", "hello");
    set(&home, "other:greeting", "no");
    set(&home, "web:bad=name", "no");
    let settings = Settings::read(&home).unwrap();
    let mut apps = [
        AppSpec { name: "web".to_owned(), ..AppSpec::default() },
        AppSpec { name: "plain".to_owned(), ..AppSpec::default() },
    ];
    settings.lend(&mut apps);
    assert_eq!(apps[0].env["greeting"], "hello");
    assert_eq!(apps[0].env["web"], r#"{"greeting":"hello","bad=name":"no"}"#);
    assert_eq!(apps[0].env.len(), 2);
    assert!(apps[1].env.is_empty());
}

#[test]
fn a_broken_file_is_not_overwritten() {
    let (_folder, home) = home();
    home.create().unwrap();
    std::fs::write(home.settings(), "{ nope").unwrap();
    let key = Key::read("a:b").unwrap();
    let fault = Settings::change(&home, |settings| settings.set(&key, "1".to_owned())).unwrap_err();
    assert_eq!(fault.code, Code::ConfigSyntax);
    assert_eq!(std::fs::read_to_string(home.settings()).unwrap(), "{ nope");
}

#[test]
fn changes_at_the_same_time_are_all_kept() {
    let (_folder, home) = home();
    std::thread::scope(|scope| {
        for at in 0..8 {
            let home = &home;
            scope.spawn(move || set(home, &format!("app:k{at}"), "v"));
        }
    });
    let settings = Settings::read(&home).unwrap();
    assert_eq!(settings.variables("app").len(), 9);
}
