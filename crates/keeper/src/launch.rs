//! What a program is started with, as it crosses from the supervisor to the keeper.
//!
//! It travels in sealed memory, so that no limit of a packet applies to an environment.

pub use rpm_sys::spawn::Rlimit;

use rpm_sys::memfd;
use rpm_sys::spawn::{Plan, Program};
use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;

const MAGIC: u32 = u32::from_le_bytes(*b"RLS2");
/// Arguments and environment that are longer in all are refused; `execve(2)` takes no more than 6
/// MiB.
const SIZE_MAX: usize = 16 << 20;
/// Stands for "not set".
const NONE: u32 = u32::MAX;
/// Flags of a spec.
const NO_NEW_PRIVS: u32 = 1;
const NICE: u32 = 2;

/// A program with all that it is started with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaunchSpec {
    /// The file to execute. Nothing is looked up.
    pub program: String,
    /// Its arguments, the first being its name. At least one.
    pub argv: Vec<String>,
    /// Its whole environment.
    pub env: Vec<(String, String)>,
    /// Where it starts.
    pub cwd: String,
    /// Who it will be; `None` changes nothing.
    pub uid: Option<u32>,
    /// Its group; `None` changes nothing.
    pub gid: Option<u32>,
    /// Its other groups. `None` changes nothing, unless it becomes another user or group: then it
    /// has no other groups.
    pub groups: Option<Vec<u32>>,
    /// Its limits. One that cannot be set fails the start.
    pub rlimits: Vec<Rlimit>,
    /// Whether nothing it executes may give it more rights.
    pub no_new_privs: bool,
    /// The permissions that files it makes do not get; `None` changes nothing.
    pub umask: Option<u32>,
    /// How far it gives way to others, -20 to 19; `None` changes nothing.
    pub nice: Option<i32>,
    /// Control groups that it enters first, with the keeper's rights: paths of their
    /// `cgroup.procs`.
    pub cgroups: Vec<String>,
}

/// What a keeper cannot start anything from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is cut, or of another version")]
pub(crate) struct BadSpec;

impl LaunchSpec {
    /// The spec in memory that cannot change any more. Fails when a text holds a NUL.
    pub fn to_memfd(&self) -> io::Result<OwnedFd> {
        memfd::sealed("rpm-launch", &self.to_bytes()?)
    }

    fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let count = |len: usize| u32::try_from(len).map_err(|_| io::ErrorKind::InvalidInput);
        let groups = match &self.groups {
            Some(groups) => count(groups.len())?,
            None => NONE,
        };
        let no_new_privs = if self.no_new_privs { NO_NEW_PRIVS } else { 0 };
        let nice = self.nice.map_or(0, |_| NICE);
        let numbers = [
            MAGIC,
            count(self.argv.len())?,
            count(self.env.len())?,
            count(self.rlimits.len())?,
            count(self.cgroups.len())?,
            no_new_privs | nice,
            self.nice.unwrap_or(0).cast_unsigned(),
            self.umask.unwrap_or(NONE),
            self.uid.unwrap_or(NONE),
            self.gid.unwrap_or(NONE),
            groups,
        ];
        let mut bytes = Vec::new();
        for number in numbers.iter().chain(self.groups.iter().flatten()) {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        for limit in &self.rlimits {
            bytes.extend_from_slice(&limit.resource.to_le_bytes());
            bytes.extend_from_slice(&limit.soft.to_le_bytes());
            bytes.extend_from_slice(&limit.hard.to_le_bytes());
        }
        let texts = [&self.cwd, &self.program].into_iter().chain(&self.cgroups).chain(&self.argv);
        for text in texts {
            append(&mut bytes, &[text])?;
        }
        for (name, value) in &self.env {
            append(&mut bytes, &[name, "=", value])?;
        }
        Ok(bytes)
    }
}

