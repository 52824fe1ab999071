//! What a run may use and do is what its config says, as the kernel has it.

use rpm_tests::{Process, Rpm, child_app, eventually};
use serde_json::json;
use std::fs;

fn status(pid: u32, field: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim().to_owned()
}

fn limit(pid: u32, name: &str) -> Vec<String> {
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().take(2).map(str::to_owned).collect()
}

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

#[test]
fn each_process_is_bounded() {
    let rpm = Rpm::new();
    let mut app = child_app("small", &[]);
    app["no_new_privs"] = json!(true);
    app["umask"] = json!("027");
    app["nice"] = json!(3);
    app["rlimits"] = json!({ "nofile": [100, 200], "core": 0 });
    let config = rpm.config(&[app]);
    rpm.ok(&["start", &config]);
    let holds = |pid: u32| {
        assert_eq!(status(pid, "NoNewPrivs:"), "1");
        assert_eq!(status(pid, "Umask:"), "0027");
        assert_eq!(limit(pid, "Max open files"), ["100", "200"]);
        assert_eq!(limit(pid, "Max core file size"), ["0", "0"]);
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let rest = stat.rsplit_once(") ").unwrap().1;
        assert_eq!(rest.split(' ').nth(16), Some("3"), "its nice value");
    };
    holds(rpm.one("small").pid);
    // A saved list has them too.
    rpm.ok(&["save"]);
    rpm.ok(&["kill"]);
    rpm.ok(&["resurrect"]);
    holds(rpm.eventually_one("small", "it runs again", Process::is_online).pid);
}

#[test]
fn a_limit_that_cannot_be_set_fails_the_start() {
    let rpm = Rpm::new();
    let mut app = child_app("greedy", &[]);
    // More than the kernel's own bound, `fs.nr_open`.
    app["rlimits"] = json!({ "nofile": "unlimited" });
    let config = rpm.config(&[app]);
    let told = rpm.fails(&["start", &config]).all();
    assert!(told.contains("limits") && told.contains("greedy"), "{told}");
}

#[test]
fn the_tree_is_bounded_or_it_is_said_why_not() {
    let rpm = Rpm::new();
    let mut app = child_app("tree", &[]);
    app["limits"] = json!({ "pids": 40, "memory": "256M" });
    let config = rpm.config(&[app]);
    rpm.ok(&["start", &config]);
    let pid = rpm.one("tree").pid;
    let groups = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
    let own = groups.lines().filter(|line| {
        let (kind, path) = line.split_once(':').unwrap().1.split_once(':').unwrap();
        path.contains("/rpm.")
            && !path.ends_with("rpm.main")
            && (kind.is_empty() || kind == "pids" || kind == "memory")
    });
    let own: Vec<String> = own.map(str::to_owned).collect();
    let told = rpm.ok(&["describe", "tree"]);
    assert!(told.contains("limit processes"), "{told}");
    if own.is_empty() {
        assert!(told.contains("not enforced"), "{groups}\n{told}");
        assert!(rpm.ok(&["report"]).contains("a limit is not enforced"));
        eventually("the log says it", || {
            rpm.daemon_log().contains("a limit is not enforced").then_some(())
        });
    }
    rpm.ok(&["delete", "tree"]);
    let name = own.first().and_then(|line| line.rsplit('/').next()).unwrap_or("none").to_owned();
    eventually("its groups are gone", || {
        let all = ["/sys/fs/cgroup", "/sys/fs/cgroup/pids", "/sys/fs/cgroup/memory"];
        all.iter().all(|root| !std::path::Path::new(root).join(&name).exists()).then_some(())
    });
}

#[test]
fn an_app_of_another_user_has_its_groups_and_no_others() {
    if !is_root() {
        return;
    }
    let rpm = Rpm::new();
    // Where its user may be.
    let app = json!({
        "name": "other", "script": "/bin/sleep", "args": "1000", "interpreter": "none",
        "cwd": "/", "uid": "nobody"
    });
    let config = rpm.config(&[app]);
    rpm.ok(&["start", &config]);
    let pid = rpm.one("other").pid;
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
    let (uid, gid) = (nobody.uid.as_raw(), nobody.gid.as_raw());
    assert_eq!(status(pid, "Uid:"), format!("{uid}\t{uid}\t{uid}\t{uid}"));
    assert_eq!(status(pid, "Gid:"), format!("{gid}\t{gid}\t{gid}\t{gid}"));
    assert_eq!(status(pid, "Groups:"), gid.to_string());
}
