//! What the tests of this crate start.

use rpm_sys::process::open_null;
use rpm_sys::spawn::{Plan, Program};
use std::ffi::CString;
use std::io::{PipeReader, Read, pipe};
use std::os::fd::OwnedFd;

pub(crate) fn text(text: &str) -> CString {
    CString::new(text).unwrap()
}

/// A shell that runs `script`, without descriptors but for null.
pub(crate) fn shell(script: &str) -> Plan {
    let program = Program::Path(text("/bin/sh"));
    let argv = ["sh", "-c", script].map(text).into();
    let fds = vec![(null(), 0), (null(), 1), (null(), 2)];
    Plan { fds, ..Plan::new(program, argv, vec![text("PATH=/usr/bin:/bin")]) }
}

pub(crate) fn null() -> OwnedFd {
    open_null().unwrap()
}

/// Lets the plan write its standard output for us to read.
pub(crate) fn output_of(plan: &mut Plan) -> PipeReader {
    let (ours, theirs) = pipe().unwrap();
    plan.fds.retain(|(_, target)| *target != 1);
    plan.fds.push((theirs.into(), 1));
    ours
}

/// All that comes until the other end is closed.
pub(crate) fn read(mut pipe: PipeReader) -> String {
    let mut text = String::new();
    pipe.read_to_string(&mut text).unwrap();
    text
}
