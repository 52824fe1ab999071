// Log lines as they are written: colours of terminals, levels, search, pause.

import { attribute, h, panel, text } from "./dom.js";
import { clock, plural } from "./format.js";
import { address, file, get, token } from "./net.js";
import { sentence, toast } from "./actions.js";

const KEPT = 3000;
/** Lines that wait while it is paused. */
const WAITING = 3000;

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
    at ? h("time", {}, clock(at)) : null,
    who === null ? null : h("span", { class: "who" }, who),
    h("span", { class: "said" }, pieces(content)),
  );
  node.plain = plain.toLowerCase();
  return node;
}

/** The logs of an app or a process. */
export class Logs {
  #list = h("div", { class: "log tall", role: "log", "aria-live": "off", "aria-label": "Log lines", tabindex: "0" });
  #count = h("span", { class: "muted count" });
  #search = h("input", { type: "search", id: "log-search", placeholder: "Search", "aria-label": "Search in the lines" });
  #stream = h("select", { "aria-label": "Stream" }, h("option", { value: "" }, "out and err"), h("option", { value: "out" }, "out"), h("option", { value: "err" }, "err"));
  #pause = h("button", { type: "button", class: "plain", "aria-pressed": "false" }, "Pause");
  #waiting = [];
  #paused = false;
  #target;
  #many;

  /** `target` is `{ app }` or `{ process }`; `many`: lines say which process wrote them. */
  constructor(target, many, downloads) {
    this.#target = target;
    this.#many = many;
    const tools = h("div", { class: "tools" }, this.#search, this.#stream, this.#pause, downloads.map((it) => this.#download(it)), this.#count);
    this.node = panel("Logs", { class: "panel logs" }, tools, this.#list);
    this.#search.addEventListener("input", () => this.#filter());
    this.#stream.addEventListener("change", () => this.#filter());
    this.#pause.addEventListener("click", () => this.#toggle());
    this.#load();
  }

  #download({ process, stream, name }) {
    const query = { process, stream };
    const link = h("a", { class: "button plain", href: address("/logs/download", query), download: name }, `Download ${stream}`);
    link.addEventListener("click", async (event) => {
      // A link cannot show the token.
      if (!token.get()) return;
      event.preventDefault();
      try {
        const at = URL.createObjectURL(await file("/logs/download", query));
        h("a", { href: at, download: name }).click();
        URL.revokeObjectURL(at);
      } catch (error) {
        toast(sentence(error), "bad");
      }
    });
    return link;
  }

  async #load() {
    try {
      const { lines } = await get("/logs", { ...this.#target, lines: 300 });
      const nodes = lines.map((it) => line(it.text, { ...it, who: this.#many ? it.process : null }));
      if (nodes.length) nodes.push(h("div", { class: "line mark" }, "from here on as they are written"));
      this.#list.prepend(...nodes);
      this.#filter();
      this.#list.scrollTop = this.#list.scrollHeight;
    } catch (error) {
      this.#list.prepend(h("div", { class: "line mark" }, sentence(error)));
    }
  }

  /** Takes new lines. */
  add(lines) {
    const made = lines.map((it) => line(it.text, { ...it, who: this.#many ? it.process : null }));
    if (this.#paused) {
      this.#waiting.push(...made);
      this.#waiting.splice(0, Math.max(0, this.#waiting.length - WAITING));
      text(this.#pause, `Go on (${this.#waiting.length})`);
      return;
    }
    this.#append(made);
  }

  /** Says that some were left out. */
  missed(count) {
    this.#append([h("div", { class: "line mark" }, `${plural(count, "line")} left out: they came faster than they could be shown`)]);
  }

  #append(nodes) {
    const list = this.#list;
    const follows = list.scrollHeight - list.scrollTop - list.clientHeight < 24;
    for (const node of nodes) node.hidden = !this.#fits(node);
    list.append(...nodes);
    while (list.childElementCount > KEPT) list.firstElementChild.remove();
    if (follows) list.scrollTop = list.scrollHeight;
    this.#tell();
  }

  #toggle() {
    this.#paused = !this.#paused;
    attribute(this.#pause, "aria-pressed", this.#paused);
    text(this.#pause, this.#paused ? "Go on" : "Pause");
    if (!this.#paused) this.#append(this.#waiting.splice(0));
  }

  #fits(node) {
    if (node.plain === undefined) return true;
    const stream = this.#stream.value;
    const wanted = this.#search.value.toLowerCase();
    return (!stream || node.classList.contains(stream)) && node.plain.includes(wanted);
  }

  #filter() {
    for (const node of this.#list.children) node.hidden = !this.#fits(node);
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#tell();
  }

  #tell() {
    const all = this.#list.childElementCount;
    const shown = this.#search.value || this.#stream.value ? [...this.#list.children].filter((it) => !it.hidden).length : all;
    text(this.#count, shown === all ? plural(all, "line") : `${shown} of ${plural(all, "line")}`);
  }
}
