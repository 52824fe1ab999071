//! From what a user typed to the instances that are meant.

use super::Supervisor;
use super::instance::{Instance, Wanted};
use crate::action::Refusal;
use crate::id::ProcId;
use crate::select::Target;
use regex_lite::Regex;
use std::collections::BTreeSet;

impl Supervisor {
    /// The instances that a target names, by id.
    ///
    /// `all`, which leaves modules alone; `#3`, the id 3; `/regex/` on the name; else a name or a script's path, else a namespace, else an id,
    /// as PM2 reads it.
    pub fn resolve(&self, target: &Target) -> Result<Vec<ProcId>, Refusal> {
        let text = target.0.as_str();
        let procs = if text == "all" {
            self.filtered(|instance| !instance.spec.is_module())
        } else if let Some(proc) = exact_id(text) {
            self.instances.keys().copied().filter(|known| *known == proc).collect()
        } else if let Some(pattern) = pattern(text) {
            self.matching(text, &pattern)?
        } else {
            return self.named(text).ok_or_else(|| self.not_found(text));
        };
        if procs.is_empty() {
            return Err(Refusal::NothingMatches { target: text.to_owned() });
        }
        Ok(procs)
    }

    /// The instances that several targets name together; all or none.
    pub(super) fn select_any(&self, targets: &[Target]) -> Result<Vec<ProcId>, Refusal> {
        let mut procs = BTreeSet::new();
        for target in targets {
            procs.extend(self.resolve(target)?);
        }
        Ok(procs.into_iter().collect())
    }

    /// The same, without those that are being deleted: nothing brings these back.
    pub(super) fn select(&self, targets: &[Target]) -> Result<Vec<ProcId>, Refusal> {
        let mut procs = BTreeSet::new();
        for target in targets {
            let mut named = self.resolve(target)?;
            named.retain(|proc| self.is_to_stay(*proc));
            if named.is_empty() {
                return Err(self.not_found(&target.0));
            }
            procs.extend(named);
        }
        Ok(procs.into_iter().collect())
    }

    /// The instances of an app that are not being deleted, by slot.
    pub(super) fn members(&self, app: &str) -> Vec<ProcId> {
        let mut procs: Vec<ProcId> = self.apps.get(app).into_iter().flatten().copied().collect();
        procs.retain(|proc| self.is_to_stay(*proc));
        procs.sort_by_key(|proc| self.instances.get(proc).map(|instance| instance.slot));
        procs
    }

    /// That nothing is called so, and what is called nearly so.
    pub(super) fn not_found(&self, text: &str) -> Refusal {
        let nearest = self
            .apps
            .keys()
            .map(|name| (strsim::damerau_levenshtein(name, text), name))
            .filter(|(distance, name)| distance * 3 <= name.chars().count())
            .min();
        Refusal::NotFound {
            target: text.to_owned(),
            nearest: nearest.map(|(_, name)| name.clone()),
        }
    }

    fn is_to_stay(&self, proc: ProcId) -> bool {
        self.instances.get(&proc).is_some_and(|instance| instance.wanted != Wanted::Gone)
    }

    fn matching(&self, text: &str, pattern: &str) -> Result<Vec<ProcId>, Refusal> {
        let regex = Regex::new(pattern).map_err(|error| Refusal::BadPattern {
            target: text.to_owned(),
            why: error.to_string(),
        })?;
        Ok(self.filtered(|instance| regex.is_match(&instance.spec.name)))
    }

    fn named(&self, text: &str) -> Option<Vec<ProcId>> {
        let found = |procs: Vec<ProcId>| Some(procs).filter(|procs| !procs.is_empty());
        found(self.filtered(|it| it.spec.name == text || it.spec.script == text))
            .or_else(|| found(self.filtered(|it| it.spec.namespace == text)))
            .or_else(|| {
                let proc = ProcId(text.parse().ok()?);
                self.instances.contains_key(&proc).then(|| vec![proc])
            })
    }

    fn filtered(&self, is_meant: impl Fn(&Instance) -> bool) -> Vec<ProcId> {
        let meant = self.instances.iter().filter(|(_, instance)| is_meant(instance));
        meant.map(|(proc, _)| *proc).collect()
    }
}

/// The id of `#3`.
fn exact_id(text: &str) -> Option<ProcId> {
    text.strip_prefix('#')?.parse().ok().map(ProcId)
}

/// The pattern within `/…/`. PM2 takes all slashes out.
fn pattern(text: &str) -> Option<String> {
    let inner = text.strip_prefix('/')?.strip_suffix('/')?;
    Some(inner.replace('/', ""))
}
