//! Words are read as PM2's users write them.

use super::*;
use crate::flags::AllFlags;
use rpm_config::Flags;

fn parse(line: &str) -> parse::Parsed {
    let words = line.split_whitespace().map(OsString::from).collect();
    let argv = Argv::read(words, |word| Verb::find(word).is_some());
    let verb = Verb::find(argv.verb.as_deref().unwrap()).unwrap();
    parse::read(verb, argv).unwrap_or_else(|error| panic!("{line}: {error}"))
}

fn refusal(line: &str) -> String {
    let words = line.split_whitespace().map(OsString::from).collect();
    let argv = Argv::read(words, |word| Verb::find(word).is_some());
    let verb = Verb::find(argv.verb.as_deref().unwrap()).unwrap();
    parse::read(verb, argv).expect_err(line).to_string()
}

fn targets(parsed: &parse::Parsed) -> Vec<String> {
    parsed.matches.get_many::<String>("targets").unwrap_or_default().cloned().collect()
}

fn flags(line: &str) -> Flags {
    let parse::Parsed { flags: AllFlags { app, .. }, args, .. } = parse(line);
    app.into_flags(args.unwrap_or_default())
}

#[test]
fn pm2s_spellings_are_read() {
    let long = "start app.js --name api --instances max --output o --error e --log l \
                --max-memory-restart 300M --kill-timeout 5 --interpreter-args --inspect \
                --max-restarts 3 --restart-delay 9 --pid p --wait-ready";
    let short = "start app.js -n api -i max -o o -e e -l l --max-memory-restart=300M -k 5 \
                 --node-args --inspect --max-restarts=3 --restart-delay=9 -p p --wait-ready";
    let found = flags(long);
    assert_eq!(found, flags(short));
    assert_eq!(found.name.as_deref(), Some("api"));
    assert_eq!(found.instances.as_deref(), Some("max"));
    assert_eq!(found.log, Some(Some("l".to_owned())));
    assert_eq!(found.interpreter_args.as_deref(), Some("--inspect"));
    assert!(found.wait_ready && !found.no_autorestart);
}

#[test]
fn flags_stand_on_either_side_of_the_verb() {
    for line in
        ["-i 4 -n api start app.js", "start -i 4 app.js -n api", "start app.js -i4 --name=api"]
    {
        let parsed = parse(line);
        assert_eq!(targets(&parsed), ["app.js"], "{line}");
        let found = flags(line);
        let both = (found.instances.as_deref(), found.name.as_deref());
        assert_eq!(both, (Some("4"), Some("api")), "{line}");
    }
    assert_eq!(flags("start app.js -i -1").instances.as_deref(), Some("-1"));
}

#[test]
fn the_apps_arguments_are_its_own() {
    let found = flags("start app.js -n api -- -n other -- --lines 5");
    assert_eq!(found.args, ["-n", "other", "--", "--lines", "5"]);
    assert_eq!(found.name.as_deref(), Some("api"));
    assert_eq!(parse("restart api -- x").args, Some(vec!["x".to_owned()]));
    assert_eq!(parse("restart api").args, None);
    // A verb without arguments of apps takes them for targets.
    assert_eq!(targets(&parse("stop -- -odd-name")), ["-odd-name"]);
}

#[test]
fn greedy_flags_give_back_what_is_not_theirs() {
    let mut parsed = parse("start --stop-exit-codes 0,1 2 app.js");
    assert_eq!(parsed.flags.app.give_back(false, |_| false), ["app.js"]);
    assert_eq!(parsed.flags.app.into_flags(Vec::new()).stop_exit_codes, ["0,1", "2"]);
    let mut parsed = parse("start --log app.js");
    assert_eq!(parsed.flags.app.give_back(false, |word| word == "app.js"), ["app.js"]);
    assert_eq!(parsed.flags.app.into_flags(Vec::new()).log, Some(None));
    let mut parsed = parse("start app.js --log all.log");
    assert!(parsed.flags.app.give_back(true, |_| true).is_empty());
    let mut parsed = parse("start --watch app.js");
    assert_eq!(parsed.flags.app.give_back(false, |_| false), ["app.js"]);
    assert_eq!(parsed.flags.app.into_flags(Vec::new()).watch, Some(Vec::new()));
    let mut parsed = parse("start app.js --watch src --watch lib");
    assert!(parsed.flags.app.give_back(true, |_| true).is_empty());
    let watch = parsed.flags.app.into_flags(Vec::new()).watch;
    assert_eq!(watch, Some(vec!["src".to_owned(), "lib".to_owned()]));
    let parsed = parse("restart --watch api");
    assert_eq!(targets(&parsed), ["api"]);
    assert_eq!(parsed.flags.app.into_flags(Vec::new()).watch, Some(vec![String::new()]));
    let parsed = parse("start app.js --watch");
    assert_eq!(parsed.flags.app.into_flags(Vec::new()).watch, Some(vec![String::new()]));
}

#[test]
fn targets_may_be_many_and_numbers_negative() {
    assert_eq!(targets(&parse("restart api 0 /x/ --update-env -s")), ["api", "0", "/x/"]);
    assert!(parse("restart api -a").flags.control.update_env);
    assert_eq!(parse("scale api -1").matches.get_one::<String>("to").unwrap(), "-1");
    assert_eq!(*parse("logs api --lines -5").matches.get_one::<i64>("lines").unwrap(), -5);
    let parsed = parse("start f.json --only a,b --only c");
    assert_eq!(parsed.flags.control.only(), ["a", "b", "c"]);
    assert_eq!(parse("stop all -n x --max-restarts 3").app_flags, ["--name", "--max-restarts"]);
}

#[test]
fn aliases_are_verbs() {
    for (alias, name) in [
        ("ls", "list"),
        ("l", "list"),
        ("ps", "list"),
        ("del", "delete"),
        ("log", "logs"),
        ("dump", "save"),
        ("show", "describe"),
        ("startOrGracefulReload", "startOrReload"),
    ] {
        assert_eq!(Verb::find(alias.as_ref()).map(|verb| verb.name), Some(name), "{alias}");
    }
    let mut names: Vec<&str> =
        VERBS.iter().flat_map(|verb| verb.aliases.iter().copied().chain([verb.name])).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "two verbs of one name");
    assert!(names.iter().all(|name| !absent::has(name)));
}

#[test]
fn clap_finds_no_fault_with_the_verbs() {
    for verb in VERBS {
        verb.command().debug_assert();
    }
}

#[test]
fn unknown_words_are_answered_with_what_was_meant() {
    let words = |name: &str| report::words("error:", &unknown(name.as_ref()));
    insta::assert_snapshot!(words("strat"), @r"
    error: `strat` is not a command
      help: did you mean `rpm start`?
    ");
    insta::assert_snapshot!(words("xyzzy-xyzzy"), @r"
    error: `xyzzy-xyzzy` is not a command
      help: `rpm help` shows all commands
    ");
    insta::assert_snapshot!(refusal("list --jsn"));
    insta::assert_snapshot!(refusal("stop"));
}

#[test]
fn the_whole_reference() {
    let mut text = help::text(crate::render::style::Paint { on: false });
    for verb in VERBS {
        let help = verb.command().term_width(100).render_help().to_string();
        text.extend(["\n# rpm ", verb.name, "\n\n", &help]);
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "too wide:\n{text}");
    insta::assert_snapshot!(text);
}
