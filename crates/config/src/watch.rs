//! The keys and flags that say which files are watched.

use crate::fault::{ConfigFault, FaultKind};
use crate::fields::{self, Fields, word, wrong_value};
use crate::syntax::{Field, Value};
use crate::units;
use rpm_core::spec::WatchOptions;

/// Options of PM2's watcher that change nothing here: what they ask for is so, or has no meaning.
const NO_MATTER: [&str; 9] = [
    "persistent",
    "ignoreInitial",
    "atomic",
    "alwaysStat",
    "ignorePermissionErrors",
    "disableGlobbing",
    "useFsEvents",
    "binaryInterval",
    "cwd",
];
/// How often PM2's watcher looks where it is not told, in ms.
const POLL_MS: u64 = 100;
/// How long it waits for a file to be written, in ms.
const STABLE_MS: u64 = 2000;

/// What an app's keys say.
pub(crate) fn watch(
    fields: &Fields<'_>,
    warn: &mut dyn FnMut(String),
) -> Result<WatchOptions, ConfigFault> {
    let paths = fields.read("watch", paths)?;
    let mut watch = WatchOptions {
        on: paths.is_some() && !matches!(paths, Some(None)),
        paths: paths.flatten().unwrap_or_default(),
        ignore: fields.read("ignore_watch", paths_only)?,
        delay_ms: fields.duration_ms("watch_delay")?.unwrap_or_default(),
        reload: fields.flag("watch_reload")?.unwrap_or_default(),
        ..WatchOptions::default()
    };
    if let Some((_, field)) = fields.get("watch_options")
        && let Value::Object(options) = &field.node.value
    {
        // How often says nothing before it is known that it is asked for.
        let late = |name: &String| name == "interval";
        let early = options.iter().filter(|(name, _)| !late(name));
        for (name, option) in early.chain(options.iter().filter(|(name, _)| late(name))) {
            if !take(&mut watch, name, &option.node.value) {
                refuse(fields, name, option, warn)?;
            }
        }
    }
    Ok(watch)
}

/// What `--watch`, `--ignore-watch`, `--watch-delay` and `--ext` say.
pub(crate) fn from_flags(
    paths: Option<&[String]>,
    ignore: Option<&str>,
    delay: Option<&str>,
    extensions: Option<&str>,
) -> Result<WatchOptions, ConfigFault> {
    let delay_ms = delay.map(delay_ms).transpose()?.unwrap_or_default();
    let list = |text: &str| units::words(&text.replace(',', " "));
    let extension = |word: String| word.trim_start_matches('.').to_owned();
    Ok(WatchOptions {
        on: paths.is_some(),
        paths: paths.unwrap_or_default().iter().filter(|it| !it.is_empty()).cloned().collect(),
        ignore: ignore.map(list),
        extensions: extensions.map(list).into_iter().flatten().map(extension).collect(),
        delay_ms,
        ..WatchOptions::default()
    })
}

/// A number alone is of seconds, as in PM2.
fn delay_ms(text: &str) -> Result<u64, ConfigFault> {
    let seconds = text.parse::<f64>().ok().filter(|it| it.is_finite() && *it >= 0.0);
    let ms = seconds.and_then(|seconds| units::whole_of((seconds * 1000.0).round()));
    ms.or_else(|| units::duration_ms(text)).ok_or_else(|| {
        ConfigFault::new(FaultKind::Usage, format!("`--watch-delay` cannot be `{text}`"))
            .because("it takes seconds, or a time such as 500ms")
            .help("write for example `--watch-delay 500ms`")
    })
}

/// `Some(None)` where nothing is to be watched.
#[expect(clippy::option_option, reason = "not a value of the key, and no paths, are different")]
fn paths(value: &Value) -> Option<Option<Vec<String>>> {
    match value {
        Value::Bool(true) => Some(Some(Vec::new())),
        Value::Bool(false) => Some(None),
        Value::String(text) if text.is_empty() => Some(None),
        value => paths_only(value).map(Some),
    }
}

fn paths_only(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(items) => items.iter().map(word).collect(),
        Value::Bool(false) => Some(Vec::new()),
        _ => None,
    }
}

/// Takes one of the watcher's options; `false` when it means nothing here, or its value does not.
fn take(watch: &mut WatchOptions, name: &str, value: &Value) -> bool {
    let ms = fields::duration_ms(value);
    let flag = match value {
        Value::Bool(flag) => Some(*flag),
        _ => None,
    };
    match (name, flag) {
        ("followSymlinks", Some(flag)) => watch.follow_links = flag,
        ("usePolling", Some(true)) => watch.poll_ms = watch.poll_ms.or(Some(POLL_MS)),
        ("usePolling", Some(false)) => watch.poll_ms = None,
        ("awaitWriteFinish", Some(true)) => watch.delay_ms = watch.delay_ms.max(STABLE_MS),
        ("awaitWriteFinish", Some(false)) => {}
        _ => return take_other(watch, name, value, ms),
    }
    true
}

