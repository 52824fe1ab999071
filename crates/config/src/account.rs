//! Who an app runs as: names become numbers, by the system's name service.

use crate::context::Context;
use crate::fault::{ConfigFault, FaultKind};
use crate::raw::Raw;
use rpm_core::AppSpec;
use rpm_sys::users::{self, Account};
use std::io;

/// Puts the user and the groups that were asked for into the spec. A user brings its own group, its
/// other groups and its `HOME`; a number that belongs to nobody (containers often have such) brings
/// none of them.
pub(crate) fn take_on(spec: &mut AppSpec, raw: &Raw, context: &Context) -> Result<(), ConfigFault> {
    if let Some(wanted) = &raw.uid {
        match known("uid", wanted, users::account(wanted), spec)? {
            Found::Known(account) => become_user(spec, account),
            Found::Number(uid) => spec.uid = Some(uid),
        }
    }
    if let Some(wanted) = &raw.gid {
        spec.gid = Some(match known("gid", wanted, users::group(wanted), spec)? {
            Found::Known(gid) | Found::Number(gid) => gid,
        });
    }
    let other = spec.uid.is_some_and(|uid| uid != context.uid);
    if context.uid != 0 && (other || (spec.uid.is_none() && spec.gid.is_some())) {
        return Err(not_root(spec, context));
    }
    Ok(())
}

fn become_user(spec: &mut AppSpec, account: Account) {
    spec.uid = Some(account.uid);
    spec.gid = Some(account.gid);
    spec.groups = Some(account.groups);
    if let Some(home) = account.home {
        spec.env.insert("HOME".to_owned(), home);
    }
}

enum Found<T> {
    Known(T),
    Number(u32),
}

fn known<T>(
    key: &'static str,
    wanted: &str,
    found: io::Result<Option<T>>,
    spec: &AppSpec,
) -> Result<Found<T>, ConfigFault> {
    let (number, why) = match found {
        Ok(Some(found)) => return Ok(Found::Known(found)),
        Ok(None) => (wanted.parse().ok(), None),
        Err(error) => (wanted.parse().ok(), Some(error.to_string())),
    };
    if let Some(number) = number {
        return Ok(Found::Number(number));
    }
    let what = format!("the `{key}` of the app `{}` is not known: `{wanted}`", spec.name);
    let fault = ConfigFault::new(FaultKind::ConfigValue, what)
        .about(key)
        .help("give the name or number of one that this system has");
    Err(match why {
        Some(why) => fault.because(why),
        None => fault,
    })
}

fn not_root(spec: &AppSpec, context: &Context) -> ConfigFault {
    let (key, number) = match spec.uid {
        Some(uid) => ("uid", uid),
        None => ("gid", spec.gid.unwrap_or_default()),
    };
    let what = format!("the app `{}` cannot run with the `{key}` {number}", spec.name);
    ConfigFault::new(FaultKind::ConfigValue, what)
        .because(format!("only root may change it, and you are user {}", context.uid))
        .about(key)
        .help(format!("leave out `{key}`, or let root run the daemon"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Place;

    fn taken(uid: Option<&str>, gid: Option<&str>, ours: u32) -> Result<AppSpec, String> {
        let place = Place::new();
        let context = Context { uid: ours, ..place.context.clone() };
        let raw =
            Raw { uid: uid.map(str::to_owned), gid: gid.map(str::to_owned), ..Raw::default() };
        let mut spec = AppSpec { name: "api".to_owned(), ..AppSpec::default() };
        take_on(&mut spec, &raw, &context).map(|()| spec).map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_user_brings_its_groups_and_its_home() {
        let spec = taken(Some("root"), None, 0).unwrap();
        assert_eq!((spec.uid, spec.gid), (Some(0), Some(0)));
        assert!(spec.groups.unwrap().contains(&0));
        assert_eq!(spec.env["HOME"], "/root");
        assert_eq!(taken(Some("0"), Some("12"), 0).unwrap().gid, Some(12));
    }

    #[test]
    fn a_number_needs_no_account() {
        let spec = taken(Some("987654321"), Some("987654320"), 0).unwrap();
        assert_eq!((spec.uid, spec.gid, spec.groups), (Some(987_654_321), Some(987_654_320), None));
        assert!(taken(Some("no-such-user"), None, 0).unwrap_err().contains("no-such-user"));
        assert!(taken(None, Some("no-such-group"), 0).unwrap_err().contains("no-such-group"));
        assert!(taken(Some("-5"), None, 0).is_err());
    }

    #[test]
    fn only_root_runs_an_app_as_somebody_else() {
        assert!(taken(Some("987654321"), None, 1000).unwrap_err().contains("cannot run"));
        assert!(taken(None, Some("0"), 1000).unwrap_err().contains("`gid` 0"));
        assert!(taken(Some("987654321"), None, 987_654_321).is_ok());
        assert!(taken(None, None, 1000).is_ok());
    }
}
