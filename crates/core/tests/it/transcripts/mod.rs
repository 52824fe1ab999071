//! Scenes from the life of a supervisor: what happens, and below it what follows.
//!
//! `0#1` is run 1 of instance 0; lines with a dot are news for whoever listens.

mod life;
mod replacement;
mod schedule;
mod stopping;
mod watch;
mod watchdog;
