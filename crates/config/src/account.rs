//! Users and groups by name, from the system's files (`passwd(5)`, `group(5)`).

use camino::Utf8PathBuf;

/// A user of this system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    /// The number.
    pub(crate) id: u32,
    /// The home, where the file knows of one.
    pub(crate) home: Option<Utf8PathBuf>,
}

/// The user of this name or number. A number needs no entry: containers often have none.
pub(crate) fn user(wanted: &str) -> Option<Account> {
    let file = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let number = wanted.parse().ok();
    let entry = entries(&file).find(|fields| {
        fields[0] == wanted || (number.is_some() && fields[2].parse().ok() == number)
    });
    match (entry, number) {
        (Some(fields), _) => Some(Account {
            id: fields[2].parse().ok()?,
            home: fields.get(5).filter(|home| !home.is_empty()).map(|home| (*home).into()),
        }),
        (None, Some(id)) => Some(Account { id, home: None }),
        (None, None) => None,
    }
}

/// The number of the group of this name or number.
pub(crate) fn group(wanted: &str) -> Option<u32> {
    if let Ok(id) = wanted.parse() {
        return Some(id);
    }
    let file = std::fs::read_to_string("/etc/group").unwrap_or_default();
    entries(&file).find(|fields| fields[0] == wanted)?[2].parse().ok()
}

/// The fields of each entry, at least three.
fn entries(file: &str) -> impl Iterator<Item = Vec<&str>> {
    file.lines().map(|line| line.split(':').collect::<Vec<_>>()).filter(|fields| fields.len() > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_name_and_number() {
        let root = Some(Account { id: 0, home: Some("/root".into()) });
        assert_eq!(user("root").map(|account| account.id), Some(0));
        assert_eq!(user("0").map(|account| account.id), root.map(|account| account.id));
        assert_eq!(user("987654321"), Some(Account { id: 987_654_321, home: None }));
        assert_eq!(user("no-such-user"), None);
        assert_eq!(group("root"), Some(0));
        assert_eq!(group("12"), Some(12));
        assert_eq!(group("no-such-group"), None);
    }
}
