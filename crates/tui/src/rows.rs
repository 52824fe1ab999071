//! The list: which rows there are, in which order.

use rpm_core::Status;
use rpm_proto::{Observed, Watched};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// What a row stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// All instances of an app.
    App(String),
    /// One instance of an app with several.
    Instance(u32),
}

/// One row.
#[derive(Clone, Debug)]
pub(crate) struct Row<'a> {
    /// What it stands for.
    pub(crate) key: Key,
    /// Its processes, by id.
    pub(crate) members: Vec<&'a Watched>,
    /// Whether its instances are shown below it; `None` where it has only one or is one.
    pub(crate) open: Option<bool>,
}

/// By what the list is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    /// Name.
    #[default]
    Name,
    /// CPU.
    Cpu,
    /// Memory.
    Memory,
    /// Restarts.
    Restarts,
    /// Time since the last start.
    Uptime,
    /// Whether it runs.
    Status,
    /// Id.
    Id,
}

impl Sort {
    /// All, in the order in which a key goes through them.
    pub(crate) const ALL: [Self; 7] =
        [Self::Name, Self::Cpu, Self::Memory, Self::Restarts, Self::Uptime, Self::Status, Self::Id];

    /// The one after it.
    pub(crate) fn next(self) -> Self {
        let at = Self::ALL.iter().position(|it| *it == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// The larger ones are of more interest.
    fn is_descending(self) -> bool {
        matches!(self, Self::Cpu | Self::Memory | Self::Restarts | Self::Status)
    }
}

/// How the list is shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    /// Words that an app's name or namespace has; all of them.
    pub(crate) filter: String,
    /// By what it is sorted.
    pub(crate) sort: Sort,
    /// The other way round.
    pub(crate) reverse: bool,
    /// Apps whose instances are not shown.
    pub(crate) closed: BTreeSet<String>,
}

impl Row<'_> {
    /// The app's name.
    pub(crate) fn name(&self) -> &str {
        self.members.first().map_or("", |it| &it.view.name)
    }

    /// CPU in percent of one core.
    pub(crate) fn cpu(&self) -> f32 {
        self.members.iter().map(|it| it.view.cpu).sum()
    }

    /// Resident bytes.
    pub(crate) fn memory(&self) -> u64 {
        self.members.iter().map(|it| it.view.memory).sum()
    }

    /// Restarts.
    pub(crate) fn restarts(&self) -> u32 {
        self.members.iter().fold(0, |sum, it| sum.saturating_add(it.view.restarts))
    }

    /// Requests a second, where told.
    pub(crate) fn requests(&self) -> Option<f64> {
        let told = self.members.iter().filter_map(|it| it.figures.requests_per_s);
        told.reduce(|sum, more| sum + more)
    }

    /// The largest mean delay of an event loop in ms, where told.
    pub(crate) fn event_loop(&self) -> Option<f64> {
        self.members.iter().filter_map(|it| it.figures.event_loop_ms).reduce(f64::max)
    }

    /// The status that most needs to be seen.
    pub(crate) fn status(&self) -> Option<Status> {
        self.members.iter().map(|it| it.view.status).max_by_key(|status| gravity(*status))
    }

    /// When the youngest run was started, in ms since 1970; `None` when none is up.
    pub(crate) fn started_at(&self) -> Option<i64> {
        let up = self.members.iter().filter(|it| it.view.status == Status::Online);
        up.map(|it| it.view.started_at).filter(|at| *at > 0).max()
    }
}

/// The rows of the list.
pub(crate) fn rows<'a>(seen: &'a Observed, shape: &Shape) -> Vec<Row<'a>> {
    let words: Vec<String> = shape.filter.split_whitespace().map(str::to_lowercase).collect();
    let mut apps = BTreeMap::<&str, Vec<&Watched>>::new();
    for process in &seen.processes {
        let view = &process.view;
        let (name, namespace) = (view.name.to_lowercase(), view.namespace.to_lowercase());
        if words.iter().all(|word| name.contains(word) || namespace.contains(word)) {
            apps.entry(&view.name).or_default().push(process);
        }
    }
    let mut apps: Vec<Row<'_>> = apps
        .into_iter()
        .map(|(name, members)| {
            let open = (members.len() > 1).then(|| !shape.closed.contains(name));
            Row { key: Key::App(name.to_owned()), members, open }
        })
        .collect();
    apps.sort_by(|a, b| order(a, b, shape));
    let mut rows = Vec::new();
    for app in apps {
        let mut instances = Vec::new();
        if app.open == Some(true) {
            let of_one = |member: &&'a Watched| Row {
                key: Key::Instance(member.view.id),
                members: vec![*member],
                open: None,
            };
            instances.extend(app.members.iter().map(of_one));
        }
        rows.push(app);
        rows.append(&mut instances);
    }
    rows
}

fn order(a: &Row<'_>, b: &Row<'_>, shape: &Shape) -> Ordering {
    let id = |row: &Row<'_>| row.members.first().map(|it| it.view.id);
    let by = match shape.sort {
        Sort::Name => Ordering::Equal,
        Sort::Cpu => a.cpu().total_cmp(&b.cpu()),
        Sort::Memory => a.memory().cmp(&b.memory()),
        Sort::Restarts => a.restarts().cmp(&b.restarts()),
        // The youngest first: something has just happened there.
        Sort::Uptime => b.started_at().cmp(&a.started_at()),
        Sort::Status => a.status().map(gravity).cmp(&b.status().map(gravity)),
        Sort::Id => id(a).cmp(&id(b)),
    };
    let by = if shape.sort.is_descending() { by.reverse() } else { by };
    let by = by.then_with(|| a.name().cmp(b.name()));
    if shape.reverse { by.reverse() } else { by }
}

/// How much a status needs to be seen.
pub(crate) fn gravity(status: Status) -> u8 {
    match status {
        Status::Online => 0,
        Status::Stopped => 1,
        Status::Stopping => 2,
        Status::Launching => 3,
        Status::Waiting => 4,
        Status::Errored => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::observed;

    fn keys(shape: &Shape) -> Vec<String> {
        let seen = observed(0);
        let shown = |row: &Row<'_>| match &row.key {
            Key::App(name) => name.clone(),
            Key::Instance(id) => id.to_string(),
        };
        rows(&seen, shape).iter().map(shown).collect()
    }

    #[test]
    fn instances_stand_below_their_app() {
        assert_eq!(keys(&Shape::default()), ["api", "0", "1", "billing", "worker"]);
        let shape = Shape { closed: ["api".to_owned()].into(), ..Shape::default() };
        assert_eq!(keys(&shape), ["api", "billing", "worker"]);
    }

    #[test]
    fn the_order_is_of_apps() {
        let sorted = |sort, reverse| keys(&Shape { sort, reverse, ..Shape::default() });
        assert_eq!(sorted(Sort::Name, true), ["worker", "billing", "api", "0", "1"]);
        assert_eq!(sorted(Sort::Status, false)[0], "billing", "what is errored comes first");
        assert_eq!(sorted(Sort::Cpu, false)[0], "api");
        assert_eq!(sorted(Sort::Id, false)[0], "api");
    }

    #[test]
    fn the_filter_looks_at_names_and_namespaces() {
        let filtered =
            |filter: &str| keys(&Shape { filter: filter.to_owned(), ..Shape::default() });
        assert_eq!(filtered("WORK"), ["worker"]);
        assert_eq!(filtered("shop"), ["api", "0", "1"]);
        assert_eq!(filtered("shop ap"), ["api", "0", "1"]);
        assert!(filtered("nothing").is_empty());
    }
}
