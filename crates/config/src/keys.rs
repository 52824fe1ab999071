//! The keys of an app, with PM2's other spellings. The camelCase form of each is one too.

use crate::nearest::nearest;

/// One key.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its usual spelling.
    pub(crate) name: &'static str,
    /// Others.
    pub(crate) aliases: &'static [&'static str],
    /// What it takes, for a person.
    pub(crate) takes: &'static str,
    /// A value, as it is written in JSON.
    pub(crate) example: &'static str,
}

const TEXT: &str = "a string";
const FILLED: &str = "a string that is not empty";
const FLAG: &str = "`true` or `false`";
const WHOLE: &str = "a whole number, 0 or more";
const TIME: &str = "milliseconds, or a string such as \"10s\", \"5m\" or \"1h\"";
const WORDS: &str = "a list of strings, or one string that is split at spaces";
const FILE: &str = "the path of a file, or \"/dev/null\"";
const VARIABLES: &str = "an object of variables";
const ACCOUNT: &str = "a name or a number";
const ANY: &str = "anything";

macro_rules! keys {
    ($($name:literal $([$($alias:literal),*])?: $takes:expr, $example:literal;)*) => {
        /// All keys.
        pub(crate) const KEYS: &[Key] = &[$(Key {
            name: $name,
            aliases: &[$($($alias),*)?],
            takes: $takes,
            example: $example,
        },)*];
    };
}

keys! {
    "script" ["exec", "cmd", "command"]: FILLED, "\"./server.js\"";
    "name": FILLED, "\"api\"";
    "namespace": TEXT, "\"backend\"";
    "cwd": "the path of a folder", "\"/srv/api\"";
    "args": WORDS, "[\"--port\", \"3000\"]";
    "exec_interpreter" ["interpreter"]: "a program, or \"none\"", "\"python3\"";
    "node_args" ["interpreter_args"]: WORDS, "[\"--enable-source-maps\"]";
    "exec_mode": "\"fork\" or \"cluster\"", "\"cluster\"";
    "instances": "a number from 1 to 4096, 0 or \"max\" for the number of CPUs, -1 for one fewer", "4";
    "env": VARIABLES, "{ \"PORT\": 3000 }";
    "filter_env": "`true`, or the names of variables of the shell to drop", "[\"AWS_\"]";
    "port": "a number from 0 to 65535", "3000";
    "increment_var": "the name of a variable", "\"PORT\"";
    "instance_var": "the name of a variable", "\"INSTANCE_ID\"";
    "append_env_to_name": FLAG, "true";
    "out_file" ["out", "output", "out_log"]: FILE, "\"logs/out.log\"";
    "error_file" ["error", "err", "err_file", "err_log"]: FILE, "\"logs/error.log\"";
    "log_file" ["log"]: "the path of a file, or `true`", "\"logs/all.log\"";
    "pid_file" ["pid"]: "the path of a file", "\"/run/api.pid\"";
    "disable_logs": FLAG, "true";
    "log_type": "\"json\" or \"raw\"", "\"json\"";
    "log_date_format": "a format of dates", "\"YYYY-MM-DD HH:mm:ss\"";
    "time": FLAG, "true";
    "merge_logs" ["combine_logs"]: FLAG, "true";
    "log_rotate": "an object of options, or `false`", "{ \"max_size\": \"10M\", \"retain\": 30 }";
    "max_memory_restart": "bytes, or a whole number with K, M or G", "\"300M\"";
    "min_uptime": "at least 100 milliseconds, or a string such as \"10s\"", "\"10s\"";
    "max_restarts": WHOLE, "10";
    "restart_delay": TIME, "4000";
    "exp_backoff_restart_delay": TIME, "100";
    "autorestart": FLAG, "false";
    "stop_exit_codes": "exit codes from 0 to 255", "[0, 3]";
    "autostart": FLAG, "false";
    "kill_timeout": TIME, "5000";
    "kill_signal": "the name or number of a signal", "\"SIGTERM\"";
    "treekill": FLAG, "false";
    "shutdown_with_message": FLAG, "true";
    "wait_ready": FLAG, "true";
    "watchdog": TIME, "10000";
    "listen_timeout": TIME, "10000";
    "uid" ["user"]: ACCOUNT, "\"www-data\"";
    "gid": ACCOUNT, "\"www-data\"";
    "no_new_privs": FLAG, "true";
    "umask": "an octal number from 0 to 777, as a string", "\"027\"";
    "nice": "a whole number from -20 to 19", "10";
    "rlimits": "an object of limits of each process", "{ \"nofile\": 4096, \"core\": 0 }";
    "limits": "an object with `memory`, `cpu` and `pids`", "{ \"memory\": \"512M\", \"cpu\": 1.5 }";
    "pmx": "`true`, `false` or a string", "false";
    "cluster_policy": "\"rr\", \"shared\" or \"reuseport\"", "\"rr\"";
    "cluster_window": "a number from 1 to 32", "2";
    "sticky": FLAG, "true";
    "drain": FLAG, "false";
    "drain_timeout": TIME, "8000";
    "watch": "`true`, `false` or paths", "[\"src\"]";
    "ignore_watch": "paths", "[\"node_modules\"]";
    "watch_delay": TIME, "1000";
    "watch_options": "an object", "{ \"followSymlinks\": false }";
    "watch_reload": FLAG, "true";
    "cron_restart" ["cron"]: "a cron pattern of five fields, or six with seconds first; `0` or `false` for none", "\"0 3 * * *\"";
    "automation": FLAG, "false";
    "vizion": FLAG, "false";
    "source_map_support": FLAG, "true";
    "disable_source_map_support": FLAG, "true";
    "force": FLAG, "true";
    "kill_retry_time": TIME, "100";
    "post_update": WORDS, "[\"npm install\"]";
    "trace": FLAG, "false";
    "disable_trace": FLAG, "true";
    "v8": FLAG, "false";
    "event_loop_inspector": FLAG, "false";
    "deep_monitoring": FLAG, "false";
    "execute_command": FLAG, "true";
    "write": FLAG, "true";
    "windowsHide": FLAG, "true";
    "username": TEXT, "\"me\"";
    "name_prefix": TEXT, "\"module\"";
    "install_url": TEXT, "\"https://example.org\"";
    "exec_timeout": TIME, "60000";
    "io": ANY, "{}";
    "instance_id_env": TEXT, "\"INSTANCE_ID\"";
}

