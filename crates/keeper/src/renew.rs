//! A keeper becomes another binary, in place: the same process, with the same children.
//!
//! Its state goes through memory that cannot change any more; its descriptors stay open. A binary
//! that cannot read the state becomes the one before again. A child that ends meanwhile stays to
//! be reaped, and signals stay pending.

pub(crate) mod pack;

use crate::adopt::ORPHAN_VARIABLE;
use crate::aside;
use crate::childrens::Childrens;
use crate::keeper::Keeper;
use crate::lock::Lock;
use crate::notify::Notify;
use crate::say::say;
use crate::start::{READY_VARIABLE, entries};
use crate::wire::PACKET_MAX;
use pack::{Pack, Packer, Unpacker, pack_fields};
use rpm_sys::signals::Signals;
use rpm_sys::{memfd, process};
use std::convert::Infallible;
use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

/// The layout of the state that a keeper leaves to another binary in its place.
pub const STATE_VERSION: u32 = 1;
/// Names the descriptors of the state and of the binary before.
pub(crate) const STATE_VARIABLE: &str = "RPM_KEEPER_STATE";

/// So long words may wait for a disk before it.
const LAST_WORDS: Duration = Duration::from_millis(100);
const MAGIC: u32 = u32::from_le_bytes(*b"RKST");
/// A state that is larger is not read.
const SIZE_MAX: usize = 64 << 20;

/// What a keeper finds that takes the place of another.
#[derive(Debug)]
pub(crate) struct Legacy {
    bytes: Vec<u8>,
    /// Why this is the binary before again; 0 when it is the new one.
    errno: i32,
}

impl Keeper {
    /// Becomes `binary`. Returns only when that failed; then nothing has changed.
    pub(crate) fn renew(&mut self, binary: &OwnedFd) {
        let Err(error) = self.try_renew(binary);
        say(format_args!("cannot become another version: {error}; going on as this one"));
        self.outbox.renewed(error.raw_os_error().unwrap_or(process::EINVAL));
    }

    fn try_renew(&self, binary: &OwnedFd) -> io::Result<Infallible> {
        let ours = process::open_self()?;
        let mut packer = Packer::default();
        MAGIC.pack(&mut packer);
        STATE_VERSION.pack(&mut packer);
        self.pack(&mut packer);
        let state = memfd::sealed("rpm-keeper", &packer.bytes)?;
        let (argv, envp) = program(&state, &ours, 0)?;
        let mut kept = packer.fds;
        kept.extend([state.as_fd(), ours.as_fd()]);
        // Other threads do not survive.
        aside::finish(LAST_WORDS);
        let error = match kept.iter().try_for_each(process::keep_on_exec) {
            Ok(()) => process::become_program(binary, &argv, &envp),
            Err(error) => error,
        };
        for fd in kept {
            process::close_on_exec(fd)?;
        }
        Err(error)
    }

    fn pack<'a>(&'a self, to: &mut Packer<'a>) {
        self.bag.pack(to);
        self.outbox.pack(to);
        self.life.pack(to);
        self.lock.pack(to);
        self.ready.pack(to);
        self.childrens.pack(to);
        self.bad_frames.pack(to);
        self.is_stopping.pack(to);
        self.is_over.pack(to);
    }

    /// What its predecessor in this process was. `None` when the state is cut.
    pub(crate) fn inherit(legacy: &Legacy, signals: Signals) -> Option<Self> {
        let mut from = Unpacker(&legacy.bytes);
        <(u32, u32)>::unpack(&mut from)?;
        let mut keeper = Self {
            bag: Pack::unpack(&mut from)?,
            outbox: Pack::unpack(&mut from)?,
            life: Pack::unpack(&mut from)?,
            lock: Pack::unpack(&mut from)?,
            ready: Pack::unpack(&mut from)?,
            childrens: Pack::unpack(&mut from)?,
            bad_frames: Pack::unpack(&mut from)?,
            is_stopping: Pack::unpack(&mut from)?,
            is_over: Pack::unpack(&mut from)?,
            signals,
            notify: Notify::inherited(),
            buffer: vec![0; PACKET_MAX + 1],
            renewal: None,
            short_until_ms: None,
        };
        keeper.outbox.renewed(legacy.errno);
        Some(keeper)
    }
}

pack_fields!(Lock { file });
pack_fields!(Childrens { descriptors, badness });

/// The state that a predecessor in this process left; `None` when there was none. One that this
/// version cannot read is left to the binary before, which takes this one's place.
pub(crate) fn legacy() -> io::Result<Option<Legacy>> {
    let Ok(told) = std::env::var(STATE_VARIABLE) else {
        return Ok(None);
    };
    let numbers: Option<Vec<i32>> = told.split(' ').map(|number| number.parse().ok()).collect();
    let Some([state, before, errno]) = numbers.as_deref() else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let (state, before) = (process::inherited(*state)?, process::inherited(*before)?);
    let bytes = memfd::read(state.try_clone()?, SIZE_MAX)?;
    if <(u32, u32)>::unpack(&mut Unpacker(&bytes)) == Some((MAGIC, STATE_VERSION)) {
        return Ok(Some(Legacy { bytes, errno: *errno }));
    }
    if *errno != 0 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    // What is in the state was not touched, and stays open on exec.
    let (argv, envp) = program(&state, &before, process::EINVAL)?;
    process::keep_on_exec(&state)?;
    process::keep_on_exec(&before)?;
    Err(process::become_program(&before, &argv, &envp))
}

/// What this process was started with, and where the state is.
fn program(
    state: impl AsFd,
    before: impl AsFd,
    errno: i32,
) -> io::Result<(Vec<CString>, Vec<CString>)> {
    let number = |fd: BorrowedFd<'_>| fd.as_raw_fd();
    let told = format!("{} {} {errno}", number(state.as_fd()), number(before.as_fd()));
    let argv = std::env::args_os().map(|word| CString::new(word.as_bytes()));
    // The numbers of descriptors that came with the first start mean others by now.
    let past = [STATE_VARIABLE, READY_VARIABLE, ORPHAN_VARIABLE];
    let inherited =
        std::env::vars_os().filter(|(name, _)| !past.iter().any(|variable| name == variable));
    let envp = entries(inherited.chain([(STATE_VARIABLE.into(), told.into())]))?;
    Ok((argv.collect::<Result<_, _>>()?, envp))
}
