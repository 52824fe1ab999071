//! Settings, config files to begin with, and what PM2 has and this program has not.

use rpm_tests::{Rpm, child_app, environ};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_setting_reaches_its_app_and_no_other() {
    let rpm = Rpm::new();
    rpm.ok(&["set", "web:greeting", "hello"]);
    assert!(!rpm.home().join("rpm.sock").exists(), "`set` started a daemon");
    let file = rpm.home().join("module_conf.json");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let config = rpm.config(&[child_app("web", &[]), child_app("other", &[])]);
    rpm.ok(&["start", &config]);
    let var = |name: &str, var: &str| environ(rpm.one(name).pid, var);
    assert_eq!(var("web", "greeting").as_deref(), Some("hello"));
    assert_eq!(var("web", "web").as_deref(), Some(r#"{"greeting":"hello"}"#));
    assert_eq!(var("other", "greeting"), None);

    let before = rpm.pids("other");
    rpm.ok(&["set", "web:greeting", "bye"]);
    assert_eq!(var("web", "greeting").as_deref(), Some("bye"));
    assert_eq!(before, rpm.pids("other"), "another app was restarted");
}

#[test]
fn settings_may_be_in_a_file_outside_the_home() {
    let rpm = Rpm::new();
    let file = rpm.dir().join("settings.json");
    let rpm = rpm.with_env("PM2_MODULE_CONF_FILE", "settings.json");
    rpm.ok(&["set", "web:greeting", "hello"]);
    assert!(fs::read_to_string(&file).unwrap().contains(r#""greeting": "hello""#));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!rpm.home().join("module_conf.json").exists());
    assert_eq!(rpm.ok(&["get", "web:greeting"]), "Value for module web key greeting: hello\n");
    rpm.ok(&["start", &rpm.config(&[child_app("web", &[])])]);
    let greeting = environ(rpm.one("web").pid, "greeting");
    assert_eq!(greeting.as_deref(), Some("hello"));
}

#[test]
fn what_scripts_read_of_settings() {
    let rpm = Rpm::new();
    rpm.ok(&["multiset", "a:x 1 b:y 'two words'"]);
    assert_eq!(rpm.ok(&["get", "a:x"]), "Value for module a key x: 1\n");
    assert_eq!(rpm.ok(&["get", "b:y", "--json"]), "\"two words\"\n");
    assert_eq!(rpm.ok(&["conf"]), rpm.ok(&["get"]));
    let unknown = rpm.run(&["get", "nope:k"]);
    assert_eq!((unknown.status.code(), &*unknown.stdout), (Some(1), ""));
    rpm.ok(&["unset", "a"]);
    assert_eq!(rpm.run(&["get", "a:x"]).status.code(), Some(1));
    rpm.ok(&["unset", "all"]);
    assert_eq!(rpm.ok(&["get"]), "");
    let file = fs::read_to_string(rpm.home().join("module_conf.json")).unwrap();
    assert_eq!(file.trim(), "{}");
}

#[test]
fn an_editor_may_change_all_settings() {
    let rpm = Rpm::new();
    let editor = rpm.write("editor.sh", "echo '{\"a\":{\"b\":\"1\"}}' > \"$1\"\n");
    let rpm = rpm.with_env("VISUAL", &format!("sh {}", editor.display()));
    rpm.ok(&["set"]);
    assert_eq!(rpm.ok(&["get", "a:b"]), "Value for module a key b: 1\n");
    rpm.write("editor.sh", "echo nonsense > \"$1\"\n");
    assert_eq!(rpm.run(&["set"]).status.code(), Some(1));
    assert_eq!(rpm.ok(&["get", "a:b"]), "Value for module a key b: 1\n");
}

#[test]
fn a_config_to_begin_with_is_one_that_can_be_read() {
    let rpm = Rpm::new();
    rpm.ok(&["init", "simple"]);
    rpm.write("app.js", "setInterval(() => {}, 1000);\n");
    rpm.ok(&["start", "ecosystem.config.js"]);
    assert_eq!(rpm.list().len(), 1);
    rpm.write("ecosystem.config.js", "mine");
    let refused = rpm.run(&["ecosystem"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert_eq!(rpm.read("ecosystem.config.js"), "mine");
    rpm.ok(&["init", "--force"]);
    assert!(rpm.read("ecosystem.config.js").contains("deploy"));
    rpm.write("server.js", "");
    rpm.write("worker.js", "");
    let unknown = rpm.run(&["start", "ecosystem.config.js", "--only", "nobody"]);
    assert!(unknown.stderr.contains("its apps are api, worker"), "{unknown:?}");
    rpm.write("package.json", "{ \"type\": \"module\" }");
    rpm.ok(&["init"]);
    assert!(rpm.read("ecosystem.config.cjs").contains("module.exports"));
}

#[test]
fn an_empty_saved_list() {
    let rpm = Rpm::new();
    rpm.ok(&["start", &rpm.config(&[child_app("kept", &[])])]);
    rpm.ok(&["save"]);
    rpm.ok(&["cleardump"]);
    assert_eq!(fs::read_to_string(rpm.home().join("dump.pm2")).unwrap(), "[]");
    assert_eq!(rpm.list().len(), 1, "what runs goes on");
}

#[test]
fn verbs_of_pm2_that_are_not_here_say_what_to_do_instead() {
    let rpm = Rpm::new();
    assert!(rpm.run(&["link", "delete"]).status.success());
    assert!(rpm.run(&["unlink"]).status.success());
    for verb in ["plus", "deepUpdate", "profile:cpu", "publish", "open"] {
        let answer = rpm.run(&[verb]);
        assert_eq!(answer.status.code(), Some(1), "{verb}");
        assert!(answer.stderr.contains("help: "), "{verb}: {}", answer.stderr);
    }
    let schema: serde_json::Value = serde_json::from_str(&rpm.ok(&["schema"])).unwrap();
    assert!(schema["$defs"]["app"]["properties"]["maxMemoryRestart"].is_object());
    assert!(rpm.ok(&["examples"]).contains("rpm reload"));
    assert!(!rpm.home().join("rpm.sock").exists(), "a daemon was started");
}
