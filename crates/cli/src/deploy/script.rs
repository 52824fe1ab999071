//! The scripts that a machine runs, for `bash`.

use super::quoted;
use rpm_config::Deployment;

/// Scripts for one deployment. Each ends at the first command that fails.
#[derive(Clone, Copy, Debug)]
pub(super) struct Script<'a> {
    pub(super) to: &'a Deployment,
}

const STRICT: &str = "set -e -o pipefail\n";

impl<'a> Script<'a> {
    /// Makes the folders and the clone.
    pub(super) fn clone_into(self) -> String {
        let repo = quoted(&self.to.repo);
        let depth = if self.to.is_shallow { "--depth 5 " } else { "" };
        let branch = match self.branch() {
            Some(branch) => format!("--branch {} ", quoted(branch)),
            None => String::new(),
        };
        format!(
            "{STRICT}{}mkdir -p \"$ROOT/shared/logs\" \"$ROOT/shared/pids\"\n\
             git clone {depth}{branch}-- {repo} \"$ROOT/source\"\n",
            self.root()
        )
    }

    /// Points `current` at the clone.
    pub(super) fn link(self) -> String {
        format!("{STRICT}{}ln -sfn \"$ROOT/source\" \"$ROOT/current\"\n", self.root())
    }

    /// Brings the clone to a branch, tag or commit; to the latest tag when none is named.
    pub(super) fn fetch(self, name: &str) -> String {
        let depth = if self.to.is_shallow { "--depth 5 " } else { "" };
        let wanted = if name.is_empty() {
            "$(git describe --tags \"$(git rev-list --tags --max-count=1)\")".to_owned()
        } else {
            format!("$(git rev-parse --verify --end-of-options {}^{{commit}})", quoted(name))
        };
        format!(
            "{}git fetch {depth}--all --tags --force\ngit reset --hard \"{wanted}\"\n",
            self.source()
        )
    }

    /// Brings the clone to what was deployed so many deployments ago.
    pub(super) fn revert(self, count: usize) -> String {
        format!(
            "{}wanted=$(tail -n {} \"$ROOT/.deploys\" | head -n 1)\n\
             [ \"$(wc -l < \"$ROOT/.deploys\")\" -gt {count} ] || \
             {{ echo 'there are not so many deployments' >&2; exit 1; }}\n\
             git reset --hard \"$wanted\"\n",
            self.source(),
            count + 1
        )
    }

    /// Writes down what is deployed.
    pub(super) fn record(self) -> String {
        format!("{}git rev-parse HEAD >> \"$ROOT/.deploys\"\n", self.source())
    }

    /// Shows the commit of so many deployments ago.
    pub(super) fn commit_before(self, count: usize) -> String {
        if count == 0 {
            return format!("{}git rev-parse --short HEAD\n", self.source());
        }
        format!(
            "{}[ \"$(wc -l < \"$ROOT/.deploys\")\" -gt {count} ] || \
             {{ echo 'there are not so many deployments' >&2; exit 1; }}\n\
             git rev-parse --short \"$(tail -n {} \"$ROOT/.deploys\" | head -n 1)\"\n",
            self.source(),
            count + 1
        )
    }

    /// Shows all commits that were deployed, the newest first, with numbers for `revert`.
    pub(super) fn list(self) -> String {
        format!(
            "{STRICT}{}[ -f \"$ROOT/.deploys\" ] || exit 0\n\
             awk '{{ line[NR] = $0 }} END {{ for (i = NR; i > 0; i--) print NR - i \"\\t\" line[i] }}' \
             \"$ROOT/.deploys\"\n",
            self.root()
        )
    }

    /// A command of the user's in the clone.
    pub(super) fn in_source(self, command: &str) -> String {
        format!("{}{}{command}\n", self.source(), self.variables())
    }

    /// A command of the user's in the deployed folder.
    pub(super) fn in_current(self, command: &str) -> String {
        let root = self.root();
        format!("{STRICT}{root}cd \"$ROOT/current\"\n{}{command}\n", self.variables())
    }

    /// A command of the user's where it is.
    pub(super) fn exported(self, command: &str) -> String {
        format!("{STRICT}{}{}{command}\n", self.root(), self.variables())
    }

    fn source(self) -> String {
        format!("{STRICT}{}cd \"$ROOT/source\"\n", self.root())
    }

    /// `~` is the home of whoever logs in there.
    fn root(self) -> String {
        let path = &self.to.path;
        match path.strip_prefix("~/") {
            Some(rest) => format!("ROOT=$HOME/{}\n", quoted(rest)),
            None if path == "~" => "ROOT=$HOME\n".to_owned(),
            None => format!("ROOT={}\n", quoted(path)),
        }
    }

    fn variables(self) -> String {
        // The user's own commands are not ended by the first that fails.
        let mut text = "set +e +o pipefail\nexport SHARED=\"$ROOT/shared\"\n".to_owned();
        for (name, value) in &self.to.env {
            let name = name.to_uppercase();
            let is_name = !name.starts_with(|first: char| first.is_ascii_digit())
                && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
            if is_name {
                text = format!("{text}export {name}={}\n", quoted(value));
            }
        }
        text
    }

    /// The branch of `origin/main`.
    fn branch(self) -> Option<&'a str> {
        let name = self.to.git_ref.as_str();
        let branch = name.split_once('/').map_or(name, |(_, branch)| branch);
        (!branch.is_empty()).then_some(branch)
    }
}
