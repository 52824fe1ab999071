//! What the last life of a home left on the disk, and how that life ended.

#[cfg(test)]
mod tests;

use crate::home::Home;
use crate::table::{self, Table};
use crate::unended;
use rpm_journal::{Boot, Disk, Folder, Journal, NAME, Replayed, Unreadable, replay};
use std::fs::File;
use std::io;

/// What was found.
pub(crate) struct Past {
    /// The table as it was last acknowledged, or an empty one.
    pub(crate) table: Table,
    /// Where changes of that table go on being kept.
    pub(crate) journal: Journal<Folder>,
    /// How the last life ended.
    pub(crate) end: End,
}

/// How a life ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It was meant to, or there was none: nothing is left.
    Well,
    /// Only its supervisor did; the keeper holds all that runs.
    Succeeded,
    /// Keeper and supervisor were killed; what they started may run on.
    Killed,
    /// The machine went down, and all with it.
    Machine,
}

/// Why a supervisor may not begin.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    /// The folder cannot be used.
    #[error("opening the folder of the journal failed")]
    Folder(#[source] io::Error),
    /// What runs was started by a newer version, whose table cannot be read. Whoever went on
    /// without it would end it all.
    #[error("the journal of what runs cannot be read")]
    Newer(#[source] Unreadable),
}

/// Reads what the last life left. `succeeds`: its keeper is there.
pub(crate) fn read(home: &Home, succeeds: bool) -> Result<Past, PastError> {
    let open = || Folder::open(home.run().as_std_path()).map_err(PastError::Folder);
    let mut folder = open()?;
    let (file, bytes) = match folder.open(NAME) {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(Past::empty(folder, End::Well)),
        Err(error) => {
            set_aside(&mut folder, &error.to_string());
            return Ok(Past::empty(folder, End::Well));
        }
    };
    let told = match replay(&bytes) {
        Err(why @ Unreadable::Layout { .. }) if succeeds => return Err(PastError::Newer(why)),
        told => told.map_err(|why| why.to_string()).and_then(|told| {
            let table = table::read(&told.parts).map_err(|error| words(&error))?;
            Ok((told, table))
        }),
    };
    match told {
        Ok((told, table)) => Ok(Past::of(folder, file, told, table, succeeds)),
        Err(why) => {
            set_aside(&mut folder, &why);
            // What its processes are is not known, but that they may be there.
            Ok(Past::empty(folder, if succeeds { End::Succeeded } else { End::Killed }))
        }
    }
}

impl Past {
    fn empty(folder: Folder, end: End) -> Self {
        Self { table: Table::default(), journal: Journal::create(folder, this_boot()), end }
    }

    fn of(folder: Folder, file: File, told: Replayed, table: Table, succeeds: bool) -> Self {
        if told.cut > 0 {
            tracing::warn!(bytes = told.cut, "the journal's last record is not whole; left out");
        }
        let end = match told.boot {
            _ if succeeds => End::Succeeded,
            // It was ending, and whoever waited for that was the one who killed it.
            _ if table.supervisor.is_shutting_down() => End::Well,
            boot if boot == this_boot() => End::Killed,
            _ => End::Machine,
        };
        match end {
            End::Well => Self::empty(folder, end),
            _ => Self { table, journal: Journal::resume(folder, file, told), end },
        }
    }

    /// Leaves the last life for `rpm resurrect` to restore, and begins with an empty table.
    pub(crate) fn leave(self, home: &Home) -> Result<Self, PastError> {
        let mut folder = Folder::open(home.run().as_std_path()).map_err(PastError::Folder)?;
        let left = unended::add(home, &self.table.supervisor);
        match left.and_then(|count| folder.remove(NAME).map(|()| count)) {
            Ok(0) => {}
            Ok(apps) => tracing::warn!(
                apps,
                "the last life did not end well; `rpm resurrect` restores what it ran"
            ),
            Err(error) => set_aside(&mut folder, &error.to_string()),
        }
        Ok(Self::empty(folder, self.end))
    }
}

/// Keeps a journal that cannot be read under another name, so that nothing is written over it.
fn set_aside(folder: &mut Folder, why: &str) {
    let aside = format!("{NAME}.unread-{}", std::process::id());
    match folder.rename(NAME, &aside).and_then(|()| folder.sync_folder()) {
        Ok(()) => tracing::error!(
            why,
            kept_as = aside,
            "the table of the last life cannot be read; beginning with an empty one"
        ),
        Err(error) => tracing::error!(why, %error, "the journal cannot be read, nor set aside"),
    }
}

fn this_boot() -> Boot {
    // Where it cannot be read, all lives count as of one boot.
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    Boot::parse(&text).unwrap_or_default()
}

fn words(error: &table::TableError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
