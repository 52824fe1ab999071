//! Users and groups by name, from the name service.

use nix::unistd::{Gid, Group, User, getgrouplist};
use std::ffi::CString;
use std::io;

/// A user of the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user's number.
    pub uid: u32,
    /// The user's own group.
    pub gid: u32,
    /// The home folder, where one is known.
    pub home: Option<String>,
    /// All groups that the user is in, the own one included, `getgrouplist(3)`.
    pub groups: Vec<u32>,
}

/// The user of this name or number; `None` when there is none. May ask a server, so it may take
/// long.
pub fn account(user: &str) -> io::Result<Option<Account>> {
    let found = match user.parse::<u32>() {
        Ok(uid) => User::from_uid(uid.into())?,
        Err(_) => User::from_name(user)?,
    };
    let Some(user) = found else {
        return Ok(None);
    };
    let name = CString::new(user.name)?;
    let home = user.dir.into_os_string().into_string().ok().filter(|home| !home.is_empty());
    let groups = getgrouplist(&name, user.gid)?.into_iter().map(Gid::as_raw).collect();
    Ok(Some(Account { uid: user.uid.as_raw(), gid: user.gid.as_raw(), home, groups }))
}

/// The home folder of the user of this name; `None` when there is no such user. May ask a server, so
/// it may take long.
pub fn folder(user: &str) -> io::Result<Option<String>> {
    let found = User::from_name(user)?;
    Ok(found.and_then(|user| user.dir.into_os_string().into_string().ok()))
}

/// The group of this name or number; `None` when there is none.
pub fn group(group: &str) -> io::Result<Option<u32>> {
    let found = match group.parse::<u32>() {
        Ok(gid) => Group::from_gid(gid.into())?,
        Err(_) => Group::from_name(group)?,
    };
    Ok(found.map(|group| group.gid.as_raw()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_everywhere() {
        let root = account("root").unwrap().unwrap();
        assert_eq!((root.uid, root.gid), (0, 0));
        assert!(root.groups.contains(&0));
        assert_eq!(account("0").unwrap().unwrap(), root);
        assert_eq!(group("root").unwrap(), Some(0));
        assert_eq!(folder("root").unwrap().as_deref(), Some("/root"));
    }

    #[test]
    fn who_is_not_there_is_not_found() {
        assert_eq!(account("no-such-user").unwrap(), None);
        assert_eq!(group("no-such-group").unwrap(), None);
    }
}
