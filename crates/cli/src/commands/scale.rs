//! `rpm scale`.

use super::targets::nothing_runs;
use super::{Cli, Run, Table};
use crate::outcome::Outcome;
use crate::verbs::Group;
use rpm_core::ScaleTo;
use rpm_proto::{Code, Fault, Request};

/// The arguments of `rpm scale`.
#[derive(Debug, clap::Args)]
pub(crate) struct Scale {
    /// The app's name
    #[arg(value_name = "NAME")]
    app: String,
    /// How many instances: `8`, or `+2` more, or `-1`
    #[arg(value_name = "N", allow_hyphen_values = true)]
    to: String,
}

impl Run for Scale {
    const NAME: &'static str = "scale";
    const ABOUT: &'static str = "Change the number of instances of an app";
    const GROUP: Group = Group::Apps;

    fn run(self, cli: &mut Cli) -> Outcome {
        let to = read(&self.to)?;
        let targets = [self.app];
        let mut client = cli.running()?.ok_or_else(|| nothing_runs(&targets))?;
        let [name] = targets;
        let outcome = cli.change(&mut client, &Request::Scale { name, to });
        cli.conclude(Some(&mut client), outcome, Table::Shown)
    }
}

/// So many instances at most: a slip of the finger should not fill the machine.
const INSTANCES_MAX: u32 = 10_000;

fn read(text: &str) -> Result<ScaleTo, Fault> {
    let to = if text.starts_with(['+', '-']) {
        text.parse().ok().map(ScaleTo::By)
    } else {
        text.parse().ok().map(ScaleTo::Exactly)
    };
    let is_sane = |to: &ScaleTo| match *to {
        ScaleTo::Exactly(count) => count <= INSTANCES_MAX,
        ScaleTo::By(by) => by != 0 && by.unsigned_abs() <= INSTANCES_MAX,
    };
    to.filter(is_sane).ok_or_else(|| {
        Fault::new(Code::Scale, format!("`{text}` is not a number of instances"))
            .help("write `8` for eight, `+2` for two more, `-1` for one fewer")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_absolute_without_a_sign() {
        assert_eq!(read("8"), Ok(ScaleTo::Exactly(8)));
        assert_eq!(read("0"), Ok(ScaleTo::Exactly(0)));
        assert_eq!(read("+2"), Ok(ScaleTo::By(2)));
        assert_eq!(read("-1"), Ok(ScaleTo::By(-1)));
        for text in ["", "abc", "+", "+0", "1.5", "99999999", "-99999"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
