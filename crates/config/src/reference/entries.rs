//! The reference's table of keys: type, default, meaning.

use super::Entry;

const TEXT: &str = r#"{"type":"string","minLength":1}"#;
const FLAG: &str = r#"{"type":"boolean"}"#;
const WHOLE: &str = r##"{"$ref":"#/$defs/whole"}"##;
const TIME: &str = r##"{"$ref":"#/$defs/time"}"##;
const WORDS: &str = r##"{"$ref":"#/$defs/words"}"##;
const VARIABLES: &str = r##"{"$ref":"#/$defs/variables"}"##;
const ACCOUNT: &str = r#"{"type":["string","integer"]}"#;
const PATHS: &str = r#"{"type":["boolean","string","array"],"items":{"type":["string","number"]}}"#;
const PATTERN: &str = r#"{"type":["string","number"]}"#;

macro_rules! entries {
    ($($name:literal: $schema:expr, $default:literal, $meaning:literal;)*) => {
        /// All of them, in the order of the reference.
        pub(super) const ENTRIES: &[Entry] = &[$(Entry {
            name: $name,
            schema: $schema,
            default: $default,
            meaning: $meaning,
        },)*];
    };
}

entries! {
    "script": TEXT, "", "What to run: a file, relative to `cwd`; a command in `$PATH`; a line for the shell, when it has spaces; or `serve` for the static file server.";
    "name": TEXT, "the script's name without its last extension", "The app's name. All instances of one name are one app.";
    "namespace": TEXT, "`default`", "A group for commands that act on many apps.";
    "cwd": TEXT, "the folder of the command", "Working directory, and what relative paths of the app start from.";
    "args": WORDS, "", "Arguments after the script.";
    "exec_interpreter": TEXT, "by extension or shebang", "What runs the script; `none` executes the script itself.";
    "node_args": WORDS, "", "Arguments of the interpreter, before the script.";
    "exec_mode": r#"{"enum":["fork","cluster","fork_mode","cluster_mode"]}"#, "`cluster` when `instances` is given and Node runs the script, else `fork`", "A plain process, or a worker of Node's `cluster` that shares its port with the others and is replaced without a gap.";
    "instances": r#"{"anyOf":[{"type":"integer","maximum":4096},{"type":"string","pattern":"^(max|-?[0-9]+)$"}]}"#, "`1`", "How many: a number, `0` or `max` for all CPUs, `-1` for all but one.";
    "env": VARIABLES, "", "The app's variables. They win over those of the shell. `env_NAME` is merged over it by `--env NAME`.";
    "filter_env": r#"{"type":["boolean","string","array"],"items":{"type":["string","number"]}}"#, "`false`", "Variables of the shell that the app does not get: those whose name contains an item of the list, the one of that name, or all.";
    "port": r#"{"anyOf":[{"type":"integer","minimum":0,"maximum":65535},{"type":"string","pattern":"^[0-9]+$"}]}"#, "", "Sets the variable `PORT`.";
    "increment_var": TEXT, "", "A variable that is one larger in each further instance.";
    "instance_var": TEXT, "`NODE_APP_INSTANCE`", "The variable that holds the instance's number.";
    "append_env_to_name": FLAG, "`false`", "With `--env X`, the app's name is `name-X`.";
    "out_file": TEXT, "`logs/NAME-out.log` in the home", "Log file of standard output; `/dev/null` or `NULL` for none.";
    "error_file": TEXT, "`logs/NAME-error.log` in the home", "Log file of standard error; `/dev/null` or `NULL` for none.";
    "log_file": r#"{"type":["string","boolean"]}"#, "none", "Log file of both; `true` for `logs/NAME.log` in the home.";
    "pid_file": TEXT, "`pids/NAME-ID.pid` in the home", "The pid file; the id is inserted.";
    "disable_logs": FLAG, "`false`", "Keeps no logs.";
    "log_type": r#"{"enum":["json","raw"]}"#, "`raw`", "`json` writes an object a line.";
    "log_date_format": r#"{"type":"string"}"#, "none", "The time before each line, such as `YYYY-MM-DD HH:mm:ss.SSS Z`.";
    "time": FLAG, "`false`", "The same as the format `YYYY-MM-DDTHH:mm:ss`.";
    "merge_logs": FLAG, "`true` in fork mode without `instances`", "One file for all instances; else each has its id in the file's name.";
    "log_rotate": r#"{"type":["object","boolean"],"properties":{"enabled":{"type":"boolean"},"max_size":{"type":["string","integer"]},"retain":{"type":["string","integer"]},"max_age":{"type":"string"},"total_size":{"type":["string","integer"]},"compress":{"type":"boolean"},"compression":{"enum":["gzip","zstd"]},"interval":{"type":["string","boolean"]},"date_format":{"type":"string"}}}"#, "as for all apps", "When log files are put aside, and what becomes of them, where it differs from what holds for all apps; `false` for never. [The options](logs.md#rotation).";
    "max_memory_restart": r#"{"anyOf":[{"type":"integer","minimum":0},{"type":"string","pattern":"^[0-9]+[KMG]?$"}]}"#, "none", "Restarts the app when its whole process tree uses more: bytes, or with K, M or G (powers of 1024).";
    "min_uptime": r#"{"anyOf":[{"type":"number","minimum":100},{"type":"string"}]}"#, "`1000`", "A shorter run is unstable. Milliseconds, or with s, m or h.";
    "max_restarts": WHOLE, "`16`", "So many unstable runs in a row, and the app is `errored`.";
    "restart_delay": TIME, "`0`", "How long to wait before a restart.";
    "exp_backoff_restart_delay": TIME, "none", "The first wait of a growing back-off between restarts.";
    "autorestart": FLAG, "`true`", "Starts the app again when it ended.";
    "stop_exit_codes": r#"{"anyOf":[{"type":"integer","minimum":0,"maximum":255},{"type":"string"},{"type":"array","items":{"type":["integer","string"]}}]}"#, "none", "After these exit codes it stays stopped.";
    "autostart": FLAG, "`true`", "`false` registers the app and leaves it stopped.";
    "kill_timeout": TIME, "`1600`", "How long a stop may take until SIGKILL.";
    "kill_signal": r#"{"type":["string","integer"]}"#, "`SIGINT`", "The first signal of a stop.";
    "treekill": FLAG, "`true`", "Signals the whole process tree and leaves nothing of it behind; `false` is for the main process alone.";
    "shutdown_with_message": FLAG, "`false`", "Sends the message `shutdown` in place of the signal.";
    "wait_ready": FLAG, "`false`", "Counts as up when the app says `ready`.";
    "watchdog": TIME, "none", "Once it is up it has to send `WATCHDOG=1` by `sd_notify` at least so often, or it is restarted.";
    "listen_timeout": TIME, "`3000`", "How long to wait for `ready`, or for a cluster worker to listen.";
    "uid": ACCOUNT, "the user of the daemon", "Runs as this user, by name or number; for root only.";
    "gid": ACCOUNT, "that of the user", "Runs as this group, by name or number; for root only.";
    "no_new_privs": FLAG, "`false`", "Nothing the app executes can have more rights than it.";
    "umask": r#"{"type":["string","integer"]}"#, "that of the daemon", "Which rights new files do not get, in octal.";
    "nice": r#"{"anyOf":[{"type":"integer","minimum":-20,"maximum":19},{"type":"string","pattern":"^-?[0-9]+$"}]}"#, "`0`", "Scheduling priority: 19 is the lowest.";
    "rlimits": r#"{"type":"object"}"#, "those of the daemon", "Limits of each process, as `ulimit` names them: a value, or a pair of soft and hard.";
    "limits": r#"{"type":"object","properties":{"memory":{"type":["string","integer"]},"cpu":{"type":["string","number"]},"pids":{"type":["string","integer"]}},"additionalProperties":false}"#, "none", "Limits of the whole process tree (`memory`, `cpu` in CPUs, `pids`), by a cgroup.";
    "pmx": r#"{"type":["boolean","string"]}"#, "not given", "`true` loads a few lines into a Node app that tell of its event loop, heap, handles and HTTP requests. Where it is not given nothing is loaded, though PM2's outputs say `true` as PM2 does.";
    "cluster_policy": r#"{"enum":["rr","shared","reuseport"]}"#, "`rr`", "How connections reach cluster workers: one after the other, from a shared socket, or from a socket each.";
    "cluster_window": r#"{"anyOf":[{"type":"integer","minimum":1,"maximum":32},{"type":"string","pattern":"^[0-9]+$"}]}"#, "`2`", "With `rr`: connections that a worker may have unacknowledged.";
    "sticky": FLAG, "`false`", "With `rr`: one source address, one instance.";
    "drain": FLAG, "`true`", "A replaced worker ends its keep-alive connections when they are idle.";
    "drain_timeout": TIME, "`8000`", "How long a replaced worker may finish its connections.";
    "watch": PATHS, "`false`", "Restarts the app when files change: `true` for the working directory, or paths.";
    "ignore_watch": PATHS, "", "Paths whose changes do not count.";
    "watch_delay": TIME, "`0`", "How long to wait after a change.";
    "watch_options": r#"{"type":"object"}"#, "", "Options of the watcher.";
    "watch_reload": FLAG, "`false`", "A change reloads the app in place of restarting it.";
    "cron_restart": r#"{"anyOf":[{"type":["string","number"]},{"const":false}]}"#, "none", "When to restart: a pattern of five fields in local time, or six with seconds first.";
    "automation": FLAG, "`true`", "`false` is the same as `pmx: false`.";
    "vizion": FLAG, "`true`", "`false`: git is not asked for the app's commit, which `jlist` and `describe` show.";
    "source_map_support": FLAG, "", "Runs Node with `--enable-source-maps`.";
    "disable_source_map_support": FLAG, "`false`", "Kept for PM2's outputs.";
    "force": FLAG, "`false`", "Kept for PM2's outputs; `--force` is the flag of `start`.";
    "kill_retry_time": TIME, "`100`", "Kept for PM2's outputs: the kernel says when a process has ended, nothing is polled.";
    "post_update": PATHS, "", "Commands after `pull`.";
    "trace": FLAG, "`false`", "Kept for PM2's outputs.";
    "disable_trace": FLAG, "`false`", "Kept for PM2's outputs.";
    "v8": FLAG, "`false`", "Kept for PM2's outputs.";
    "event_loop_inspector": FLAG, "`false`", "Kept for PM2's outputs.";
    "deep_monitoring": FLAG, "`false`", "Kept for PM2's outputs.";
    "execute_command": FLAG, "`false`", "`true` is the same as `exec_mode: \"fork\"`.";
    "write": FLAG, "`false`", "Kept for PM2's outputs.";
    "windowsHide": FLAG, "`true`", "Kept for PM2's outputs.";
    "username": r#"{"type":"string"}"#, "the user of the command", "Taken from the command, whatever is written.";
    "name_prefix": PATTERN, "", "Kept for PM2's outputs.";
    "install_url": PATTERN, "", "Kept for PM2's outputs.";
    "exec_timeout": TIME, "60000", "How long each command of `post_update` may take.";
    "io": "{}", "", "Kept for PM2's outputs.";
    "instance_id_env": TEXT, "", "The same as `instance_var`.";
}
