//! Deployments with git: what is run, where, in which order.
//!
//! A machine has `source` (the clone), `current` (a link to it), `shared` (what outlives a
//! deployment) and `.deploys` (the commits that were deployed, one a line).

mod machine;
mod script;

pub(crate) use machine::{Machine, Ran};

use rpm_config::Deployment;
use script::Script;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Clones the repository and makes the folders.
    Setup,
    /// Brings the newest of what is configured.
    Update,
    /// Brings this commit, tag or branch.
    Ref(String),
    /// Goes back so many deployments.
    Revert(usize),
    /// Shows the commit that is deployed.
    Current,
    /// Shows the commit that was deployed before.
    Previous,
    /// Shows all that were deployed, the newest first.
    List,
    /// Runs a command in the deployed folder.
    Exec(String),
}

impl Action {
    /// Whether it puts another commit in place.
    pub(crate) fn deploys(&self) -> bool {
        matches!(self, Self::Update | Self::Ref(_) | Self::Revert(_))
    }
}

/// One thing to do, and what to call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// What it is, for the user.
    pub(crate) name: &'static str,
    /// What `bash` runs.
    pub(crate) script: String,
    /// On this machine, not on the other one.
    pub(crate) is_here: bool,
}

/// The steps of an action. `after` is what starts the apps where no hook says.
pub(crate) fn steps(action: &Action, to: &Deployment, after: &str) -> Vec<Step> {
    let script = Script { to };
    let there = |name, script| Step { name, script, is_here: false };
    let hook = |name, hook: &Option<String>| {
        hook.as_ref().map(|command| there(name, script.in_source(command)))
    };
    let here = to.pre_deploy_local.as_ref().map(|command| Step {
        name: "hook pre-deploy-local",
        script: script.exported(command),
        is_here: true,
    });
    let post = to.post_deploy.as_deref().filter(|command| !command.trim().is_empty());
    let restart = there("hook post-deploy", script.in_current(post.unwrap_or(after)));
    let deploy = |get: Step| {
        let before = hook("hook pre-deploy", &to.pre_deploy);
        let after = [there("linking", script.link()), there("recording", script.record())];
        here.into_iter().chain(before).chain([get]).chain(after).chain([restart]).collect()
    };
    match action {
        Action::Setup => {
            let first = to.pre_setup.as_ref().map(|command| {
                let command = std::fs::read_to_string(command).unwrap_or_else(|_| command.clone());
                there("hook pre-setup", script.exported(&command))
            });
            let clone = [there("cloning", script.clone_into()), there("linking", script.link())];
            first.into_iter().chain(clone).chain(hook("hook post-setup", &to.post_setup)).collect()
        }
        Action::Update => deploy(there("updating", script.fetch(&to.git_ref))),
        Action::Ref(name) => deploy(there("updating", script.fetch(name))),
        Action::Revert(count) => deploy(there("reverting", script.revert(*count))),
        Action::Current => vec![there("", script.commit_before(0))],
        Action::Previous => vec![there("", script.commit_before(1))],
        Action::List => vec![there("", script.list())],
        Action::Exec(command) => vec![there("", script.in_current(command))],
    }
}

/// Refuses to deploy what others do not have: changes that are not committed, commits that are not
/// pushed. Says nothing outside of a repository.
pub(crate) const LOCAL_CHECK: &str = r#"
git rev-parse --is-inside-work-tree >/dev/null 2>&1 || exit 0
if [ -n "$(git status --porcelain --untracked-files=no)" ]; then
    echo "there are changes that are not committed" >&2
    exit 1
fi
git rev-parse '@{upstream}' >/dev/null 2>&1 || exit 0
if [ -n "$(git rev-list '@{upstream}..HEAD')" ]; then
    echo "there are commits that are not pushed" >&2
    exit 1
fi
"#;

/// A word of a shell.
pub(crate) fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests;
