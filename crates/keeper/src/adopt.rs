//! How a supervisor that outlived its keeper starts the next one, which adopts what there is.

use crate::life::Orphan;
use crate::link::Link;
use crate::setup::End;
use crate::start::{StartError, plan_of};
use rpm_sys::spawn::{Child, Program, spawn};
use rpm_sys::{pidfd, poll, process, seqpacket};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

/// Names the supervisor that is to be adopted.
pub(crate) const ORPHAN_VARIABLE: &str = "RPM_KEEPER_ORPHAN";

const SOCKET_FD: i32 = 3;
const PIDFD_FD: i32 = 4;

/// A keeper that was started by its supervisor.
#[derive(Debug)]
pub struct Adoption {
    /// The link to it. What is sent waits there until the keeper listens.
    pub link: Link,
    child: Child,
}

/// Starts the `binary` as the keeper of `home`, for this process as its supervisor. Returns at
/// once; waits for no disk.
///
/// To be sent next: [`Adopt`] and [`Put`] for all there is, then [`AdoptEnd`]. It is answered by a
/// greeting, [`Welcome`] and [`End`]. When the link ends before, there is no keeper:
/// [`Adoption::ended`] tells why. The keeper is a child of this process for as long as both live,
/// and goes on when this process ends: then it starts the next supervisor.
///
/// [`Adopt`]: crate::wire::ToKeeper::Adopt
/// [`Put`]: crate::wire::ToKeeper::Put
/// [`AdoptEnd`]: crate::wire::ToKeeper::AdoptEnd
/// [`Welcome`]: crate::wire::FromKeeper::Welcome
/// [`End`]: crate::wire::FromKeeper::End
pub fn start_adopting(home: &Path, binary: OwnedFd) -> Result<Adoption, StartError> {
    let us = std::process::id();
    let (ours, theirs) = seqpacket::pair()?;
    let mut plan = plan_of(home, Program::Open(binary), (ORPHAN_VARIABLE, us.to_string()))?;
    plan.fds.push((theirs, SOCKET_FD));
    plan.fds.push((pidfd::open(us)?, PIDFD_FD));
    let child = spawn(&plan)?;
    Ok(Adoption { link: Link::from_fd(ours), child })
}

impl Adoption {
    /// The keeper's number.
    pub fn pid(&self) -> u32 {
        self.child.pid
    }

    /// The keeper has ended: says how, `None` when it was by a signal or a failure. To be called
    /// when its link has ended; waits the moment that it takes to end.
    pub fn ended(self) -> io::Result<Option<End>> {
        // Its end of the link may have closed just before it ends.
        poll::wait_for(&self.child.pidfd, false, Some(1000))?;
        match process::wait_status(process::reap(self.child.pid)?) {
            process::WaitStatus::Exited(code) => Ok(End::from_code(code)),
            process::WaitStatus::Signalled(_) | process::WaitStatus::Unknown => Ok(None),
        }
    }
}

/// The supervisor that started this process as its keeper.
pub(crate) fn inherited() -> Option<Orphan> {
    let pid = std::env::var(ORPHAN_VARIABLE).ok()?.parse().ok()?;
    let socket = process::inherited(SOCKET_FD).ok()?;
    let pidfd = process::inherited(PIDFD_FD).ok()?;
    Some(Orphan { pid, pidfd, socket })
}
