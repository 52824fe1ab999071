//! Verbs of PM2 that this version does not have.

/// Verbs of PM2 that this version does not have.
const LATER: [&str; 42] = [
    "autoinstall",
    "backward",
    "cleardump",
    "conf",
    "config",
    "create",
    "dash",
    "dashboard",
    "deepUpdate",
    "ecosystem",
    "examples",
    "expose",
    "forward",
    "get",
    "imonit",
    "init",
    "inspect",
    "install",
    "install-otel",
    "link",
    "login",
    "logout",
    "logrotate",
    "monit",
    "monitor",
    "multiset",
    "open",
    "package",
    "plus",
    "profile:cpu",
    "profile:mem",
    "publish",
    "pull",
    "register",
    "serve",
    "set",
    "slist",
    "sysinfos",
    "uninstall",
    "unlink",
    "unset",
    "web",
];

/// Whether PM2 has this verb and this version has not.
pub(crate) fn has(name: &str) -> bool {
    let also = ["unmonitor", "uninstall-otel"];
    LATER.contains(&name) || also.contains(&name) || name.starts_with("module:")
}
