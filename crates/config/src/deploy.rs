//! Deployments: what is under `deploy` in a config.

use crate::context::{Context, Selection};
use crate::fault::{ConfigFault, FaultKind};
use crate::fields::{self, whole, word, wrong_value};
use crate::load;
use crate::nearest::nearest;
use crate::source::Source;
use crate::syntax::{Node, Object, Value};
use camino::Utf8Path;
use rpm_core::spec::Env;

/// Where an environment is deployed to, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// The machines, one after the other. `localhost` is this one.
    pub hosts: Vec<String>,
    /// Who logs in there.
    pub user: Option<String>,
    /// The file of the key to log in with.
    pub key: Option<String>,
    /// The port of the SSH server.
    pub port: Option<u64>,
    /// Options of `ssh`, each as after its `-o`.
    pub ssh_options: Vec<String>,
    /// Lets the machine use the keys of this one.
    pub forward_agent: bool,
    /// Commands get a terminal.
    pub needs_tty: bool,
    /// The repository, as `git clone` takes it.
    pub repo: String,
    /// The folder on the machine.
    pub path: String,
    /// What is checked out: `origin/main`. Empty for the latest tag.
    pub git_ref: String,
    /// Only the last commits are fetched.
    pub is_shallow: bool,
    /// Variables for the hooks.
    pub env: Env,
    /// Run there before anything else of a set-up; or the name of a script here.
    pub pre_setup: Option<String>,
    /// Run there after a set-up.
    pub post_setup: Option<String>,
    /// Run here before a deployment.
    pub pre_deploy_local: Option<String>,
    /// Run there before a deployment.
    pub pre_deploy: Option<String>,
    /// Run there after a deployment.
    pub post_deploy: Option<String>,
}

/// The deployment of this name in a config file. A relative `path` is in the user's folder.
pub fn deployment(
    path: &Utf8Path,
    name: &str,
    context: &Context,
    selection: &Selection<'_>,
) -> Result<Deployment, ConfigFault> {
    load::with_text(path, context, selection, |text, format, source| {
        let root = load::root(text, format, &source)?;
        let all = member(&root, "deploy").ok_or_else(|| {
            let what = format!("{} describes no deployment", source.origin);
            ConfigFault::new(FaultKind::ConfigValue, what).help(EXAMPLE)
        })?;
        let place = format!("deploy.{name}");
        let Value::Object(objects) = &all.value else {
            return Err(wrong_value(&source, "deploy", all, "an object of deployments"));
        };
        let Some(field) = objects.get(name) else {
            return Err(unknown(name, objects, &source));
        };
        let Value::Object(object) = &field.node.value else {
            return Err(wrong_value(&source, &place, &field.node, "an object").help(EXAMPLE));
        };
        Reader { source, place: &place, object, node: &field.node }.deployment()
    })
}

const EXAMPLE: &str = "write for example `\"deploy\": { \"production\": { \"host\": \"web1\", \
                       \"repo\": \"git@host:app.git\", \"ref\": \"origin/main\", \"path\": \
                       \"/srv/app\" } }`";

fn unknown(name: &str, all: &Object, source: &Source<'_>) -> ConfigFault {
    let names: Vec<&str> = all.keys().map(String::as_str).collect();
    let what = format!("{} has no deployment `{name}`", source.origin);
    ConfigFault::new(FaultKind::ConfigValue, what)
        .because(format!("it has {}", names.join(", ")))
        .maybe_help(nearest(name, names).map(|near| format!("did you mean `{near}`?")))
}

fn member<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    match &node.value {
        Value::Object(object) => object.get(name).map(|field| &field.node),
        _ => None,
    }
}

/// One deployment's object.
struct Reader<'a> {
    source: Source<'a>,
    place: &'a str,
    object: &'a Object,
    node: &'a Node,
}

