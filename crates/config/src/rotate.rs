//! When log files are put aside: the key `log_rotate` of an app, and the settings of `pm2-logrotate`,
//! which hold for all apps. Both have the same options, the settings by that module's names.

use crate::fault::{ConfigFault, FaultKind};
use crate::fields::{Fields, wrong_value};
use crate::nearest::nearest;
use crate::syntax::{Field, Value};
use crate::units;
use rpm_core::spec::{Bound, Compression, RotateOptions};

/// The group of settings that hold for all apps.
pub const ROTATE_GROUP: &str = "pm2-logrotate";

/// A smaller bound would put a file aside every few lines.
const SIZE_MIN: u64 = 1 << 10;
/// A longer name of a file would not be one.
const FORMAT_MAX: usize = 64;
/// What a format of dates has at least one of.
const TOKENS: [&str; 7] = ["Y", "M", "D", "H", "h", "m", "s"];

/// Takes a value in; `None` where it is none of its kind.
type Give = fn(&mut RotateOptions, &Value) -> Option<()>;

/// One option.
struct Opt {
    /// Its name in `log_rotate`; empty where it is for all apps alone.
    key: &'static str,
    /// Its name among the settings.
    setting: &'static str,
    /// What it takes, for a person.
    takes: &'static str,
    /// A value.
    example: &'static str,
    /// How it is read.
    give: Give,
}

const SIZE: &str = "bytes, or a whole number with K, M or G, at least 1K; or \"none\"";
const FLAG: &str = "`true` or `false`";

const OPTIONS: [Opt; 12] = [
    Opt {
        key: "enabled",
        setting: "enabled",
        takes: FLAG,
        example: "false",
        give: |options, value| set(&mut options.enabled, flag(value)),
    },
    Opt {
        key: "max_size",
        setting: "max_size",
        takes: SIZE,
        example: "\"10M\"",
        give: |options, value| set(&mut options.max_size, size(value)),
    },
    Opt {
        key: "retain",
        setting: "retain",
        takes: "how many files are kept, a whole number, or \"all\"",
        example: "30",
        give: |options, value| set(&mut options.retain, bound(value, "all", crate::fields::whole)),
    },
    Opt {
        key: "max_age",
        setting: "max_age",
        takes: "a time with its unit, such as \"12h\", \"7d\" or \"4w\"; or \"none\"",
        example: "\"7d\"",
        give: |options, value| set(&mut options.max_age_ms, bound(value, "none", age_ms)),
    },
    Opt {
        key: "total_size",
        setting: "total_size",
        takes: SIZE,
        example: "\"1G\"",
        give: |options, value| set(&mut options.total_size, size(value)),
    },
    Opt {
        key: "compress",
        setting: "compress",
        takes: FLAG,
        example: "true",
        give: |options, value| set(&mut options.compress, flag(value)),
    },
    Opt {
        key: "compression",
        setting: "compression",
        takes: "\"gzip\" or \"zstd\"",
        example: "\"zstd\"",
        give: |options, value| set(&mut options.compression, compression(value)),
    },
    Opt {
        key: "interval",
        setting: "rotateInterval",
        takes: "a cron pattern of five fields, or six with seconds first; or \"none\"",
        example: "\"0 0 * * *\"",
        give: |options, value| set(&mut options.interval, interval(value)),
    },
    Opt {
        key: "date_format",
        setting: "dateFormat",
        takes: "a format of dates without `/`, of at most 64 bytes",
        example: "\"YYYY-MM-DD_HH-mm-ss\"",
        give: |options, value| set(&mut options.date_format, date_format(value)),
    },
    Opt {
        key: "",
        setting: "rotateModule",
        takes: FLAG,
        example: "true",
        give: |options, value| set(&mut options.modules, flag(value)),
    },
    Opt {
        key: "",
        setting: "TZ",
        takes: "the name of a time zone",
        example: "\"Europe/Berlin\"",
        give: |options, value| set(&mut options.time_zone, zone(value)),
    },
    Opt {
        key: "",
        setting: "workerInterval",
        // The size is known at each write; there is nothing to look at now and then.
        takes: "a number of seconds",
        example: "30",
        give: |_, value| crate::fields::whole(value).map(drop),
    },
];

/// Reads the key `log_rotate`.
pub(crate) fn log_rotate(fields: &Fields<'_>) -> Result<RotateOptions, ConfigFault> {
    fields.read("log_rotate", |value| {
        matches!(value, Value::Bool(_) | Value::Object(_)).then_some(())
    })?;
    let mut options = RotateOptions::default();
    let Some((spelling, field)) = fields.get("log_rotate") else {
        return Ok(options);
    };
    let place = format!("{}{spelling}", fields.prefix());
    match &field.node.value {
        Value::Object(object) => {
            for (name, field) in object {
                option(fields, &mut options, &place, (name, field))?;
            }
        }
        value => options.enabled = flag(value),
    }
    Ok(options)
}

