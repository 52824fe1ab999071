//! Configs that are programs, where there is no Node.

use super::evaluate;
use crate::testing::Place;

fn place() -> Place {
    let mut place = Place::new();
    place.context.path = place.context.cwd.join("empty").into_string();
    place.env.insert("STAGE".to_owned(), "blue".to_owned());
    place
}

fn value(place: &Place, name: &str, text: &str) -> String {
    let path = place.file(name, text);
    let json = evaluate(&path, &place.context, &place.selection());
    place.general(&json.unwrap_or_else(|fault| place.show_fault(&fault)))
}

#[test]
fn each_form_of_a_config_is_evaluated() {
    let place = place();
    place.file("env.js", "exports.name = 'a module';");
    place.file("data.json", "{ \"n\": 1 }");
    place.file("node_modules/pkg/package.json", "{ \"main\": \"lib/main.js\" }");
    place.file("node_modules/pkg/lib/main.js", "module.exports = 'a package';");
    place.file("named.mjs", "export const one = 1; export default 'all';");
    let mut all = Vec::new();
    for (name, text) in [
        ("a.config.js", "module.exports = { v: [require('./env').name, require('./data')] };"),
        ("b.config.js", "console.log('noise'); module.exports = () => ({ v: __dirname });"),
        ("c.config.cjs", "module.exports = Promise.resolve([{ v: process.cwd() }]);"),
        ("d.config.mjs", "export default { v: import.meta.url };"),
        ("e.config.mjs", "export default async () => ({ v: [undefined, 5n] });"),
        ("f.config.mjs", "export const apps = [{ v: 1 }];"),
        ("g.config.js", "exports.__esModule = true; exports.default = { v: process.env.STAGE };"),
        ("h.config.js", "export default { v: 'a module by its text' };"),
        (
            "i.config.mjs",
            "import { join } from 'node:path'; import os from 'os'; import all, { one } from './named.mjs';
             import { name } from './env.js'; import data from './data.json' with { type: 'json' };
             export default { v: [join('/a', '..', 'b'), os.cpus().length, all, one, name, data.n] };",
        ),
        ("j.config.js", "module.exports = { v: require('pkg') };"),
        (
            "k.config.js",
            "const { readFileSync } = require('fs'); module.exports = JSON.parse(readFileSync(__dirname + '/data.json', 'utf8'));",
        ),
    ] {
        all.push(format!("{name}: {}", value(&place, name, text)));
    }
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn what_a_config_throws_is_shown_with_its_place() {
    let place = place();
    let mut all = Vec::new();
    for (name, text) in [
        ("a.config.js", "const a = 1;\nconst f = () => missing.name;\nmodule.exports = f();"),
        ("b.config.js", "module.exports = {\n  apps: [,\n}"),
        ("c.config.js", "module.exports = require('dotenv').config();"),
        ("d.config.mjs", "import 'dotenv/config'; export default {};"),
        ("e.config.js", "throw 'a word';"),
        ("f.config.js", "module.exports = undefined;"),
        ("g.config.js", "module.exports = new Promise(() => {});"),
        ("h.config.js", "const f = () => f() + 1; module.exports = f();"),
        ("i.config.js", "require('child_process').execSync('id');"),
        ("j.config.js", "process.exit(3);"),
        ("k.config.js", "module.exports = 'x'.repeat(1 << 29) + 'x'.repeat(1 << 29);"),
    ] {
        all.push(value(&place, name, text));
    }
    insta::assert_snapshot!(all.join("\n---\n"));
}

#[test]
fn a_config_that_does_not_end_is_ended() {
    let place = place();
    let path = place.file("a.config.js", "for (;;) {}");
    let limit = std::time::Duration::from_millis(50);
    let failure = super::embedded::evaluate(&path, &place.context, &place.env, limit);
    assert!(matches!(failure, Err(super::Failure::TimedOut)), "{failure:?}");
}

#[test]
fn node_and_the_engine_agree_on_paths() {
    let place = Place::with_node();
    let text = "
        const path = require('path');
        const texts = ['', '.', '..', '/', 'a', 'a/b', '/a/b/', '../a', 'a/../..', './x.js', '/..', 'a//b', '.x', 'x.tar.gz'];
        const pairs = texts.flatMap((a) => texts.map((b) => [path.join(a, b), path.resolve(a, b), path.relative('/q/' + a, '/q/' + b)]));
        module.exports = { pairs, each: texts.map((t) => [path.normalize(t), path.dirname(t), path.basename(t), path.basename(t, '.js'), path.extname(t), path.isAbsolute(t)]) };";
    let path = place.file("a.config.js", text);
    let by_node = evaluate(&path, &place.context, &place.selection()).unwrap();
    let limit = std::time::Duration::from_secs(10);
    let by_engine = super::embedded::evaluate(&path, &place.context, &place.env, limit).unwrap();
    let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let (by_node, by_engine) = (parse(&by_node), parse(&by_engine));
    for part in ["each", "pairs"] {
        for (left, right) in
            by_node[part].as_array().unwrap().iter().zip(by_engine[part].as_array().unwrap())
        {
            assert_eq!(left, right);
        }
    }
}
