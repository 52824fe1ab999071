//! Flags that describe an app, for `start SCRIPT`.

use rpm_config::Flags;

/// What the flags say of an app.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(id = "app_flags")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct AppFlags {
    /// The app's name
    #[arg(short, long, value_name = "NAME")]
    name: Option<String>,
    /// The app's namespace
    #[arg(long, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    /// Run the script with this program; `none` executes the script itself
    #[arg(long, value_name = "PROGRAM")]
    interpreter: Option<String>,
    /// Arguments of the interpreter
    #[arg(long, visible_alias = "node-args", value_name = "ARGS", allow_hyphen_values = true)]
    interpreter_args: Option<String>,
    /// Working directory
    #[arg(long, value_name = "DIR")]
    cwd: Option<String>,
    /// So many instances, in cluster mode: a number, `max`, or `-1` for all CPUs but one
    #[arg(short, long, value_name = "N", allow_hyphen_values = true)]
    instances: Option<String>,
    /// Run as a plain process
    #[arg(short = 'x', long)]
    execute_command: bool,
    /// Drop variables of the shell whose names contain this
    #[arg(long, value_name = "TEXT")]
    filter_env: Vec<String>,
    /// Run as this user
    #[arg(long, value_name = "USER")]
    uid: Option<String>,
    /// Run as this group
    #[arg(long, value_name = "GROUP")]
    gid: Option<String>,
    /// Up when the app says `ready`
    #[arg(long)]
    wait_ready: bool,
    /// How long to wait for `ready` or a listening server
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    listen_timeout: Option<String>,
    /// How long a stop may take until SIGKILL
    #[arg(short, long, value_name = "MS", allow_negative_numbers = true)]
    kill_timeout: Option<String>,
    /// The first signal of a stop
    #[arg(long, value_name = "SIGNAL")]
    kill_signal: Option<String>,
    /// Stop by the message `shutdown`
    #[arg(long)]
    shutdown_with_message: bool,
    /// Signal the main process alone
    #[arg(long)]
    no_treekill: bool,
    /// Restart by time, such as `0 3 * * *`
    #[arg(short = 'c', long, visible_alias = "cron", value_name = "PATTERN")]
    cron_restart: Option<String>,
    /// Restart when files change: those of the working directory, or these
    #[arg(long, value_name = "PATHS", num_args = 0..=1, default_missing_value = "")]
    watch: Option<Vec<String>>,
    /// What of it is not watched; so are dotfiles and `node_modules` when nothing is said
    #[arg(long, value_name = "PATHS")]
    ignore_watch: Option<String>,
    /// Wait so many seconds after a change, or `500ms`
    #[arg(long, value_name = "DELAY")]
    watch_delay: Option<String>,
    /// Watch only files with these extensions, such as `js,json`
    #[arg(long, value_name = "LIST")]
    ext: Option<String>,
    /// Restart above this memory, such as `300M`
    #[arg(long, value_name = "SIZE", allow_negative_numbers = true)]
    max_memory_restart: Option<String>,
    /// Wait before a restart
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    restart_delay: Option<String>,
    /// First wait of a growing back-off
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    exp_backoff_restart_delay: Option<String>,
    /// So many unstable runs in a row, and the app is given up
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_restarts: Option<String>,
    /// A shorter run is unstable
    #[arg(long, value_name = "TIME", allow_negative_numbers = true)]
    min_uptime: Option<String>,
    /// No restart after these exit codes
    #[arg(long, value_name = "CODES", num_args = 1..)]
    stop_exit_codes: Vec<String>,
    /// Leave the app stopped when it ends
    #[arg(long)]
    no_autorestart: bool,
    /// Register the app and leave it stopped
    #[arg(long)]
    no_autostart: bool,
    /// Log file of standard output
    #[arg(short, long, value_name = "PATH")]
    output: Option<String>,
    /// Log file of standard error
    #[arg(short, long, value_name = "PATH")]
    error: Option<String>,
    /// Log file of both
    #[arg(short, long, value_name = "PATH", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "a flag whose value may be left out")]
    log: Option<Option<String>>,
    /// `json`: one JSON object a line
    #[arg(long, value_name = "TYPE")]
    log_type: Option<String>,
    /// Time before each line, such as `YYYY-MM-DD HH:mm:ss`
    #[arg(long, value_name = "FORMAT")]
    log_date_format: Option<String>,
    /// Time before each line
    #[arg(long)]
    time: bool,
    /// One log file for all instances
    #[arg(long)]
    merge_logs: bool,
    /// Keep no logs
    #[arg(long)]
    disable_logs: bool,
    /// Pid file
    #[arg(short, long, value_name = "PATH")]
    pid: Option<String>,
    /// How connections reach cluster workers: `rr`, `shared` or `reuseport`
    #[arg(long, value_name = "POLICY")]
    cluster_policy: Option<String>,
    /// `rr`: connections that a worker may have unacknowledged
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    cluster_window: Option<String>,
    /// `rr`: one source address, one instance
    #[arg(long)]
    sticky: bool,
    /// Do not end keep-alive connections in a reload
    #[arg(long)]
    no_drain: bool,
    /// How long a replaced worker may finish its connections
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    drain_timeout: Option<String>,
    /// Kept for PM2's outputs
    #[arg(long, visible_alias = "no-automation")]
    no_pmx: bool,
    /// Do not ask git for the app's commit
    #[arg(long)]
    no_vizion: bool,
}

