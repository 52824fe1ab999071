//! What the runs of an app may use and do. All of it is optional: what is not set is as the system
//! has it.

use serde::{Deserialize, Serialize};

/// Bounds for each run of an app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Nothing it executes may give it more rights, `PR_SET_NO_NEW_PRIVS`.
    pub no_new_privs: bool,
    /// The permissions that its files do not get, `umask(2)`.
    pub umask: Option<u32>,
    /// How far it gives way to others, -20 to 19, `nice(2)`.
    pub nice: Option<i32>,
    /// Limits of each of its processes, `setrlimit(2)`.
    pub rlimits: Vec<Rlimit>,
    /// Memory of the whole tree in bytes, by its control group.
    pub memory: Option<u64>,
    /// CPU of the whole tree in thousandths of one CPU, by its control group.
    pub cpu_milli: Option<u32>,
    /// Processes and threads of the whole tree, by its control group.
    pub pids: Option<u64>,
}

/// One limit of a process. `None` is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rlimit {
    /// Of what.
    pub resource: Resource,
    /// What holds.
    pub soft: Option<u64>,
    /// Up to where the process may raise it.
    pub hard: Option<u64>,
}

/// What a limit is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Bytes.
    Bytes,
    /// Seconds, microseconds, things: a plain number.
    Count,
}

macro_rules! resources {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $measure:ident;)*) => {
        /// What `setrlimit(2)` limits.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Resource {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl Resource {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name, as `prlimit(1)` has it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What it is counted in.
            pub fn measure(self) -> Measure {
                match self { $(Self::$name => Measure::$measure,)* }
            }
        }
    };
}

resources! {
    /// Address space.
    AddressSpace = "as", Bytes;
    /// Size of a core dump.
    Core = "core", Bytes;
    /// CPU time in seconds.
    Cpu = "cpu", Count;
    /// The heap.
    Data = "data", Bytes;
    /// Size of a file.
    FileSize = "fsize", Bytes;
    /// Memory that stays resident.
    LockedMemory = "memlock", Bytes;
    /// POSIX message queues.
    MessageQueues = "msgqueue", Bytes;
    /// File descriptors.
    Files = "nofile", Count;
    /// Processes and threads of the user.
    Processes = "nproc", Count;
    /// Signals that wait.
    Signals = "sigpending", Count;
    /// The stack.
    Stack = "stack", Bytes;
}

impl Limits {
    /// Whether nothing is bounded.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether some of it is for a control group to hold.
    pub fn wants_group(&self) -> bool {
        self.memory.is_some() || self.cpu_milli.is_some() || self.pids.is_some()
    }
}

impl Resource {
    /// The resource of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|resource| resource.name() == name)
    }
}
