//! Config files to apps.

use crate::context::{Context, Loaded, Selection};
use crate::document::Document;
use crate::fault::{ConfigFault, FaultKind};
use crate::fields::Fields;
use crate::folders::{self, Folder};
use crate::nearest::nearest;
use crate::raw::Raw;
use crate::source::Source;
use crate::syntax::{self, Node, Object};
use crate::{javascript, lower, paths, read, script};
use camino::{Utf8Path, Utf8PathBuf};
use rpm_core::AppSpec;
use std::io;

/// How a config is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// JSON5.
    Json,
    /// YAML.
    Yaml,
    /// TOML.
    Toml,
    /// A program.
    JavaScript,
}

const SUFFIXES: [(&str, Format); 8] = [
    (".json", Format::Json),
    (".json5", Format::Json),
    (".config.js", Format::JavaScript),
    (".config.cjs", Format::JavaScript),
    (".config.mjs", Format::JavaScript),
    (".yml", Format::Yaml),
    (".yaml", Format::Yaml),
    (".toml", Format::Toml),
];

/// Whether a target names a config file, by its end: `.json`, `.json5`, `.config.js`,
/// `.config.cjs`, `.config.mjs`, `.yml`, `.yaml`, `.toml`.
pub fn is_config_file(target: &str) -> bool {
    format_of(target).is_some()
}

/// Reads the apps of a config file. A relative `path` is in the user's folder.
pub fn load_file(
    path: &Utf8Path,
    context: &Context,
    selection: &Selection<'_>,
) -> Result<Loaded, ConfigFault> {
    with_text(path, context, selection, |text, format, source| {
        load(text, format, source, context, selection)
    })
}

/// Hands the text of a config file to `read`, with its format and what errors call it.
pub(crate) fn with_text<T>(
    path: &Utf8Path,
    context: &Context,
    selection: &Selection<'_>,
    read: impl FnOnce(&str, Format, Source<'_>) -> Result<T, ConfigFault>,
) -> Result<T, ConfigFault> {
    let origin = path.as_str();
    let path = paths::absolute(origin, &context.cwd, context);
    match format_of(origin).unwrap_or(Format::Json) {
        Format::JavaScript if path.is_file() => {
            let json = javascript::evaluate(&path, context, selection)?;
            read(&json, Format::Json, Source { origin, text: None })
        }
        Format::JavaScript => Err(missing(&path)),
        format => {
            let text = read_text(&path)?;
            read(&text, format, Source { origin, text: Some(&text) })
        }
    }
}

/// Reads the apps of a text in JSON or JSON5; `origin` is what errors call it.
pub fn load_json(
    text: &str,
    origin: &str,
    context: &Context,
    selection: &Selection<'_>,
) -> Result<Loaded, ConfigFault> {
    load(text, Format::Json, Source { origin, text: Some(text) }, context, selection)
}

/// Reads the apps of a text in the format that the end of `origin` names.
pub(crate) fn load_text(
    text: &str,
    origin: &str,
    context: &Context,
    selection: &Selection<'_>,
) -> Result<Loaded, ConfigFault> {
    let format = format_of(origin).unwrap_or(Format::Json);
    load(text, format, Source { origin, text: Some(text) }, context, selection)
}

/// One app found in a config.
struct Found<'a> {
    path: String,
    object: &'a Object,
    name: String,
    raw: Raw,
}

fn format_of(target: &str) -> Option<Format> {
    SUFFIXES.iter().find(|(suffix, _)| target.ends_with(suffix)).map(|(_, format)| *format)
}

fn read_text(path: &Utf8Path) -> Result<String, ConfigFault> {
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => missing(path),
        _ => ConfigFault::new(FaultKind::Io, format!("{path} cannot be read"))
            .because(error.to_string()),
    })?;
    String::from_utf8(bytes).map_err(|error| {
        ConfigFault::new(FaultKind::ConfigSyntax, format!("{path} is not text"))
            .because(format!("byte {} is not UTF-8", error.utf8_error().valid_up_to()))
    })
}

fn missing(path: &Utf8Path) -> ConfigFault {
    let near =
        paths::nearest_sibling(path).map(|near: Utf8PathBuf| format!("did you mean {near}?"));
    ConfigFault::new(FaultKind::ConfigMissing, format!("there is no config file {path}"))
        .maybe_help(near)
}

