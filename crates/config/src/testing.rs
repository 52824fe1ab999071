//! A user's folder for tests, and how specs and faults are shown.

use crate::context::{Context, Loaded, Selection};
use crate::fault::ConfigFault;
use camino::Utf8PathBuf;
use rpm_core::AppSpec;
use rpm_core::spec::Env;
use std::fmt::Write;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

/// A folder with scripts and with programs in its `bin`, which is the whole `$PATH`.
pub(crate) struct Place {
    _dir: tempfile::TempDir,
    pub(crate) context: Context,
    pub(crate) env: Env,
}

impl Place {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let cwd = Utf8PathBuf::from_path_buf(dir.path().canonicalize().unwrap()).unwrap();
        let context = Context {
            path: cwd.join("bin").into_string(),
            home: cwd.join("home"),
            cwd,
            user: "me".to_owned(),
            uid: 0,
            program: "/bin/rpm".into(),
            cpus: 4,
        };
        let place = Self { _dir: dir, context, env: Env::new() };
        for program in ["node", "bash", "python3", "ruby"] {
            place.program(&format!("bin/{program}"), "\0");
        }
        for script in ["app.js", "worker.py", "src/my.server.mjs", "task.sh"] {
            place.file(script, "// script\n");
        }
        place.file("package.json", "{ \"version\": \"1.2.3\" }");
        place
    }

    /// One in which `node` is the real one.
    pub(crate) fn with_node() -> Self {
        let mut place = Self::new();
        let path = std::env::var("PATH").unwrap();
        place.context.path.clone_from(&path);
        place.env.insert("PATH".to_owned(), path);
        place
    }

    pub(crate) fn file(&self, path: &str, text: &str) -> Utf8PathBuf {
        let path = self.context.cwd.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn program(&self, path: &str, text: &str) -> Utf8PathBuf {
        let path = self.file(path, text);
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        path
    }

    pub(crate) fn selection(&self) -> Selection<'_> {
        Selection { env: None, only: Vec::new(), namespace: None, base_env: &self.env }
    }

    pub(crate) fn json(&self, text: &str) -> Result<Loaded, ConfigFault> {
        crate::load_json(text, "ecosystem.json", &self.context, &self.selection())
    }

    /// Without the name of the folder, which differs from run to run.
    pub(crate) fn general(&self, text: &str) -> String {
        text.replace(self.context.cwd.as_str(), "/w")
    }

    /// What differs from the defaults, and the warnings.
    pub(crate) fn show(&self, loaded: &Loaded) -> String {
        let mut shown = String::new();
        for app in &loaded.apps {
            writeln!(shown, "{}", self.show_app(app)).unwrap();
        }
        for warning in &loaded.warnings {
            writeln!(shown, "warning: {warning}").unwrap();
        }
        self.general(&shown)
    }

    pub(crate) fn show_app(&self, app: &AppSpec) -> String {
        let usual = serde_json::to_value(AppSpec::default()).unwrap();
        let mut shown = serde_json::to_value(app).unwrap();
        let fields = shown.as_object_mut().unwrap();
        fields.retain(|key, value| *value != usual[key]);
        for (key, value) in fields.iter_mut() {
            if let Some(inner) = value.as_object_mut() {
                inner.retain(|name, value| *value != usual[key][name]);
            }
        }
        self.general(&serde_json::to_string_pretty(&shown).unwrap())
    }

    pub(crate) fn show_fault(&self, fault: &ConfigFault) -> String {
        let mut shown = format!("{:?}: {}", fault.kind, fault.what);
        for why in &fault.why {
            write!(shown, "\n  why: {why}").unwrap();
        }
        if let Some(help) = &fault.help {
            write!(shown, "\n  help: {help}").unwrap();
        }
        if let Some(excerpt) = &fault.excerpt {
            write!(shown, "\n{excerpt}").unwrap();
        }
        self.general(&shown)
    }
}
