//! The reference of verbs as a page, `docs/commands.md`.

use super::{Group, VERBS, Verb};
use clap::Arg;
use std::fmt::Write;

const HEAD: &str = "\
# Commands

<!-- Written from the declarations of the commands by the tests: `UPDATE_DOCS=1 cargo nextest run page`. -->

`rpm COMMAND --help` says the same. A target is a name, an id, a namespace, `all`, `/regex/` or, where
apps are started or stopped, a config file. Every flag may stand before or after the command; each
command takes the flags of all others, as in PM2, and shows those that mean something to it.
";

/// The page, in Markdown.
fn page() -> String {
    let mut text = HEAD.to_owned();
    for (group, heading) in Group::ALL {
        text.extend(["\n## ", heading, "\n"]);
        for verb in VERBS.iter().filter(|verb| verb.group == group) {
            describe(&mut text, verb);
        }
    }
    common(&mut text);
    text
}

fn describe(text: &mut String, verb: &Verb) {
    let mut command = verb.completed();
    let usage = command.render_usage().to_string();
    let usage =
        usage.trim_start_matches("Usage: ").split_whitespace().collect::<Vec<_>>().join(" ");
    write!(text, "\n### rpm {}\n\n{}.", verb.name, verb.about).unwrap();
    if !verb.aliases.is_empty() {
        write!(text, " Also `{}`.", verb.aliases.join("`, `")).unwrap();
    }
    write!(text, "\n\n    {usage}\n").unwrap();
    let own: Vec<&Arg> =
        command.get_arguments().filter(|arg| !arg.is_hide_set() && !is_common(arg)).collect();
    if !own.is_empty() {
        text.push('\n');
    }
    for arg in own {
        item(text, arg);
    }
}

fn common(text: &mut String) {
    text.push_str("\n## All commands\n\n");
    let command = VERBS[0].completed();
    for arg in command.get_arguments().filter(|arg| is_common(arg)) {
        item(text, arg);
    }
}

fn is_common(arg: &Arg) -> bool {
    arg.get_help_heading() == Some("All commands")
}

fn item(text: &mut String, arg: &Arg) {
    let names = arg.get_value_names().unwrap_or_default();
    let takes = arg.get_action().takes_values();
    let value: String = names.iter().flat_map(|name| [" <", name.as_str(), ">"]).collect();
    let shown = match (arg.get_short(), arg.get_long()) {
        (Some(short), Some(long)) => format!("-{short}, --{long}"),
        (None, Some(long)) => format!("--{long}"),
        (Some(short), None) => format!("-{short}"),
        (None, None) => String::new(),
    };
    let shown = if takes { format!("{shown}{value}") } else { shown };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let aliases = arg.get_visible_aliases().unwrap_or_default();
    let aliases: String = aliases.iter().flat_map(|alias| [", `--", *alias, "`"]).collect();
    writeln!(text, "- `{}`{aliases}: {}", shown.trim(), help.trim_end_matches('.')).unwrap();
}

#[test]
fn the_page_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/commands.md");
    let page = page();
    for verb in VERBS {
        assert!(page.contains(&format!("\n### rpm {}\n", verb.name)), "no line on {}", verb.name);
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == page, "docs/commands.md is stale: run the tests with UPDATE_DOCS=1");
}
