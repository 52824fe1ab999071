//! Control groups of this host, and of folders that look like them.

use super::*;

const HYBRID_GROUPS: &str = "4:cpu,cpuacct:/jobs\n3:pids:/jobs\n2:memory:/\n0::/system/rpm.main\n";
const HYBRID_MOUNTS: &str = "\
20 1 0:1 / / rw - ext4 /dev/vda rw
21 20 0:2 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory
22 20 0:3 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
23 20 0:4 /jobs /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
24 20 0:5 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
";

/// A folder that looks like a group of version 2.
fn two(controllers: &str, procs: &str) -> (tempfile::TempDir, Roots) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("cgroup.controllers"), controllers).unwrap();
    fs::write(dir.path().join("cgroup.subtree_control"), "").unwrap();
    fs::write(dir.path().join("cgroup.procs"), procs).unwrap();
    let roots = Roots { two: Some(dir.path().to_owned()), one: BTreeMap::new() };
    (dir, roots)
}

#[test]
fn groups_are_found() {
    let roots = Roots::parse(HYBRID_GROUPS, HYBRID_MOUNTS);
    assert_eq!(roots.two.as_deref(), Some(Path::new("/sys/fs/cgroup/unified/system")));
    let one = |controller| roots.one[&controller].to_str().unwrap();
    assert_eq!(one(Controller::Memory), "/sys/fs/cgroup/memory/");
    assert_eq!(one(Controller::Cpu), "/sys/fs/cgroup/cpu,cpuacct/jobs");
    assert_eq!(one(Controller::Pids), "/sys/fs/cgroup/pids/");
    assert_eq!(Roots::parse("", ""), Roots::default());
    assert_eq!(
        Roots::parse("0::/rpm.main", "9 9 0:5 / /c rw - cgroup2 c rw").two.unwrap(),
        Path::new("/c/")
    );
    assert_eq!(Roots::parse("0::/../other", "9 9 0:5 /x /c rw - cgroup2 c rw").two, None);
}

#[test]
fn a_group_that_others_are_in_is_left_alone() {
    let (dir, roots) = two("cpu memory pids", "10\n11\n");
    let groups = Groups::at(roots, |pid| pid == 10);
    let why = groups.refusal(Controller::Memory).unwrap();
    assert!(why.contains("pid 11") && why.contains("Delegate=yes"), "{why}");
    assert!(!dir.path().join(MAIN).exists());
    let bounds = Bounds { memory: Some(1), cpu_milli: None, pids: None };
    let made = groups.make("x", bounds);
    assert_eq!((made.procs.len(), made.refused.len()), (0, 1));
    assert!(!dir.path().join("x").exists());
}

#[test]
fn what_is_given_to_us_is_divided() {
    // A real folder does not show what was enabled; this one has memory and pids already.
    let (dir, roots) = two("memory pids", "");
    fs::write(dir.path().join("cgroup.subtree_control"), "memory pids").unwrap();
    let groups = Groups::at(roots, |_| false);
    assert_eq!(groups.refusal(Controller::Memory), None);
    assert!(groups.refusal(Controller::Cpu).unwrap().contains("not given to us"));
    let bounds = Bounds { memory: Some(5 << 20), cpu_milli: Some(1500), pids: Some(7) };
    let made = groups.make("rpm.a.1", bounds);
    let leaf = dir.path().join("rpm.a.1");
    assert_eq!(made.procs, [leaf.join("cgroup.procs")]);
    assert_eq!(made.refused.len(), 1);
    assert_eq!(fs::read_to_string(leaf.join("memory.max")).unwrap(), "5242880");
    assert_eq!(fs::read_to_string(leaf.join("pids.max")).unwrap(), "7");
    assert_eq!(groups.names("rpm.a."), ["rpm.a.1"]);
    assert!(groups.kill("rpm.a.1"));
    assert_eq!(fs::read_to_string(leaf.join("cgroup.kill")).unwrap(), "1");
    assert!(!groups.remove("rpm.a.1"), "it is not empty");
    fs::remove_dir_all(&leaf).unwrap();
    assert!(groups.remove("rpm.a.1"));
}

#[test]
fn a_share_of_a_cpu_is_a_quota() {
    let bounds = Bounds { cpu_milli: Some(1500), ..Bounds::default() };
    let quota = bounds.of(Controller::Cpu).unwrap();
    let two = settings(Controller::Cpu, Version::Two, quota);
    assert_eq!(two, [("cpu.max", "150000 100000".to_owned())]);
    assert_eq!(settings(Controller::Cpu, Version::One, quota).len(), 2);
}

#[test]
fn this_host_says_what_it_can() {
    // Nobody is known, so that nothing is moved.
    let groups = Groups::prepare(|_| false);
    let name = format!("rpm.test.{}", std::process::id());
    let made = groups.make(&name, Bounds { pids: Some(50), ..Bounds::default() });
    assert_eq!(made.procs.len() + made.refused.len(), 1);
    for procs in &made.procs {
        let max = fs::read_to_string(procs.with_file_name("pids.max")).unwrap();
        assert_eq!(max.trim(), "50");
    }
    assert!(groups.remove(&name));
}
