//! From an app's spec to the program, arguments and environment of one run.

use camino::Utf8Path;
use rpm_core::spec::{AppSpec, Env, ExecMode};
use rpm_core::{Generation, ProcId};
use rpm_pm2::names::Paths;

/// The file descriptor of a run's channel (`node-cluster` convention: low, so that Node does not
/// leak it to the app's own children).
pub(crate) const CHANNEL_FD: i32 = 3;

/// The variable by which processes of a run are known, also after they left its tree.
pub(crate) const MARKER: &str = "RPM_RUN";

/// What one run is started with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Launch {
    /// The program, absolute or to be looked up by the caller.
    pub(crate) program: String,
    /// Its arguments, the first being its name.
    pub(crate) argv: Vec<String>,
    /// Its whole environment.
    pub(crate) env: Env,
}

/// Where a run belongs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// The instance.
    pub(crate) proc: ProcId,
    /// The run.
    pub(crate) generation: Generation,
    /// Instance number within the app.
    pub(crate) slot: u32,
    /// How often it has been restarted.
    pub(crate) restarts: u32,
    /// The home.
    pub(crate) home: &'a Utf8Path,
    /// Tells this home's runs from those of another.
    pub(crate) mark: &'a str,
    /// The file that Node workers load to drain their connections.
    pub(crate) drain: &'a Utf8Path,
    /// The file that Node apps load to tell figures of themselves.
    pub(crate) metrics: &'a Utf8Path,
    /// Where programs tell how they are; `None` when they cannot.
    pub(crate) notify: Option<&'a Utf8Path>,
}

/// What the run at `place` is started with.
pub(crate) fn launch(spec: &AppSpec, paths: &Paths, place: Place<'_>) -> Launch {
    let mut env =
        rpm_pm2::env::child_env(spec, place.proc.0, place.slot, place.restarts, paths, place.home);
    env.insert(MARKER.to_owned(), marker(place.mark, place.generation));
    env.insert("NODE_CHANNEL_FD".to_owned(), CHANNEL_FD.to_string());
    env.insert("NODE_CHANNEL_SERIALIZATION_MODE".to_owned(), "json".to_owned());
    if let Some(socket) = place.notify {
        ask_to_notify(&mut env, spec, socket);
    }
    if spec.mode == ExecMode::Cluster {
        env.insert("NODE_UNIQUE_ID".to_owned(), place.generation.to_string());
        if spec.cluster.drain && is_node(spec) {
            preload(&mut env, place.drain);
        }
    }
    if spec.pmx_metrics && is_node(spec) {
        preload(&mut env, place.metrics);
    }
    let script = spec.script.to_string();
    let (program, mut argv) = match &spec.interpreter {
        Some(interpreter) => {
            let mut argv = vec![interpreter.to_string()];
            argv.extend(spec.interpreter_args.iter().cloned());
            argv.push(script);
            (interpreter.to_string(), argv)
        }
        None => (script.clone(), vec![script]),
    };
    argv.extend(spec.args.iter().cloned());
    Launch { program, argv, env }
}

/// Tells the program where to tell how it is, in the words of `sd_notify(3)` and
/// `sd_watchdog_enabled(3)`. Who sets these variables in `env` means it.
fn ask_to_notify(env: &mut Env, spec: &AppSpec, socket: &Utf8Path) {
    let mut set = |name: &str, value: String| {
        if !spec.env.contains_key(name) {
            env.insert(name.to_owned(), value);
        }
    };
    set("NOTIFY_SOCKET", socket.to_string());
    if let Some(wait_ms) = spec.ready.watchdog_ms {
        set("WATCHDOG_USEC", wait_ms.saturating_mul(1000).to_string());
    }
}

/// The value of [`MARKER`] for one run.
pub(crate) fn marker(mark: &str, generation: Generation) -> String {
    format!("{mark}.{generation}")
}

