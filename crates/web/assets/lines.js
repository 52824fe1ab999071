// One line of a log: the colours of terminals, and how grave it is.

import { h } from "./dom.js";
import { full, when } from "./format.js";

const NUMBERS = { 10: "debug", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "error" };
const NAMES = /^(?:trace|debug|verbose|silly)$/i;
const WORDS = /(?:^|[\s[("|])(fatal|error|err|warn|warning|info|debug|trace)(?:[\s\])":|]|$)/i;

function levelOf(name) {
  if (typeof name === "number") return NUMBERS[name] ?? null;
  if (typeof name !== "string") return null;
  if (/^(fatal|error|err|critical)$/i.test(name)) return "error";
  if (/^warn(ing)?$/i.test(name)) return "warn";
  if (/^(info|notice)$/i.test(name)) return "info";
  return NAMES.test(name) ? "debug" : null;
}

/** How grave a line says it is: JSON of pino, bunyan and winston, or a word near its beginning. */
function level(plain) {
  if (plain.startsWith("{")) {
    try {
      const record = JSON.parse(plain);
      return levelOf(record.level ?? record.severity);
    } catch {
      // It only looks like JSON.
    }
  }
  return levelOf(WORDS.exec(plain.slice(0, 80))?.[1]);
}

const ANSI = /\x1b\[([0-9;]*)m/g;
const OTHER = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)/g;

/** A text with its colours as pieces. */
function pieces(line) {
  const found = [];
  let classes = new Set();
  let from = 0;
  const push = (until) => {
    const part = line.slice(from, until).replace(OTHER, "");
    if (part) found.push(classes.size ? h("span", { class: [...classes].join(" ") }, part) : part);
  };
  for (const match of line.matchAll(ANSI)) {
    push(match.index);
    from = match.index + match[0].length;
    classes = style(classes, match[1]);
  }
  push(line.length);
  return found;
}

function style(before, codes) {
  const classes = new Set(before);
  const drop = (start) => classes.forEach((name) => name.startsWith(start) && classes.delete(name));
  for (const code of (codes || "0").split(";").map(Number)) {
    if (code === 38 || code === 48) break;
    if (code === 0) classes.clear();
    else if (code === 1) classes.add("b");
    else if (code === 2) classes.add("f");
    else if (code === 3) classes.add("i");
    else if (code === 4) classes.add("u");
    else if (code === 22) ["b", "f"].forEach((name) => classes.delete(name));
    else if (code === 39) drop("c");
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) {
      drop("c");
      classes.add(`c${code % 10}`);
    }
  }
  return classes;
}

/** One line of a log. */
export function line(content, { stream, at = null, who = null }) {
  const plain = content.replace(ANSI, "").replace(OTHER, "");
  const grave = level(plain);
  const node = h(
    "div",
    { class: `line ${stream} ${grave ?? ""}` },
    at ? h("time", { title: full(at) }, when(at)) : null,
    who === null ? null : h("span", { class: "who" }, who),
    h("span", { class: "said" }, pieces(content)),
  );
  node.plain = plain.toLowerCase();
  node.grave = grave;
  return node;
}
