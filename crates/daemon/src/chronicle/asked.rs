//! What a client asks for, in words that stay true: an instance is told by its app's name, since its
//! number says nothing to whoever reads of it when it is gone.

use super::{By, Draft};
use crate::driver::Driver;
use rpm_core::spec::Setting;
use rpm_core::{Existing, ProcId, ScaleTo, Target};
use rpm_proto::{Request, Verb};
use std::collections::BTreeSet;

impl Driver {
    /// Tells that a client asks for this, where it changes something; before it is done.
    pub(crate) fn note(&self, request: &Request, by: &By) {
        let find = |target: &Target| {
            let procs = self.supervisor.resolve(target).unwrap_or_default();
            let named = |proc: ProcId| {
                let app = self.supervisor.instance(proc)?.spec.name.clone();
                Some(Place { id: proc.0, app })
            };
            procs.into_iter().filter_map(named).collect()
        };
        let size = |app: &str| self.supervisor.instances().filter(|it| it.spec.name == app).count();
        if let Some(meant) = Meant::of(request, &Table { find: &find, size: &size }) {
            self.world.chronicle.tell(Draft::command(meant, by));
        }
    }
}

/// The list of instances, as far as it is asked here.
pub(super) struct Table<'a> {
    /// The instances that a target names.
    find: &'a dyn Fn(&Target) -> Vec<Place>,
    /// How many instances an app has.
    size: &'a dyn Fn(&str) -> usize,
}

/// An instance.
pub(super) struct Place {
    id: u32,
    app: String,
}

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Meant {
    /// The command as a user would type it, without what may be secret.
    pub(super) words: String,
    /// The apps that it is about, each once.
    pub(super) apps: BTreeSet<String>,
    /// The instance, where it is about a single one.
    pub(super) id: Option<u32>,
}

impl Meant {
    /// `None` when it changes nothing.
    pub(super) fn of(request: &Request, table: &Table<'_>) -> Option<Self> {
        let plain = |words: String| Self { words, ..Self::default() };
        Some(match request {
            Request::Apply { apps, existing, .. } => {
                let names: Vec<&str> = apps.iter().map(|app| app.name.as_str()).collect();
                let is_reload = *existing == Existing::Reload;
                let verb = if is_reload { Verb::Reload } else { Verb::Start };
                let words = format!("{} {}", verb.as_str(), names.join(" "));
                let apps = names.into_iter().map(str::to_owned).collect();
                Self { words, apps, id: None }
            }
            Request::Scale { name, to } => {
                let words = match to {
                    ScaleTo::Exactly(count) => format!("scale {name} {count}"),
                    ScaleTo::By(by) => format!("scale {name} {by:+}"),
                };
                Self { words, apps: [name.clone()].into(), id: None }
            }
            Request::Act { verb, targets, .. } => Self::named(verb.as_str(), targets, table),
            Request::Adjust { targets, settings } => {
                Self::named(adjusting(settings), targets, table)
            }
            Request::Signal { targets, signal } => {
                Self::named(&format!("sendSignal {signal}"), targets, table)
            }
            Request::Trigger { target, action, .. } => {
                let mut meant = Self::named("trigger", std::slice::from_ref(target), table);
                meant.words = format!("{} {action}", meant.words);
                meant
            }
            Request::Flush { target: Some(target) } => {
                Self::named("flush", std::slice::from_ref(target), table)
            }
            Request::Flush { target: None } => plain("flush".to_owned()),
            Request::Resurrect => plain("resurrect".to_owned()),
            Request::Import { .. } => plain("import pm2".to_owned()),
            Request::Kill => plain("kill".to_owned()),
            Request::Update { .. } => plain("update".to_owned()),
            _ => return None,
        })
    }

    fn named(verb: &str, targets: &[Target], table: &Table<'_>) -> Self {
        let mut names: Vec<Name> = Vec::new();
        let (mut apps, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for target in targets {
            let found = (table.find)(target);
            match found.as_slice() {
                [place] if is_number(target, place.id) => Name::add(&mut names, place),
                _ => names.push(Name::Typed(target.0.clone())),
            }
            ids.extend(found.iter().map(|place| place.id));
            apps.extend(found.into_iter().map(|place| place.app));
        }
        let names: Vec<String> = names.into_iter().map(|name| name.words(table)).collect();
        let id = ids.first().copied().filter(|_| ids.len() == 1);
        Self { words: format!("{verb} {}", names.join(" ")), apps, id }
    }
}

/// The call of PM2's clients that changes these settings.
fn adjusting(settings: &[Setting]) -> &'static str {
    match settings {
        [Setting::Watch(true)] => "startWatch",
        [Setting::Watch(false)] => "stopWatch",
        [Setting::ToggleWatch] => "toggleWatch",
        _ => "adjust",
    }
}