fn load(
    text: &str,
    format: Format,
    source: Source<'_>,
    context: &Context,
    selection: &Selection<'_>,
) -> Result<Loaded, ConfigFault> {
    let root = root(text, format, &source)?;
    let document = Document::of(&root, &source)?;
    let mut loaded = Loaded::default();
    let mut found = Vec::with_capacity(document.apps.len());
    for (path, object) in &document.apps {
        let fields = Fields { source, path, object };
        let mut raw = read::app(&fields, &mut |warning| loaded.warnings.push(warning))?;
        let name = raw.name.clone().unwrap_or_else(|| {
            script::default_name(raw.script.as_deref().unwrap_or_default(), &context.cwd)
        });
        raw.name = Some(name.clone());
        found.push(Found { path: path.clone(), object, name, raw });
    }
    if let Some(node) = document.folders {
        for Folder { path, object, raw } in folders::folders(node, &source, context)? {
            let name = raw.name.clone().unwrap_or_default();
            found.push(Found { path, object, name, raw });
        }
    }
    let found = only(found, &source, selection, &mut loaded.warnings)?;
    environments(&found, &document, &source, selection, &mut loaded.warnings)?;
    for app in found {
        let spec = finish(app, &document, source, context, selection)?;
        if let Some(twin) = loaded.apps.iter().find(|other| other.name == spec.name) {
            let what = format!("two apps in {} are named `{}`", source.origin, twin.name);
            return Err(ConfigFault::new(FaultKind::ConfigValue, what)
                .help("give one of them another `name`"));
        }
        loaded.apps.push(spec);
    }
    Ok(loaded)
}

/// The values of a text.
pub(crate) fn root(text: &str, format: Format, source: &Source<'_>) -> Result<Node, ConfigFault> {
    let parse = match format {
        Format::Json | Format::JavaScript => syntax::parse,
        Format::Yaml => syntax::yaml::parse,
        Format::Toml => syntax::toml::parse,
    };
    parse(text).map_err(|error| {
        let what = format!("{} cannot be read", source.place(error.span.start));
        let looks_like_code = ["module.exports", "export default"].iter().any(|c| text.contains(c));
        ConfigFault::new(FaultKind::ConfigSyntax, what)
            .because(error.message.clone())
            .maybe_excerpt(source.excerpt(&error.span, &error.message))
            .maybe_help(looks_like_code.then(|| {
                "a config that is a program has a name like `ecosystem.config.js`".to_owned()
            }))
    })
}

/// The apps that are asked for.
fn only<'a>(
    found: Vec<Found<'a>>,
    source: &Source<'_>,
    selection: &Selection<'_>,
    warnings: &mut Vec<String>,
) -> Result<Vec<Found<'a>>, ConfigFault> {
    if selection.only.is_empty() {
        return Ok(found);
    }
    let names: Vec<String> = found.iter().map(|app| app.name.clone()).collect();
    let unknown: Vec<&String> = selection.only.iter().filter(|n| !names.contains(*n)).collect();
    let list = names.join(", ");
    if unknown.len() == selection.only.len() {
        let wanted = selection.only.join("`, `");
        let what = format!("no app in {} is named `{wanted}`", source.origin);
        let near = nearest(unknown[0], names.iter().map(String::as_str));
        return Err(ConfigFault::new(FaultKind::ConfigValue, what)
            .because(format!("its apps are {list}"))
            .maybe_help(near.map(|near| format!("did you mean `{near}`?"))));
    }
    for name in unknown {
        warnings
            .push(format!("no app in {} is named `{name}`; its apps are {list}", source.origin));
    }
    Ok(found.into_iter().filter(|app| selection.only.contains(&app.name)).collect())
}

/// Warns of apps that do not have the environment that is asked for.
fn environments(
    found: &[Found<'_>],
    document: &Document<'_>,
    source: &Source<'_>,
    selection: &Selection<'_>,
    warnings: &mut Vec<String>,
) -> Result<(), ConfigFault> {
    let Some(wanted) = &selection.env else {
        return Ok(());
    };
    if document.deployed(wanted, source)?.is_some() {
        return Ok(());
    }
    for app in found {
        let fields = Fields { source: *source, path: &app.path, object: app.object };
        let names: Vec<&str> = read::env_names(&fields).collect();
        if names.contains(&wanted.as_str()) {
            continue;
        }
        let what = format!("the app `{}` has no `env_{wanted}`", app.name);
        let known = match names.as_slice() {
            [] => "it has no `env_...` at all".to_owned(),
            names => format!("it has env_{}", names.join(", env_")),
        };
        warnings.push(format!("{what}; {known}"));
    }
    Ok(())
}

fn finish(
    app: Found<'_>,
    document: &Document<'_>,
    source: Source<'_>,
    context: &Context,
    selection: &Selection<'_>,
) -> Result<AppSpec, ConfigFault> {
    let Found { path, object, name, mut raw } = app;
    let fields = Fields { source, path: &path, object };
    let deployed = match &selection.env {
        Some(wanted) => document.deployed(wanted, &source)?,
        None => None,
    };
    read::select_env(&mut raw, &fields, selection, deployed)?;
    raw.namespace = raw.namespace.or_else(|| selection.namespace.clone());
    lower::lower(raw, context, selection.base_env).map_err(|fault| {
        let key = match fault.kind {
            FaultKind::ScriptMissing | FaultKind::Io => Some("script"),
            FaultKind::InterpreterMissing => Some("exec_interpreter"),
            _ => fault.about,
        };
        let field = key.and_then(|key| fields.get(key)).or_else(|| fields.get("script"));
        let shown = field.and_then(|(_, field)| source.excerpt(&field.node.span, "asked for here"));
        let fault = fault.maybe_excerpt(shown);
        match fault.about {
            Some(_) => fault,
            None => fault.because(format!("the app `{name}` in {} asks for it", source.origin)),
        }
    })
}

#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod tests;
