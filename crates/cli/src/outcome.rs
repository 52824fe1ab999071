//! How a command ends.

use rpm_config::{ConfigFault, FaultKind};
use rpm_proto::client::CallError;
use rpm_proto::{Code, Fault};
use std::io;

/// What a command comes to.
pub(crate) type Outcome = Result<(), Stop>;

/// Why a command did not come to its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Something is wrong.
    Fault(Box<Fault>),
    /// All is said; this is the exit status.
    Said(u8),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(Box::new(fault))
    }
}

impl From<ConfigFault> for Stop {
    fn from(fault: ConfigFault) -> Self {
        let code = match fault.kind {
            FaultKind::ConfigMissing => Code::ConfigMissing,
            FaultKind::ConfigSyntax => Code::ConfigSyntax,
            FaultKind::ConfigValue => Code::ConfigValue,
            FaultKind::ScriptMissing => Code::ScriptMissing,
            FaultKind::InterpreterMissing => Code::InterpreterMissing,
            FaultKind::Usage => Code::Usage,
            FaultKind::Io => Code::Io,
        };
        let ConfigFault { kind: _, what, why, help, excerpt, .. } = fault;
        Fault { code, what, why, help, excerpt }.into()
    }
}

/// Writing to the user's terminal or pipe failed. A reader that has seen enough (`| head`) is no
/// error.
impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::Said(0);
        }
        Fault::new(Code::Io, "writing the output failed").because(error.to_string()).into()
    }
}

impl From<CallError> for Stop {
    fn from(error: CallError) -> Self {
        crate::connect::fault_of(error).into()
    }
}