/// What stands in the place of a target.
enum Name {
    /// As it was typed.
    Typed(String),
    /// Instances of an app that were named by their numbers.
    Numbers(String, BTreeSet<u32>),
}

impl Name {
    fn add(names: &mut Vec<Self>, place: &Place) {
        for name in names.iter_mut() {
            if let Self::Numbers(app, ids) = name
                && *app == place.app
            {
                ids.insert(place.id);
                return;
            }
        }
        names.push(Self::Numbers(place.app.clone(), [place.id].into()));
    }

    /// Such as `api (3)` or `api (3, 4)`; `api` where these are all that it has.
    fn words(self, table: &Table<'_>) -> String {
        match self {
            Self::Typed(text) => text,
            Self::Numbers(app, ids) if ids.len() > 1 && ids.len() == (table.size)(&app) => app,
            Self::Numbers(app, ids) => {
                let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
                format!("{app} ({})", ids.join(", "))
            }
        }
    }
}

/// Whether the target is this number, and no name that is one.
fn is_number(target: &Target, id: u32) -> bool {
    target.0.strip_prefix('#').unwrap_or(&target.0).parse() == Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const APPS: [(u32, &str); 4] = [(0, "api"), (1, "api"), (2, "worker"), (3, "9")];

    fn act(targets: &[&str]) -> Meant {
        let find = |target: &Target| {
            let number = target.0.trim_start_matches('#').parse().ok();
            let is_meant = |(id, app): &&(u32, &str)| {
                target.0 == "all" || target.0 == *app || number == Some(*id)
            };
            let place = |(id, app): &(u32, &str)| Place { id: *id, app: (*app).to_owned() };
            APPS.iter().filter(is_meant).map(place).collect()
        };
        let size = |app: &str| APPS.iter().filter(|(_, name)| *name == app).count();
        let request = Request::Act {
            verb: Verb::Restart,
            targets: targets.iter().map(|target| Target::from(*target)).collect(),
            env: Some([("TOKEN".to_owned(), "secret".to_owned())].into_iter().collect()),
            settings: Vec::new(),
            parallel: None,
        };
        Meant::of(&request, &Table { find: &find, size: &size }).unwrap()
    }

    #[test]
    fn numbers_become_names() {
        for (targets, words) in [
            (&["#1"][..], "restart api (1)"),
            (&["1"], "restart api (1)"),
            (&["#2"], "restart worker (2)"),
            (&["#0", "#1"], "restart api"),
            (&["#1", "#2", "#0"], "restart api worker (2)"),
            (&["api", "2"], "restart api worker (2)"),
            (&["all"], "restart all"),
            // A name that looks like a number, and a number of nothing.
            (&["9"], "restart 9"),
            (&["#7"], "restart #7"),
        ] {
            assert_eq!(act(targets).words, words, "{targets:?}");
        }
    }

    #[test]
    fn watching_is_told_by_the_names_of_pm2s_calls() {
        assert_eq!(adjusting(&[Setting::Watch(true)]), "startWatch");
        assert_eq!(adjusting(&[Setting::Watch(false)]), "stopWatch");
        assert_eq!(adjusting(&[Setting::ToggleWatch]), "toggleWatch");
    }

    #[test]
    fn what_a_command_is_about_is_known() {
        let about = |targets: &[&str]| {
            let meant = act(targets);
            (meant.apps.into_iter().collect::<Vec<_>>().join(" "), meant.id)
        };
        assert_eq!(about(&["1"]), ("api".to_owned(), Some(1)));
        assert_eq!(about(&["api"]), ("api".to_owned(), None));
        assert_eq!(about(&["api", "worker"]), ("api worker".to_owned(), None));
        assert_eq!(about(&["nobody"]), (String::new(), None));
    }

    #[test]
    fn secrets_and_questions_are_not_told() {
        assert!(!format!("{:?}", act(&["api"])).contains("secret"));
        let table = Table { find: &|_| Vec::new(), size: &|_| 0 };
        assert_eq!(Meant::of(&Request::List, &table), None);
    }
}