fn option(
    fields: &Fields<'_>,
    options: &mut RotateOptions,
    place: &str,
    (name, field): (&str, &Field),
) -> Result<(), ConfigFault> {
    let spells = |opt: &&Opt| {
        !opt.key.is_empty() && (crate::keys::spells(name, opt.key) || name == opt.setting)
    };
    let Some(opt) = OPTIONS.iter().find(spells) else {
        let keys = || OPTIONS.iter().map(|opt| opt.key).filter(|key| !key.is_empty());
        let help = match nearest(name, keys()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("there are {}", keys().collect::<Vec<_>>().join(", ")),
        };
        let what = format!("unknown option `{place}.{name}` in {}", fields.source.origin);
        return Err(ConfigFault::new(FaultKind::ConfigValue, what)
            .help(help)
            .maybe_excerpt(fields.source.excerpt(&field.key, "unknown option")));
    };
    let value = &field.node.value;
    if *value == Value::Null || (opt.give)(options, value).is_some() {
        return Ok(());
    }
    Err(wrong_value(&fields.source, &format!("{place}.{name}"), &field.node, opt.takes)
        .help(format!("write for example `\"{name}\": {}`", opt.example)))
}

/// Takes one setting of [`ROTATE_GROUP`] into `options`.
pub fn rotate_setting(
    options: &mut RotateOptions,
    name: &str,
    text: &str,
) -> Result<(), ConfigFault> {
    let Some(opt) = OPTIONS.iter().find(|opt| opt.setting == name || opt.key == name) else {
        let names = || OPTIONS.iter().map(|opt| opt.setting);
        let what = format!("there is no setting `{ROTATE_GROUP}:{name}`");
        return Err(ConfigFault::new(FaultKind::Usage, what).help(match nearest(name, names()) {
            Some(meant) => format!("did you mean `{ROTATE_GROUP}:{meant}`?"),
            None => format!("there are {}", names().collect::<Vec<_>>().join(", ")),
        }));
    };
    let value = match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text => Value::String(text.to_owned()),
    };
    (opt.give)(options, &value).ok_or_else(|| {
        let what = format!("`{ROTATE_GROUP}:{name}` cannot be `{text}`");
        ConfigFault::new(FaultKind::Usage, what)
            .because(format!("it takes {}", opt.takes))
            .help(format!("for example `rpm set {ROTATE_GROUP}:{name} {}`", shell(opt.example)))
    })
}

/// An example as a shell takes it.
fn shell(example: &str) -> String {
    let text = example.trim_matches('"');
    if text.contains([' ', '*']) { format!("'{text}'") } else { text.to_owned() }
}

fn set<T>(place: &mut Option<T>, value: Option<T>) -> Option<()> {
    *place = Some(value?);
    Some(())
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        _ => None,
    }
}

/// A bound, or the word for none.
fn bound(value: &Value, none: &str, read: impl Fn(&Value) -> Option<u64>) -> Option<Bound> {
    match value {
        Value::String(text) if text == none => Some(Bound::Unlimited),
        value => read(value).map(Bound::Of),
    }
}

fn size(value: &Value) -> Option<Bound> {
    let bytes = |value: &Value| match value {
        Value::String(text) => units::bytes(text),
        value => crate::fields::whole(value),
    };
    bound(value, "none", |value| bytes(value).filter(|bytes| *bytes >= SIZE_MIN))
}

/// A plain number is none: 7 is days to some and milliseconds to others, and logs would be gone.
fn age_ms(value: &Value) -> Option<u64> {
    const HOUR_MS: u64 = 60 * 60 * 1000;
    let Value::String(text) = value else {
        return None;
    };
    let days = |unit: char, hours: u64| {
        units::whole(text.strip_suffix(unit)?)?.checked_mul(hours * HOUR_MS)
    };
    let other =
        || units::duration_ms(text).filter(|_| !text.ends_with(|c: char| c.is_ascii_digit()));
    days('d', 24).or_else(|| days('w', 7 * 24)).or_else(other).filter(|age| *age > 0)
}

fn compression(value: &Value) -> Option<Compression> {
    match value {
        Value::String(text) => match text.as_str() {
            "gzip" => Some(Compression::Gzip),
            "zstd" => Some(Compression::Zstd),
            _ => None,
        },
        _ => None,
    }
}

/// A cron pattern, empty for none.
fn interval(value: &Value) -> Option<String> {
    match value {
        Value::Bool(false) => Some(String::new()),
        Value::String(text) if text == "none" => Some(String::new()),
        Value::String(text) => units::cron(text).filter(|pattern| !pattern.is_empty()),
        _ => None,
    }
}

fn date_format(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => {
            let is_dated = TOKENS.iter().any(|token| text.contains(token));
            let fits = text.len() <= FORMAT_MAX && !text.contains(['/', '\0', '\n']);
            (is_dated && fits).then(|| text.clone())
        }
        _ => None,
    }
}

