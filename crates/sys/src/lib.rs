//! How the operating system does it: processes and their trees, descriptors, signals, sockets.
//!
//! This crate knows nothing of apps or policies. It is the only one with `unsafe` code; what it
//! offers is safe to call. Linux only.
//!
//! # Where things are
//!
//! [`spawn`] starts a process, [`pidfd`] names and signals one, [`tree`] sees what it started and
//! ends what it left behind. [`seqpacket`] and [`memfd`] carry descriptors and bytes from one
//! process to another, [`stream`], [`listen`] and [`poller`] those of Node's channels and of
//! connections. [`guard`] saves descriptors of a process that is killed. [`process`] and
//! [`limits`] change the calling process, [`signals`] turns its signals into something to
//! [`poll`], [`users`] knows who may run what, [`cgroup`] bounds what a tree uses, [`files`] opens
//! what others may have prepared, [`inotify`] tells of changes to them. [`host`] sees the machine.

pub mod alarm;
pub mod cgroup;
pub mod clock;
pub mod files;
pub mod guard;
pub mod host;
pub mod inotify;
pub mod limits;
pub mod listen;
pub mod memfd;
pub mod notify;
pub mod pidfd;
pub mod pipe;
pub mod poll;
pub mod poller;
pub mod process;
pub mod seqpacket;
pub mod signals;
pub mod spawn;
pub mod stream;
pub mod text;
pub mod tree;
pub mod users;
pub mod watch;