impl Reader<'_> {
    fn deployment(&self) -> Result<Deployment, ConfigFault> {
        let env = match self.get(&["env"]) {
            Some((key, node)) => {
                fields::vars(&self.source, &format!("{}.{key}", self.place), node)?.text
            }
            None => Env::default(),
        };
        Ok(Deployment {
            hosts: self.hosts()?,
            user: self.text(&["user"])?,
            key: self.text(&["key"])?,
            port: self.read(&["port"], "a whole number", whole)?,
            ssh_options: self.read(&["ssh_options"], WORDS, words)?.unwrap_or_default(),
            forward_agent: self.flag(&["forward-agent", "forward_agent"])?,
            needs_tty: self.flag(&["needs_tty"])?,
            repo: self.required("repo")?,
            path: self.required("path")?,
            git_ref: self.text(&["ref"])?.unwrap_or_default(),
            is_shallow: self.text(&["fetch"])?.as_deref() == Some("fast"),
            env,
            pre_setup: self.text(&["pre-setup"])?,
            post_setup: self.text(&["post-setup"])?,
            pre_deploy_local: self.text(&["pre-deploy-local"])?,
            pre_deploy: self.text(&["pre-deploy"])?,
            post_deploy: self.text(&["post-deploy"])?,
        })
    }

    fn hosts(&self) -> Result<Vec<String>, ConfigFault> {
        let host = |node: &Node| match member(node, "host") {
            Some(inner) => word(inner),
            None => word(node),
        };
        let hosts = self.read(&["host"], "a name, or a list of them", |value| match value {
            Value::Array(items) => items.iter().map(host).collect(),
            other => host(&Node { span: 0..0, value: other.clone() }).map(|host| vec![host]),
        })?;
        let is_one = |host: &String| !host.is_empty() && !host.starts_with('-');
        match hosts {
            Some(hosts) if !hosts.is_empty() && hosts.iter().all(is_one) => Ok(hosts),
            _ => Err(self.missing("host")),
        }
    }

    fn required(&self, key: &str) -> Result<String, ConfigFault> {
        self.text(&[key])?.filter(|text| !text.is_empty()).ok_or_else(|| self.missing(key))
    }

    fn missing(&self, key: &str) -> ConfigFault {
        let what = format!("`{}` in {} has no `{key}`", self.place, self.source.origin);
        ConfigFault::new(FaultKind::ConfigValue, what)
            .help(EXAMPLE)
            .maybe_excerpt(self.source.excerpt(&self.node.span, "this deployment"))
    }

    fn text(&self, names: &[&str]) -> Result<Option<String>, ConfigFault> {
        self.read(names, "a string", |value| match value {
            Value::String(text) if !text.contains('\0') => Some(text.clone()),
            Value::Number(_, text) => Some(text.clone()),
            _ => None,
        })
    }

    fn flag(&self, names: &[&str]) -> Result<bool, ConfigFault> {
        let flag = self.read(names, "`true` or `false`", |value| match value {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        })?;
        Ok(flag.unwrap_or(false))
    }

    fn read<T>(
        &self,
        names: &[&str],
        takes: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, ConfigFault> {
        let Some((key, node)) = self.get(names) else {
            return Ok(None);
        };
        match read(&node.value) {
            Some(value) => Ok(Some(value)),
            None => Err(wrong_value(&self.source, &format!("{}.{key}", self.place), node, takes)),
        }
    }

    fn get<'n>(&self, names: &[&'n str]) -> Option<(&'n str, &Node)> {
        let found = names.iter().find_map(|name| Some((*name, &self.object.get(*name)?.node)));
        found.filter(|(_, node)| node.value != Value::Null)
    }
}

const WORDS: &str = "a string, or a list of them";

fn words(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(items) => items.iter().map(word).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Place;

    #[test]
    fn all_that_a_deployment_may_say_is_read() {
        let place = Place::with_node();
        place.file(
            "ecosystem.yaml",
            "
deploy:
  production:
    host: [web1, { host: web2 }]
    user: deploy
    port: '22'
    ssh_options: StrictHostKeyChecking=no
    forward-agent: true
    repo: git@example.org:app.git
    ref: origin/main
    path: /srv/app
    fetch: fast
    env: { node_env: production, N: 2 }
    post-deploy: npm install
",
        );
        let read = |name: &str| {
            deployment("ecosystem.yaml".into(), name, &place.context, &place.selection())
        };
        let found = read("production").unwrap();
        assert_eq!(found.hosts, ["web1", "web2"]);
        assert_eq!((found.port, found.is_shallow, found.forward_agent), (Some(22), true, true));
        assert_eq!(found.ssh_options, ["StrictHostKeyChecking=no"]);
        assert_eq!(found.env["N"], "2");
        assert_eq!(found.post_deploy.as_deref(), Some("npm install"));
        let fault = read("prodution").unwrap_err();
        assert_eq!(fault.help.as_deref(), Some("did you mean `production`?"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let place = Place::with_node();
        let fault = |text: &str| {
            place.file("d.json", text);
            deployment("d.json".into(), "x", &place.context, &place.selection()).unwrap_err().what
        };
        assert_eq!(fault("[]"), "d.json describes no deployment");
        assert_eq!(
            fault("{deploy: {x: {repo: 'r', path: '/p'}}}"),
            "`deploy.x` in d.json has no `host`"
        );
        assert_eq!(
            fault("{deploy: {x: {host: '-oProxyCommand=x', repo: 'r', path: '/p'}}}"),
            "`deploy.x` in d.json has no `host`"
        );
        assert_eq!(
            fault("{deploy: {x: {host: 'h', path: '/p'}}}"),
            "`deploy.x` in d.json has no `repo`"
        );
        assert_eq!(
            fault("{deploy: {x: {host: 'h', repo: 'r', path: '/p', needs_tty: 1}}}"),
            "`deploy.x.needs_tty` in d.json cannot be 1"
        );
    }
}
