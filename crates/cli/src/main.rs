//! The binary. It is the command line, and, started by itself, the keeper and the daemon.

mod argv;
mod boot;
mod commands;
mod completion;
mod connect;
mod context;
mod deploy;
mod files;
mod flags;
mod home;
mod logs;
mod outcome;
mod progress;
mod render;
mod report;
mod repository;
mod role;
mod runtime;
mod screen;
mod settings;
mod system;
mod verbs;
mod when;

use role::Role;
use std::process::ExitCode;

fn main() -> ExitCode {
    match Role::of(std::env::args_os()) {
        Role::Keeper(home) => role::keeper(home),
        Role::Daemon(home) => role::daemon(&home),
        Role::SelfCheck => role::self_check(),
        Role::StaticServer => role::static_server(),
        Role::DeliverAlert => role::deliver_alert(),
        Role::WebServer => role::web_server(),
        Role::Cli(words) => verbs::run(words),
    }
}
