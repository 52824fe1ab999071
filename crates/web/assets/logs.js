// The logs of an app: lines as they are written, what is found in all that is kept, and files.

import { attribute, h, panel, text } from "./dom.js";
import { plural } from "./format.js";
import { line } from "./lines.js";
import { get } from "./net.js";
import { sentence } from "./actions.js";
import { download } from "./download.js";

const KEPT = 3000;
/** Lines that wait while it is paused, or while others are looked at. */
const WAITING = 3000;
/** So many lines are asked for when all that is kept is searched. */
const FOUND = 1000;

const HOUR = 3_600_000;
const SPANS = [["of any time", ""], ["of the last hour", HOUR], ["of the last 24 hours", 24 * HOUR], ["of the last 7 days", 168 * HOUR]];
const LEVELS = [["any level", ""], ["warnings and errors", "warn"], ["errors", "error"]];
/** What each choice of level takes. */
const FIT = { "": null, warn: ["warn", "error"], error: ["error"] };

const choice = (label, options) => h("select", { "aria-label": label }, options.map(([name, value]) => h("option", { value }, name)));

export class Logs {
  #list = h("div", { class: "log tall", role: "log", "aria-live": "off", "aria-label": "Log lines", tabindex: "0" });
  #count = h("span", { class: "muted count" });
  #search = h("input", { type: "search", id: "log-search", maxlength: "200", placeholder: "Search", "aria-label": "Search in the lines" });
  #stream = choice("Stream", [["out and err", ""], ["out", "out"], ["err", "err"]]);
  #level = choice("Level", LEVELS);
  #span = choice("Time", SPANS);
  #pause = h("button", { type: "button", class: "plain", "aria-pressed": "false" }, "Pause");
  #seek = h("button", { type: "button", class: "plain" }, "Search all that is kept");
  #back = h("button", { type: "button", class: "plain", hidden: true }, "Back to live");
  #said = h("span", { role: "status" });
  #offer = h("div", { class: "tools offer", hidden: true }, this.#said, this.#seek, this.#span, this.#back);
  #waiting = [];
  #paused = false;
  /** The lines that were held when others were looked for; `null` while these are shown. */
  #held = null;
  /** How grave the last line of each stream of a process was: one that is indented goes on with it. */
  #grades = new Map();
  #target;
  #many;

  /** `target` is `{ app }` or `{ process }`; `many`: lines say which process wrote them. */
  constructor(target, many, instances) {
    this.#target = target;
    this.#many = many;
    const save = h("button", { type: "button", class: "plain", "aria-haspopup": "dialog" }, "Download…");
    const tools = h("div", { class: "tools" }, this.#search, this.#stream, this.#level, this.#pause, save, this.#count);
    this.node = panel("Logs", { class: "panel logs" }, tools, this.#offer, this.#list);
    this.#search.addEventListener("input", () => this.#filter());
    this.#search.addEventListener("keydown", (event) => event.key === "Enter" && this.#find());
    this.#stream.addEventListener("change", () => this.#filter());
    this.#level.addEventListener("change", () => this.#filter());
    this.#pause.addEventListener("click", () => this.#toggle());
    this.#seek.addEventListener("click", () => this.#find());
    this.#back.addEventListener("click", () => this.#return());
    save.addEventListener("click", () => download(this.#target, instances(), this.#wanted()));
    this.#load();
  }

  /** What is chosen, in the words of the API. */
  #wanted() {
    const span = this.#held && this.#span.value;
    const known = [["search", this.#search.value], ["stream", this.#stream.value], ["level", this.#level.value], ["since", span && Date.now() - Number(span)]];
    return Object.fromEntries(known.filter(([, value]) => value));
  }

  async #load() {
    try {
      const { lines } = await get("/logs", { ...this.#target, lines: 300 });
      const nodes = lines.map((it) => this.#line(it));
      if (nodes.length) nodes.push(h("div", { class: "line mark" }, "from here on as they are written"));
      // Others may be shown by now.
      if (this.#held) this.#held.unshift(...nodes);
      else this.#list.prepend(...nodes);
      this.#filter();
    } catch (error) {
      this.#list.prepend(h("div", { class: "line mark" }, sentence(error)));
    }
  }

  /** Shows the last lines of all that is kept that fit, in place of those that are written. */
  async #find() {
    this.#held ??= [...this.#list.children];
    attribute(this.#seek, "disabled", "");
    text(this.#said, "Searching…");
    try {
      const { lines, more } = await get("/logs", { ...this.#target, ...this.#wanted(), lines: FOUND });
      if (!this.#held) return;
      this.#list.replaceChildren(...lines.map((it) => this.#line(it)));
      const all = `${plural(lines.length, "line")} in all that is kept, rotated files too`;
      text(this.#said, more ? `The last ${plural(lines.length, "line")} that fit. There may be more before: narrow it down, or download them.` : all);
      this.#filter();
    } catch (error) {
      text(this.#said, sentence(error));
    } finally {
      attribute(this.#seek, "disabled", null);
    }
  }

  #return() {
    if (!this.#held) return;
    this.#list.replaceChildren(...this.#held);
    this.#held = null;
    if (!this.#paused) this.#append(this.#waiting.splice(0));
    this.#filter();
  }

  /** Takes new lines. */
  add(lines) {
    const made = lines.map((it) => this.#line(it));
    if (this.#paused || this.#held) {
      this.#waiting.push(...made);
      this.#waiting.splice(0, Math.max(0, this.#waiting.length - WAITING));
      text(this.#pause, this.#paused ? `Go on (${this.#waiting.length})` : "Pause");
      text(this.#back, `Back to live (${this.#waiting.length} new)`);
      return;
    }
    this.#append(made);
  }

  /** Says that some were left out. */
  missed(count) {
    const mark = h("div", { class: "line mark" }, `${plural(count, "line")} left out: they came faster than they could be shown`);
    if (this.#paused || this.#held) this.#waiting.push(mark);
    else this.#append([mark]);
  }

  #line(it) {
    const node = line(it.text, { ...it, who: this.#many ? it.process : null });
    const of = `${it.process} ${it.stream}`;
    const goesOn = /^[\s})\]]/.test(node.plain);
    const own = node.grave ?? (it.stream === "err" ? "error" : "info");
    node.grade = (goesOn && this.#grades.get(of)) || own;
    this.#grades.set(of, node.grade);
    return node;
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
    const levels = FIT[this.#level.value];
    return (!stream || node.classList.contains(stream)) && (!levels || levels.includes(node.grade)) && node.plain.includes(this.#search.value.toLowerCase());
  }

  #filter() {
    for (const node of this.#list.children) node.hidden = !this.#fits(node);
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#tell();
  }

  #tell() {
    const all = this.#list.childElementCount;
    const narrowed = Boolean(this.#search.value || this.#stream.value || this.#level.value);
    const shown = narrowed ? [...this.#list.children].filter((it) => !it.hidden).length : all;
    text(this.#count, shown === all ? plural(all, "line") : `${shown} of ${plural(all, "line")}`);
    this.#offer.hidden = !narrowed && !this.#held;
    this.#pause.hidden = this.#held !== null;
    this.#back.hidden = this.#held === null;
    text(this.#seek, this.#held ? "Search again" : "Search all that is kept");
    if (!this.#held) {
      text(this.#said, "Only the lines that are held here are searched.");
      text(this.#back, "Back to live");
    }
  }
}
