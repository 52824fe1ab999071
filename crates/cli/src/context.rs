//! The user's surroundings, in which config files and flags are read.

use camino::Utf8PathBuf;
use rpm_config::Context;
use rpm_core::AppSpec;
use rpm_core::spec::Env;
use rpm_proto::{Code, Fault};

/// The shell's environment. A variable that is not text is left out: what travels is JSON.
pub(crate) fn shell_env() -> Env {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The shell's environment without what a process manager told this process: an app that restarts
/// another one must not lend it its own identity.
pub(crate) fn env_to_merge() -> Env {
    let mut env = shell_env();
    if env.contains_key("pm_id") && env.contains_key("pm_exec_path") {
        let nobody = AppSpec::default();
        env.retain(|name, _| name != "pm_id" && !rpm_pm2::env::is_ours(name, &nobody));
    }
    env
}

/// Where the user is.
pub(crate) fn find() -> Result<Context, Fault> {
    let cwd = std::env::current_dir().map_err(|error| {
        Fault::new(Code::Io, "the working directory is not known").because(error.to_string())
    })?;
    let cwd = Utf8PathBuf::from_path_buf(cwd)
        .map_err(|cwd| Fault::new(Code::Io, format!("the path {} is not text", cwd.display())))?;
    let home = std::env::home_dir().and_then(|home| Utf8PathBuf::from_path_buf(home).ok());
    let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let program = std::env::current_exe().ok();
    Ok(Context {
        cwd,
        home: home.unwrap_or_else(|| Utf8PathBuf::from("/")),
        path: std::env::var("PATH").unwrap_or_default(),
        user: user(),
        uid: rpm_sys::process::effective_uid(),
        program: program.and_then(|path| Utf8PathBuf::from_path_buf(path).ok()).unwrap_or_default(),
        cpus: u32::try_from(cpus).unwrap_or(u32::MAX),
    })
}

/// The user's name: what the shell says; cron jobs have `LOGNAME` only, containers often neither.
fn user() -> String {
    let name = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    name.unwrap_or_else(|| match rpm_sys::process::effective_uid() {
        0 => "root".to_owned(),
        uid => uid.to_string(),
    })
}