fn zone(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() && !text.contains('\0') => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Place;

    fn read(value: &str) -> Result<RotateOptions, String> {
        let place = Place::new();
        let text = format!("{{ script: 'app.js', log_rotate: {value} }}");
        match place.json(&text) {
            Ok(mut loaded) => Ok(loaded.apps.remove(0).logs.rotate),
            Err(fault) => Err(place.show_fault(&fault)),
        }
    }

    fn given(settings: &[(&str, &str)]) -> Result<RotateOptions, String> {
        let mut options = RotateOptions::default();
        let mut settings = settings.iter();
        settings
            .try_for_each(|(name, text)| rotate_setting(&mut options, name, text))
            .map_err(|fault| format!("{fault}; {}", fault.help.clone().unwrap_or_default()))?;
        Ok(options)
    }

    #[test]
    fn an_app_and_the_settings_have_the_same_options() {
        let wanted = RotateOptions {
            enabled: Some(true),
            modules: None,
            max_size: Some(Bound::Of(10 << 20)),
            retain: Some(Bound::Unlimited),
            max_age_ms: Some(Bound::Of(7 * 24 * 60 * 60 * 1000)),
            total_size: Some(Bound::Unlimited),
            compress: Some(true),
            compression: Some(Compression::Zstd),
            interval: Some("*/5 * * * * *".to_owned()),
            date_format: Some("YYYYMMDD".to_owned()),
            time_zone: None,
        };
        let config = read(
            "{ enabled: true, max_size: '10M', retain: 'all', max_age: '7d', total_size: 'none',
               compress: true, compression: 'zstd', interval: '*/5 * * * * *',
               date_format: 'YYYYMMDD' }",
        );
        assert_eq!(config, Ok(wanted.clone()));
        let camel = read(
            "{ enabled: true, maxSize: 10485760, retain: 'all', maxAge: '1w', totalSize: 'none',
               compress: true, compression: 'zstd', rotateInterval: '*/5 * * * * *',
               dateFormat: 'YYYYMMDD' }",
        );
        assert_eq!(camel, Ok(wanted.clone()));
        let settings = given(&[
            ("enabled", "true"),
            ("max_size", "10M"),
            ("retain", "all"),
            ("max_age", "168h"),
            ("total_size", "none"),
            ("compress", "true"),
            ("compression", "zstd"),
            ("rotateInterval", "*/5 * * * * *"),
            ("dateFormat", "YYYYMMDD"),
            ("workerInterval", "30"),
        ]);
        assert_eq!(settings, Ok(wanted));
        let module = given(&[("rotateModule", "false"), ("TZ", "Asia/Tokyo")]).unwrap();
        assert_eq!(
            (module.modules, module.time_zone.as_deref()),
            (Some(false), Some("Asia/Tokyo"))
        );
    }

    #[test]
    fn a_word_turns_it_off_and_on() {
        assert_eq!(read("false").unwrap().enabled, Some(false));
        assert_eq!(read("true").unwrap().enabled, Some(true));
        assert!(
            read("null").unwrap().is_default() && read("{ retain: null }").unwrap().is_default()
        );
        assert_eq!(read("{ interval: false }").unwrap().interval, Some(String::new()));
    }

    #[test]
    fn what_cannot_be_is_said_with_its_place() {
        for (value, words) in [
            ("5", "`log_rotate`"),
            ("{ max_size: '10X' }", "log_rotate.max_size"),
            ("{ max_size: 100 }", "at least 1K"),
            ("{ retain: -1 }", "log_rotate.retain"),
            ("{ max_age: 7 }", "a time with its unit"),
            ("{ max_age: '7' }", "a time with its unit"),
            ("{ compression: 'brotli' }", "\"gzip\" or \"zstd\""),
            ("{ compress: 'yes' }", "log_rotate.compress"),
            ("{ interval: '61 * * * *' }", "a cron pattern"),
            ("{ date_format: 'a/b' }", "without `/`"),
            ("{ date_format: 'x' }", "a format of dates"),
            ("{ maxsize: '10M' }", "did you mean `max_size`?"),
            ("{ tea: 1 }", "there are enabled, max_size"),
            ("{ rotateModule: true }", "unknown option"),
        ] {
            let fault = read(value).expect_err(value);
            assert!(fault.contains(words), "{value}: {fault}");
        }
        for (name, text, words) in [
            ("max_size", "lots", "cannot be `lots`: it takes bytes"),
            ("max_sizes", "1M", "did you mean `pm2-logrotate:max_size`?"),
            ("rotateInterval", "daily", "rpm set pm2-logrotate:rotateInterval '0 0 * * *'"),
            ("compress", "1", "`true` or `false`"),
        ] {
            let fault = given(&[(name, text)]).expect_err(name);
            assert!(fault.contains(words), "{name}: {fault}");
        }
    }
}