impl Key {
    /// The key with this usual spelling.
    ///
    /// # Panics
    ///
    /// When there is none: the caller's table is wrong.
    pub(crate) fn named(name: &str) -> &'static Self {
        let key = KEYS.iter().find(|key| key.name == name);
        key.unwrap_or_else(|| unreachable!("no key `{name}`"))
    }

    /// The spellings other than camelCase, the usual one first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

/// Whether `key` is `name`, as it is or in camelCase.
pub(crate) fn spells(key: &str, name: &str) -> bool {
    key == name || key.chars().eq(camel_case(name))
}

/// Whether a key is one that apps have.
pub(crate) fn is_known(key: &str) -> bool {
    key.starts_with("env_")
        || key == "$schema"
        || KEYS.iter().any(|known| known.names().any(|name| spells(key, name)))
}

/// The key that an unknown one was probably meant to be.
pub(crate) fn meant(key: &str) -> Option<&'static str> {
    nearest(&snake_case(key), KEYS.iter().flat_map(Key::names))
}

/// A name in camelCase.
pub(crate) fn camel_case(name: &str) -> impl Iterator<Item = char> {
    let mut upper = false;
    name.chars().filter_map(move |c| {
        let letter = if std::mem::take(&mut upper) { c.to_ascii_uppercase() } else { c };
        upper = c == '_';
        (c != '_').then_some(letter)
    })
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.push(if c == '-' { '_' } else { c.to_ascii_lowercase() });
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_spelling_means_two_keys() {
        let mut seen = BTreeSet::new();
        for name in KEYS.iter().flat_map(Key::names) {
            let camel: String = camel_case(name).collect();
            for spelling in BTreeSet::from([name.to_owned(), camel]) {
                assert!(seen.insert(spelling), "{name}");
            }
        }
    }

    #[test]
    fn keys_are_recognised() {
        for known in ["max_memory_restart", "maxMemoryRestart", "env_production", "errFile", "cmd"]
        {
            assert!(is_known(known), "{known}");
        }
        for (unknown, meant_key) in [
            ("max_memory_restrat", Some("max_memory_restart")),
            ("maxMemoryRestar", Some("max_memory_restart")),
            ("wait-ready", Some("wait_ready")),
            ("intances", Some("instances")),
            ("description", None),
            ("tags", None),
            ("version", None),
        ] {
            assert!(!is_known(unknown), "{unknown}");
            assert_eq!(meant(unknown), meant_key, "{unknown}");
        }
    }
}