impl AppFlags {
    /// What the flags and the words after `--` say of an app.
    pub(crate) fn into_flags(self, args: Vec<String>) -> Flags {
        Flags {
            name: self.name,
            namespace: self.namespace,
            interpreter: self.interpreter,
            interpreter_args: self.interpreter_args,
            output: self.output,
            error: self.error,
            log: self.log,
            log_type: self.log_type,
            log_date_format: self.log_date_format,
            time: self.time,
            merge_logs: self.merge_logs,
            disable_logs: self.disable_logs,
            filter_env: self.filter_env,
            instances: self.instances,
            cwd: self.cwd,
            pid: self.pid,
            kill_timeout: self.kill_timeout,
            kill_signal: self.kill_signal,
            listen_timeout: self.listen_timeout,
            shutdown_with_message: self.shutdown_with_message,
            wait_ready: self.wait_ready,
            cron_restart: self.cron_restart,
            watch: self.watch,
            ignore_watch: self.ignore_watch,
            watch_delay: self.watch_delay,
            ext: self.ext,
            max_memory_restart: self.max_memory_restart,
            restart_delay: self.restart_delay,
            exp_backoff_restart_delay: self.exp_backoff_restart_delay,
            max_restarts: self.max_restarts,
            min_uptime: self.min_uptime,
            stop_exit_codes: self.stop_exit_codes,
            no_autorestart: self.no_autorestart,
            no_autostart: self.no_autostart,
            no_treekill: self.no_treekill,
            no_pmx: self.no_pmx,
            no_vizion: self.no_vizion,
            fork: self.execute_command,
            uid: self.uid,
            gid: self.gid,
            cluster_policy: self.cluster_policy,
            cluster_window: self.cluster_window,
            sticky: self.sticky,
            no_drain: self.no_drain,
            drain_timeout: self.drain_timeout,
            args,
        }
    }

    /// Words that a greedy flag took and that are no value of it: whatever is not a number behind
    /// `--stop-exit-codes 1 2 app.js`, and, where nothing else is named, the file in
    /// `--log app.js`, as `exists` says, and the first word behind `--watch`.
    pub(crate) fn give_back(&mut self, named: bool, exists: impl Fn(&str) -> bool) -> Vec<String> {
        // The first word is the flag's own in any case: it is told when it is no code.
        let mut taken = std::mem::take(&mut self.stop_exit_codes).into_iter();
        let first = taken.next();
        let (codes, mut words): (Vec<String>, _) = taken.partition(|word| is_codes(word));
        self.stop_exit_codes = first.into_iter().chain(codes).collect();
        if let Some(log) = &mut self.log
            && let Some(word) = log.take_if(|word| !named && words.is_empty() && exists(word))
        {
            words.push(word);
        }
        if let Some(paths) = self.watch.as_mut().filter(|_| !named && words.is_empty())
            && let Some(at) = paths.iter().position(|path| !path.is_empty())
        {
            words.push(paths.remove(at));
        }
        words
    }
}

fn is_codes(word: &str) -> bool {
    word.split([',', ' ']).all(|code| code.is_empty() || code.parse::<i32>().is_ok())
}