fn take_other(watch: &mut WatchOptions, name: &str, value: &Value, ms: Option<u64>) -> bool {
    match (name, value, ms) {
        ("interval", _, Some(ms)) => watch.poll_ms = watch.poll_ms.map(|_| ms.max(1)),
        ("depth", _, Some(depth)) => watch.depth = u32::try_from(depth).ok(),
        ("ignored", value, _) if paths_only(value).is_some() => watch.ignore = paths_only(value),
        ("awaitWriteFinish", Value::Object(options), _) => {
            let stable = options.get("stabilityThreshold");
            let stable = stable.and_then(|field| fields::duration_ms(&field.node.value));
            watch.delay_ms = watch.delay_ms.max(stable.unwrap_or(STABLE_MS));
        }
        _ => return NO_MATTER.contains(&name),
    }
    true
}

fn refuse(
    fields: &Fields<'_>,
    name: &str,
    option: &Field,
    warn: &mut dyn FnMut(String),
) -> Result<(), ConfigFault> {
    const MEANT: [(&str, &str); 6] = [
        ("followSymlinks", "`true` or `false`"),
        ("usePolling", "`true` or `false`"),
        ("awaitWriteFinish", "`true`, `false` or an object with `stabilityThreshold`"),
        ("interval", "milliseconds"),
        ("depth", "a whole number, 0 or more"),
        ("ignored", "paths"),
    ];
    let place = format!("{}watch_options.{name}", fields.prefix());
    if let Some((_, takes)) = MEANT.iter().find(|(known, _)| *known == name) {
        return Err(wrong_value(&fields.source, &place, &option.node, takes));
    }
    warn(format!("`{place}` means nothing here; it is ignored"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Place;

    fn read(keys: &str) -> (WatchOptions, Vec<String>) {
        let place = Place::new();
        let mut loaded = place.json(&format!("{{ script: 'app.js', {keys} }}")).unwrap();
        (loaded.apps.remove(0).watch, loaded.warnings)
    }

    #[test]
    fn keys_say_what_is_watched() {
        let usual = WatchOptions::default;
        let on = || WatchOptions { on: true, ..usual() };
        for (keys, wanted) in [
            ("", usual()),
            ("watch: false, ignore_watch: false", WatchOptions { ignore: Some(vec![]), ..usual() }),
            ("watch: ''", usual()),
            ("watch: true", on()),
            ("watch: []", on()),
            ("watch: 'src'", WatchOptions { paths: vec!["src".into()], ..on() }),
            (
                "watch: ['src', 'lib/*.js'], watch_delay: '2s', watch_reload: true",
                WatchOptions {
                    paths: vec!["src".into(), "lib/*.js".into()],
                    delay_ms: 2000,
                    reload: true,
                    ..on()
                },
            ),
            (
                "watch: true, ignore_watch: ['logs', '*.tmp']",
                WatchOptions { ignore: Some(vec!["logs".into(), "*.tmp".into()]), ..on() },
            ),
            (
                "watch: true, watch_options: { usePolling: true, interval: 300, depth: 2,
                 followSymlinks: false, persistent: true, awaitWriteFinish: { stabilityThreshold: 50 } }",
                WatchOptions {
                    poll_ms: Some(300),
                    depth: Some(2),
                    follow_links: false,
                    delay_ms: 50,
                    ..on()
                },
            ),
        ] {
            let (watch, warnings) = read(keys);
            assert_eq!(watch, wanted, "{keys}");
            assert!(warnings.is_empty(), "{warnings:?}");
        }
    }

    #[test]
    fn what_means_nothing_is_warned_of_and_what_is_wrong_is_refused() {
        let (_, warnings) = read("watch: true, watch_options: { colour: 'red' }");
        assert_eq!(warnings, ["`watch_options.colour` means nothing here; it is ignored"]);
        let place = Place::new();
        let fault = place.json("{ script: 'app.js', watch_options: { depth: 'deep' } }");
        let shown = place.show_fault(&fault.unwrap_err());
        assert!(shown.contains("it takes a whole number"), "{shown}");
    }

    #[test]
    fn flags_say_the_same() {
        let all = vec![String::new(), "src".to_owned()];
        let watch = from_flags(Some(&all), Some("a,b c"), Some("1.5"), Some(".js,ts")).unwrap();
        let wanted = WatchOptions {
            on: true,
            paths: vec!["src".into()],
            ignore: Some(vec!["a".into(), "b".into(), "c".into()]),
            extensions: vec!["js".into(), "ts".into()],
            delay_ms: 1500,
            ..WatchOptions::default()
        };
        assert_eq!(watch, wanted);
        assert_eq!(from_flags(None, None, Some("500ms"), None).unwrap().delay_ms, 500);
        assert!(from_flags(None, None, Some("soon"), None).is_err());
    }
}
