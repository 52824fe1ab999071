//! The keys that bound what a run may use and do: `limits`, `rlimits`, `umask`, `nice`,
//! `no_new_privs`.

use crate::fault::{ConfigFault, FaultKind};
use crate::fields::{Fields, whole, wrong_value};
use crate::nearest::nearest;
use crate::syntax::{Field, Node, Object, Value};
use crate::units;
use rpm_core::spec::{Limits, Measure, Resource, Rlimit};

/// The smallest share of a CPU, in thousandths: below it nothing starts in useful time.
const CPU_MILLI_MIN: f64 = 10.0;
/// The largest.
const CPU_MILLI_MAX: f64 = 4096.0 * 1000.0;
/// With less memory no program starts.
const MEMORY_MIN: u64 = 1 << 20;

/// Reads them.
pub(crate) fn limits(fields: &Fields<'_>) -> Result<Limits, ConfigFault> {
    let mut limits = Limits {
        no_new_privs: fields.flag("no_new_privs")?.unwrap_or(false),
        umask: fields.read("umask", umask)?,
        nice: fields.read("nice", nice)?,
        ..Limits::default()
    };
    if let Some((place, object)) = object(fields, "rlimits")? {
        for (name, field) in object {
            limits.rlimits.extend(rlimit(fields, &place, name, field)?);
        }
    }
    if let Some((place, object)) = object(fields, "limits")? {
        for (name, field) in object {
            shared(fields, &mut limits, &place, (name, field))?;
        }
    }
    Ok(limits)
}

/// The object under a key, with its place in the document.
fn object<'a>(
    fields: &Fields<'a>,
    name: &str,
) -> Result<Option<(String, &'a Object)>, ConfigFault> {
    fields.read(name, |value| matches!(value, Value::Object(_)).then_some(()))?;
    Ok(fields.get(name).and_then(|(key, field)| match &field.node.value {
        Value::Object(object) => Some((format!("{}{key}", fields.prefix()), object)),
        _ => None,
    }))
}

/// A limit of each process: a number is soft and hard at once.
fn rlimit(
    fields: &Fields<'_>,
    place: &str,
    name: &str,
    field: &Field,
) -> Result<Option<Rlimit>, ConfigFault> {
    let Some(resource) = Resource::named(&name.to_lowercase()) else {
        return Err(unknown(
            fields,
            place,
            (name, field),
            Resource::ALL.iter().map(|it| it.name()),
        ));
    };
    let amount = |node: &Node| amount(&node.value, resource.measure());
    let pair = match &field.node.value {
        Value::Null => return Ok(None),
        Value::Array(both) => match both.as_slice() {
            [soft, hard] => amount(soft).zip(amount(hard)),
            _ => None,
        },
        _ => amount(&field.node).map(|both| (both, both)),
    };
    let ordered = pair.filter(|(soft, hard)| soft <= hard);
    match ordered {
        Some((soft, hard)) => {
            Ok(Some(Rlimit { resource, soft: soft.number(), hard: hard.number() }))
        }
        None => Err(mistyped(fields, place, (name, field), &takes(resource), example(resource))),
    }
}

fn takes(resource: Resource) -> String {
    let one = match resource.measure() {
        Measure::Bytes => "bytes, a whole number with K, M or G",
        Measure::Count => "a whole number",
    };
    format!("{one}, \"unlimited\", or a pair of these of which the first is not the larger")
}

fn example(resource: Resource) -> &'static str {
    match resource.measure() {
        Measure::Bytes => "[\"64M\", \"unlimited\"]",
        Measure::Count => "4096",
    }
}

/// A limit of the whole tree.
fn shared(
    fields: &Fields<'_>,
    limits: &mut Limits,
    place: &str,
    (name, field): (&str, &Field),
) -> Result<(), ConfigFault> {
    let value = &field.node.value;
    if *value == Value::Null {
        return Ok(());
    }
    let wrong = |takes, example| Err(mistyped(fields, place, (name, field), takes, example));
    match name {
        "memory" => match amount(value, Measure::Bytes) {
            Some(Amount::Of(bytes)) if bytes >= MEMORY_MIN => limits.memory = Some(bytes),
            _ => return wrong("bytes, or a whole number with K, M or G; at least 1M", "\"512M\""),
        },
        "cpu" => match cpu_milli(value) {
            Some(share) => limits.cpu_milli = Some(share),
            None => return wrong("a number of CPUs, at least 0.01", "1.5"),
        },
        "pids" => match whole(value) {
            Some(count) if count > 0 => limits.pids = Some(count),
            _ => return wrong("a whole number, at least 1", "100"),
        },
        _ => return Err(unknown(fields, place, (name, field), ["memory", "cpu", "pids"])),
    }
    Ok(())
}

/// How much; what is unlimited is more than anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Amount {
    Of(u64),
    Unlimited,
}

impl Amount {
    fn number(self) -> Option<u64> {
        match self {
            Self::Of(number) => Some(number),
            Self::Unlimited => None,
        }
    }
}

fn amount(value: &Value, measure: Measure) -> Option<Amount> {
    match (value, measure) {
        (Value::String(text), _) if text == "unlimited" => Some(Amount::Unlimited),
        (Value::String(text), Measure::Bytes) => units::bytes(text).map(Amount::Of),
        (value, _) => whole(value).map(Amount::Of),
    }
}