/// Reads a spec from sealed memory into a plan. Descriptors and limits are left to be filled in.
pub(crate) fn plan_of(spec: OwnedFd) -> io::Result<Plan> {
    let bytes = memfd::read(spec, SIZE_MAX)?;
    parse(&bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

pub(crate) fn parse(bytes: &[u8]) -> Result<Plan, BadSpec> {
    let mut reader = Reader(bytes);
    if reader.number()? != MAGIC {
        return Err(BadSpec);
    }
    let (arguments, variables) = (reader.number()?, reader.number()?);
    let (rlimits, cgroups) = (reader.number()?, reader.number()?);
    let (flags, nice) = (reader.number()?, reader.number()?.cast_signed());
    let umask = reader.optional()?;
    let (uid, gid) = (reader.optional()?, reader.optional()?);
    let groups = match reader.optional()? {
        Some(count) => Some(reader.repeat(count, Reader::number)?),
        None if uid.is_some() || gid.is_some() => Some(Vec::new()),
        None => None,
    };
    let rlimits = reader.repeat(rlimits, Reader::limit)?;
    let cwd = reader.text()?;
    let program = Program::Path(reader.text()?);
    let cgroups = reader.repeat(cgroups, Reader::text)?;
    let argv = reader.repeat(arguments, Reader::text)?;
    let envp = reader.repeat(variables, Reader::text)?;
    if argv.is_empty() || !reader.0.is_empty() || flags & !(NO_NEW_PRIVS | NICE) != 0 {
        return Err(BadSpec);
    }
    let no_new_privs = flags & NO_NEW_PRIVS != 0;
    let nice = (flags & NICE != 0).then_some(nice);
    let rest = Plan::new(program, argv, envp);
    Ok(Plan { cwd, uid, gid, groups, rlimits, no_new_privs, umask, nice, cgroups, ..rest })
}

fn append(bytes: &mut Vec<u8>, parts: &[&str]) -> io::Result<()> {
    for part in parts {
        if part.contains('\0') {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes.push(0);
    Ok(())
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], BadSpec> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(BadSpec)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn number(&mut self) -> Result<u32, BadSpec> {
        self.take().map(u32::from_le_bytes)
    }

    fn limit(&mut self) -> Result<Rlimit, BadSpec> {
        let resource = self.take().map(i32::from_le_bytes)?;
        let (soft, hard) = (self.take()?, self.take()?);
        Ok(Rlimit { resource, soft: u64::from_le_bytes(soft), hard: u64::from_le_bytes(hard) })
    }

    fn optional(&mut self) -> Result<Option<u32>, BadSpec> {
        Ok(Some(self.number()?).filter(|number| *number != NONE))
    }

    fn text(&mut self) -> Result<CString, BadSpec> {
        let end = self.0.iter().position(|byte| *byte == 0).ok_or(BadSpec)?;
        let (text, rest) = self.0.split_at(end);
        self.0 = rest.get(1..).ok_or(BadSpec)?;
        CString::new(text).map_err(|_| BadSpec)
    }

    /// Each element takes a byte at least, so a count beyond the end fails before it costs memory.
    fn repeat<T>(
        &mut self,
        count: u32,
        mut one: impl FnMut(&mut Self) -> Result<T, BadSpec>,
    ) -> Result<Vec<T>, BadSpec> {
        (0..count).map(|_| one(self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> LaunchSpec {
        LaunchSpec {
            program: "/bin/sh".to_owned(),
            argv: vec!["sh".to_owned(), "-c".to_owned(), String::new()],
            env: vec![("A".to_owned(), "b=c".to_owned()), ("E".to_owned(), String::new())],
            cwd: "/srv/ü".to_owned(),
            uid: Some(1000),
            gid: None,
            groups: Some(vec![4, 27]),
            rlimits: vec![
                Rlimit { resource: 4, soft: 0, hard: u64::MAX },
                Rlimit { resource: 7, soft: 77, hard: 88 },
            ],
            no_new_privs: true,
            umask: Some(0o27),
            nice: Some(-5),
            cgroups: vec!["/sys/fs/cgroup/x/cgroup.procs".to_owned()],
        }
    }

    fn texts(list: &[CString]) -> Vec<&str> {
        list.iter().map(|text| text.to_str().unwrap()).collect()
    }

    #[test]
    fn a_spec_arrives_as_it_was() {
        let plan = plan_of(spec().to_memfd().unwrap()).unwrap();
        assert!(matches!(&plan.program, Program::Path(path) if path.as_c_str() == c"/bin/sh"));
        assert_eq!(texts(&plan.argv), ["sh", "-c", ""]);
        assert_eq!(texts(&plan.envp), ["A=b=c", "E="]);
        assert_eq!(plan.cwd.to_str(), Ok("/srv/ü"));
        assert_eq!((plan.uid, plan.gid, plan.groups), (Some(1000), None, Some(vec![4, 27])));
        assert_eq!(plan.rlimits, spec().rlimits);
        assert_eq!((plan.no_new_privs, plan.umask, plan.nice), (true, Some(0o27), Some(-5)));
        assert_eq!(texts(&plan.cgroups), spec().cgroups);
    }

    #[test]
    fn what_is_not_set_changes_nothing() {
        let spec = LaunchSpec { argv: vec!["sh".to_owned()], ..LaunchSpec::default() };
        let plan = parse(&spec.to_bytes().unwrap()).unwrap();
        assert!(plan.rlimits.is_empty() && plan.cgroups.is_empty());
        assert_eq!((plan.no_new_privs, plan.umask, plan.nice), (false, None, None));
    }

    #[test]
    fn whoever_becomes_another_user_leaves_our_groups() {
        let groups = |uid| {
            let spec = LaunchSpec { uid, groups: None, ..spec() };
            parse(&spec.to_bytes().unwrap()).unwrap().groups
        };
        assert_eq!(groups(Some(1000)), Some(vec![]));
        assert_eq!(groups(None), None);
    }

    #[test]
    fn a_nul_is_refused_before_it_is_sent() {
        let spec = LaunchSpec { cwd: "/a\0b".to_owned(), ..spec() };
        assert_eq!(spec.to_memfd().unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn no_cut_and_no_flipped_byte_is_a_panic() {
        let bytes = spec().to_bytes().unwrap();
        for end in 0..bytes.len() {
            assert!(parse(&bytes[..end]).is_err(), "cut at {end}");
        }
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0xff;
            // Whether it is refused depends on the byte.
            drop(parse(&bytes));
        }
    }
}