/// What a run's entry in the environment of its processes begins with; the generation follows.
pub(crate) fn marker_start(mark: &str) -> String {
    format!("{MARKER}={mark}.")
}

/// Whether Node itself runs the app.
pub(crate) fn is_node(spec: &AppSpec) -> bool {
    spec.interpreter
        .as_ref()
        .and_then(|path| path.file_name())
        .is_some_and(|name| name == "node" || name == "nodejs")
}

fn preload(env: &mut Env, file: &Utf8Path) {
    let options = env.entry("NODE_OPTIONS".to_owned()).or_default();
    if !options.is_empty() {
        options.push(' ');
    }
    options.push_str("--require \"");
    options.push_str(&file.as_str().replace('\\', "\\\\").replace('"', "\\\""));
    options.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn place(home: &Utf8Path) -> Place<'_> {
        Place {
            proc: ProcId(3),
            generation: Generation(17),
            slot: 1,
            restarts: 0,
            home,
            mark: "ab12",
            drain: Utf8Path::new("/h/run/drain \"x\".cjs"),
            metrics: Utf8Path::new("/h/run/metrics.cjs"),
            notify: Some(Utf8Path::new("/h/run/notify")),
        }
    }

    fn paths() -> Paths {
        let home = Utf8Path::new("/h");
        rpm_pm2::names::paths(&AppSpec::default(), 3, &home.join("logs"), &home.join("pids"))
    }

    #[test]
    fn a_worker_is_told_its_channel_and_its_number() {
        let spec = AppSpec {
            name: "api".to_owned(),
            script: "/srv/api.js".into(),
            interpreter: Some("/usr/bin/node".into()),
            interpreter_args: vec!["--trace-warnings".to_owned()],
            args: vec!["-v".to_owned()],
            mode: ExecMode::Cluster,
            base_env: Arc::new(Env::from([(
                "NODE_OPTIONS".to_owned(),
                "--no-warnings".to_owned(),
            )])),
            ..AppSpec::default()
        };
        let launch = launch(&spec, &paths(), place(Utf8Path::new("/h")));
        assert_eq!(launch.argv, ["/usr/bin/node", "--trace-warnings", "/srv/api.js", "-v"]);
        assert_eq!(launch.env["NODE_UNIQUE_ID"], "17");
        assert_eq!(launch.env["NODE_CHANNEL_FD"], "3");
        assert_eq!(launch.env["RPM_RUN"], "ab12.17");
        assert_eq!(launch.env["NOTIFY_SOCKET"], "/h/run/notify");
        assert!(!launch.env.contains_key("WATCHDOG_USEC"));
        assert_eq!(
            launch.env["NODE_OPTIONS"],
            "--no-warnings --require \"/h/run/drain \\\"x\\\".cjs\""
        );
    }

    #[test]
    fn figures_are_told_where_they_were_asked_for() {
        let node = AppSpec {
            script: "/srv/api.js".into(),
            interpreter: Some("/usr/bin/node".into()),
            pmx_metrics: true,
            ..AppSpec::default()
        };
        let launched = launch(&node, &paths(), place(Utf8Path::new("/h")));
        assert_eq!(launched.env["NODE_OPTIONS"], "--require \"/h/run/metrics.cjs\"");
        let usual = AppSpec { pmx_metrics: false, ..node };
        let launched = launch(&usual, &paths(), place(Utf8Path::new("/h")));
        assert!(!launched.env.contains_key("NODE_OPTIONS"));
    }

    #[test]
    fn a_plain_program_is_executed_itself() {
        let spec = AppSpec { script: "/bin/sleep".into(), pmx_metrics: true, ..AppSpec::default() };
        let launch = launch(&spec, &paths(), place(Utf8Path::new("/h")));
        assert_eq!((launch.program.as_str(), launch.argv.len()), ("/bin/sleep", 1));
        assert!(!launch.env.contains_key("NODE_UNIQUE_ID"));
        assert!(!launch.env.contains_key("NODE_OPTIONS"));
    }
}
