//! What the guard does. It was forked, perhaps from a process with threads, and never executes
//! anything: nothing here allocates, takes a lock or panics.

use super::name::{Name, is_connected, is_open};
use super::{Guard, Mark, Marks};
use crate::pidfd;
use nix::libc::{self, c_int};
use std::io;
use std::os::fd::{IntoRawFd, OwnedFd, RawFd};

/// When the safe is full, it is tried again this often, with so many ms between.
const TRIES_MAX: u32 = 300;
const PAUSE_MS: c_int = 10;
/// The kernel gives the lowest free number, so after so many free ones in a row no more follow.
const GAP_MAX: u32 = 4096;
/// What `ps` shows.
const NAME: &std::ffi::CStr = c"rpm: guard";

/// Where guards stand: what they watch and what they save.
#[derive(Clone, Copy, Debug)]
pub struct Post {
    marks: Marks,
    /// Names the process whose end is awaited.
    watch: RawFd,
    safe: RawFd,
    /// Address and length of the command line.
    title: (usize, usize),
}

impl Post {
    /// A post that watches the calling process and saves into `safe`. Its descriptors are never
    /// closed: a guard uses their numbers when we are gone.
    pub fn new(marks: Marks, safe: OwnedFd) -> io::Result<Self> {
        let watch = pidfd::open(std::process::id())?.into_raw_fd();
        Ok(Self { marks, watch, safe: safe.into_raw_fd(), title: title().unwrap_or((0, 0)) })
    }

    /// Makes a guard, `clone(2)`. There should be one at a time. It costs least memory when we
    /// have little.
    pub fn stand(&self) -> io::Result<Guard> {
        let flags = libc::c_long::from(libc::CLONE_FILES | libc::SIGCHLD);
        // SAFETY: without CLONE_VM this is fork(2) but for the shared table of descriptors. The
        // child calls only what is allowed after the fork of a process with threads, see
        // signal-safety(7), until it exits.
        let pid =
            unsafe { libc::syscall(libc::SYS_clone, flags, 0_usize, 0_usize, 0_usize, 0_usize) };
        match u32::try_from(pid) {
            Err(_) => Err(io::Error::last_os_error()),
            Ok(0) => self.watch(),
            Ok(pid) => Ok(Guard { pid, pidfd: pidfd::open(pid)? }),
        }
    }

    fn watch(&self) -> ! {
        block_signals();
        self.take_name();
        if wait_for(self.watch) {
            self.save();
        }
        // SAFETY: ends the process without running anything of the parent's.
        unsafe { libc::_exit(0) }
    }

    /// Sends all that is marked, and what arrived before it could be.
    pub(super) fn save(&self) {
        for fd in self.marks.numbers() {
            if let Some(mark) = self.marks.get(fd) {
                self.put(fd, mark);
            }
        }
        if let Some((listener, mark)) = self.marks.expected()
            && let Some(fd) = self.unmarked_of(listener)
        {
            self.put(fd, mark);
        }
    }

    /// The connection of a listening socket that is not marked.
    fn unmarked_of(&self, listener: RawFd) -> Option<RawFd> {
        let place = Name::local(listener)?;
        let mut gap = 0;
        for fd in Marks::all_numbers() {
            let Some(name) = Name::local(fd) else {
                gap = if is_open(fd) { 0 } else { gap + 1 };
                if gap > GAP_MAX {
                    return None;
                }
                continue;
            };
            gap = 0;
            if self.marks.get(fd).is_none() && name.is_same_place(&place) && is_connected(fd) {
                return Some(fd);
            }
        }
        None
    }

    fn put(&self, fd: RawFd, mark: Mark) {
        for _ in 0..TRIES_MAX {
            let again = match send(self.safe, fd, mark) {
                0 => return,
                libc::EINTR => continue,
                libc::EAGAIN | libc::ENOBUFS | libc::ENOMEM | libc::ETOOMANYREFS => true,
                _ => false,
            };
            if !again {
                return;
            }
            // SAFETY: no descriptors, only a time.
            unsafe { libc::poll(std::ptr::null_mut(), 0, PAUSE_MS) };
        }
    }

    fn take_name(&self) {
        // SAFETY: a string with its NUL, of at most 16 bytes.
        unsafe { libc::prctl(libc::PR_SET_NAME, NAME.as_ptr()) };
        let (start, len) = self.title;
        let title = std::ptr::with_exposed_provenance_mut::<u8>(start);
        let bytes = NAME.to_bytes();
        if len <= bytes.len() {
            return;
        }
        // SAFETY: this process' own copy of its command line, of this length, which nothing here
        // reads.
        unsafe { title.write_bytes(0, len) };
        // SAFETY: as above, and the name is shorter.
        unsafe { title.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    }
}

/// A message with one descriptor.
#[repr(C)]
struct Control {
    head: libc::cmsghdr,
    fd: c_int,
}

/// Sends a descriptor with its mark. 0, or why not.
fn send(safe: RawFd, fd: RawFd, mark: Mark) -> c_int {
    let mut bytes = mark.to_bytes();
    let mut part = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    // SAFETY: all zeroes is a value of this structure.
    let mut control: Control = unsafe { std::mem::zeroed() };
    control.head.cmsg_len = (size_of::<libc::cmsghdr>() + size_of::<c_int>()) as _;
    control.head.cmsg_level = libc::SOL_SOCKET;
    control.head.cmsg_type = libc::SCM_RIGHTS;
    control.fd = fd;
    // SAFETY: all zeroes is a value of this structure.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = (&raw mut control).cast();
    message.msg_controllen = size_of::<Control>() as _;
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: everything the message points to lives until the call returns.
    let sent = unsafe { libc::sendmsg(safe, &raw const message, flags) };
    if sent >= 0 { 0 } else { errno() }
}

/// Waits until a process has ended. `false` when that cannot be known.
fn wait_for(pidfd: RawFd) -> bool {
    let mut polled = libc::pollfd { fd: pidfd, events: libc::POLLIN, revents: 0 };
    loop {
        // SAFETY: one descriptor to wait for.
        let ready = unsafe { libc::poll(&raw mut polled, 1, -1) };
        if ready > 0 {
            return polled.revents & libc::POLLIN != 0;
        }
        if ready < 0 && errno() != libc::EINTR {
            return false;
        }
    }
}

fn block_signals() {
    let all = u64::MAX;
    let nothing = std::ptr::null_mut::<u64>();
    let how = libc::SIG_SETMASK;
    // SAFETY: reads the set of 8 bytes, writes nothing back.
    unsafe { libc::syscall(libc::SYS_rt_sigprocmask, how, &raw const all, nothing, 8_usize) };
}

fn errno() -> c_int {
    io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// Address and length of our command line, `proc_pid_stat(5)`.
fn title() -> Option<(usize, usize)> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    // The state is the third field, `arg_start` the 48th.
    let mut fields = rest.split_ascii_whitespace().skip(45).map(str::parse::<usize>);
    let (begin, end) = (fields.next()?.ok()?, fields.next()?.ok()?);
    (begin > 0).then_some((begin, end.checked_sub(begin)?))
}