fn cpu_milli(value: &Value) -> Option<u32> {
    let cpus = match value {
        Value::Number(number, _) => *number,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    let milli = (cpus * 1000.0).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole and within the range"
    )]
    (CPU_MILLI_MIN..=CPU_MILLI_MAX).contains(&milli).then_some(milli as u32)
}

/// Octal, as in a shell. A number would be read as decimal by one and as octal by another.
fn umask(value: &Value) -> Option<u32> {
    match value {
        Value::String(text) => {
            let digits = text.strip_prefix("0o").unwrap_or(text);
            let octal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            let mask = octal.then(|| u32::from_str_radix(digits, 8).ok())?;
            mask.filter(|mask| *mask <= 0o777)
        }
        _ => None,
    }
}

fn nice(value: &Value) -> Option<i32> {
    let (Value::Number(_, text) | Value::String(text)) = value else {
        return None;
    };
    text.parse().ok().filter(|nice| (-20..=19).contains(nice))
}

fn mistyped(
    fields: &Fields<'_>,
    place: &str,
    (name, field): (&str, &Field),
    takes: &str,
    example: &str,
) -> ConfigFault {
    wrong_value(&fields.source, &format!("{place}.{name}"), &field.node, takes)
        .help(format!("write for example `\"{name}\": {example}`"))
}

fn unknown(
    fields: &Fields<'_>,
    place: &str,
    (name, field): (&str, &Field),
    known: impl IntoIterator<Item = &'static str>,
) -> ConfigFault {
    let known: Vec<&str> = known.into_iter().collect();
    let help = match nearest(name, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("there are {}", known.join(", ")),
    };
    let what = format!("unknown limit `{place}.{name}` in {}", fields.source.origin);
    ConfigFault::new(FaultKind::ConfigValue, what)
        .help(help)
        .maybe_excerpt(fields.source.excerpt(&field.key, "unknown limit"))
}

#[cfg(test)]
mod tests {
    use crate::testing::Place;
    use rpm_core::spec::{Limits, Resource, Rlimit};

    fn read(keys: &str) -> Result<Limits, String> {
        let place = Place::new();
        let text = format!("{{ script: 'app.js', {keys} }}");
        match place.json(&text) {
            Ok(mut loaded) => Ok(loaded.apps.remove(0).limits),
            Err(fault) => Err(place.show_fault(&fault)),
        }
    }

    #[test]
    fn nothing_is_bounded_that_was_not_asked_for() {
        assert!(read("").unwrap().is_default());
        assert!(read("rlimits: {}, limits: null, umask: null").unwrap().is_default());
    }

    #[test]
    fn all_bounds_are_read() {
        let limits = read(
            "no_new_privs: true, umask: '027', nice: -5,
             rlimits: { nofile: 4096, core: 0, as: ['1G', 'unlimited'], NPROC: 'unlimited' },
             limits: { memory: '512M', cpu: 1.5, pids: 100 }",
        );
        let of = |resource, soft, hard| Rlimit { resource, soft, hard };
        let wanted = Limits {
            no_new_privs: true,
            umask: Some(0o27),
            nice: Some(-5),
            rlimits: vec![
                of(Resource::Files, Some(4096), Some(4096)),
                of(Resource::Core, Some(0), Some(0)),
                of(Resource::AddressSpace, Some(1 << 30), None),
                of(Resource::Processes, None, None),
            ],
            memory: Some(512 << 20),
            cpu_milli: Some(1500),
            pids: Some(100),
        };
        assert_eq!(limits, Ok(wanted));
    }

    #[test]
    fn what_cannot_be_is_said_with_its_place() {
        for (keys, words) in [
            ("umask: 22", "umask"),
            ("umask: '0888'", "umask"),
            ("umask: '01000'", "umask"),
            ("nice: 20", "nice"),
            ("nice: 1.5", "nice"),
            ("noNewPrivs: 1", "noNewPrivs"),
            ("rlimits: 5", "rlimits"),
            ("rlimits: { nofile: [10, 5] }", "rlimits.nofile"),
            ("rlimits: { nofile: ['unlimited', 5] }", "rlimits.nofile"),
            ("rlimits: { nofile: '4K' }", "rlimits.nofile"),
            ("rlimits: { nofile: [1, 2, 3] }", "rlimits.nofile"),
            ("rlimits: { nofiles: 5 }", "did you mean `nofile`?"),
            ("rlimits: { tea: 5 }", "there are as, core"),
            ("limits: { memory: '1K' }", "limits.memory"),
            ("limits: { memory: 'unlimited' }", "limits.memory"),
            ("limits: { cpu: 0 }", "limits.cpu"),
            ("limits: { cpu: 'NaN' }", "limits.cpu"),
            ("limits: { pids: 0 }", "limits.pids"),
            ("limits: { memroy: '1G' }", "did you mean `memory`?"),
            ("no_new_priv: true", "did you mean `no_new_privs`?"),
        ] {
            let fault = read(keys).expect_err(keys);
            assert!(fault.contains(words), "{keys}: {fault}");
        }
    }
}
