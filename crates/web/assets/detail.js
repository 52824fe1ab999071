// One app: its instances, figures over time, logs, and what can be done to it.

import { attribute, h, keyed, panel, text } from "./dom.js";
import { bytes, duration, full, ms, number, percent, perSecond } from "./format.js";
import { get } from "./net.js";
import { plot } from "./plot.js";
import { apps, status } from "./overview.js";
import { confirm, sentence, word } from "./actions.js";
import { crashes, facts_list, timeline } from "./events.js";
import { Logs } from "./logs.js";

const HOUR = 3_600_000;
const SPANS = [["1 hour", HOUR], ["6 hours", 6 * HOUR], ["24 hours", 24 * HOUR]];
const AGAIN = 30_000;
const PLOTS = [
  ["cpu", "CPU, percent of one core", { format: percent, floor: 1 }],
  ["memory", "Memory", { format: bytes, base: 1024, floor: 1024 }],
  ["requests", "Requests a second", { format: perSecond, floor: 1 }],
  ["event_loop", "Event loop delay", { format: ms, floor: 1 }],
  ["restarts", "Restarts", { format: number, floor: 1 }],
];
/** Those that only some apps tell. */
const TOLD = ["requests", "event_loop"];

function plots(name) {
  const made = PLOTS.map(([metric, title, look]) => [metric, plot(title, look)]);
  const span = h("select", { "aria-label": "How far back" }, SPANS.map(([title, length]) => h("option", { value: length }, title)));
  span.value = String(sessionStorage.getItem("rpm-span") ?? HOUR);
  const who = h("select", { "aria-label": "Which instance" }, h("option", { value: "" }, "all instances"));
  const node = panel("Last hours", {}, h("div", { class: "plots" }, made.map(([, it]) => it.node)));
  node.querySelector(".panel-head").append(h("div", { class: "tools" }, who, span));

  async function load() {
    const until = Date.now();
    const of = who.value === "" ? { app: name } : { process: who.value };
    const { series } = await get("/history", { ...of, from: until - Number(span.value), until, points: 240 });
    for (const [metric, it] of made) {
      const found = series.find((it) => it.metric === metric) ?? null;
      it.node.hidden = TOLD.includes(metric) && !found?.mean.some((value) => value !== null);
      it.update(found);
    }
  }
  const again = () => load().catch(() => {});
  span.addEventListener("change", () => {
    sessionStorage.setItem("rpm-span", span.value);
    again();
  });
  who.addEventListener("change", again);
  const timer = setInterval(() => document.hidden || again(), AGAIN);
  again();
  let ids = "";
  return {
    node,
    update(instances) {
      const next = instances.map((it) => it.id).join();
      who.hidden = instances.length < 2;
      if (next === ids) return;
      ids = next;
      const chosen = who.value;
      who.replaceChildren(h("option", { value: "" }, "all instances"), ...instances.map((it) => h("option", { value: it.id }, `instance ${it.id}`)));
      who.value = instances.some((it) => String(it.id) === chosen) ? chosen : "";
    },
    close() {
      clearInterval(timer);
      made.forEach(([, it]) => it.close());
    },
  };
}

const COLUMNS = ["Id", "Status", "PID", "CPU", "Memory", "Heap", "Loop delay", "Requests", "Restarts", "Up", "Last exit", ""];

function instanceRow(process, act) {
  const state = status();
  const names = ["pid", "cpu", "memory", "heap", "delay", "requests", "restarts", "up", "exit"];
  const cells = Object.fromEntries(names.map((name) => [name, h("td", { class: name === "exit" ? "" : "num" })]));
  const buttons = ["restart", "stop", "start"].map((verb) =>
    h("button", { type: "button", class: "link", "data-verb": verb, "aria-label": `${word(verb)} instance ${process.id}`, onclick: () => act(verb, process) }, word(verb)),
  );
  const node = h("tr", {}, h("th", { scope: "row", class: "num" }, process.id), h("td", {}, state.node), Object.values(cells), h("td", { class: "row-actions" }, buttons));
  return {
    node,
    update(it) {
      state.update(it.status);
      text(cells.pid, it.pid || "–");
      text(cells.cpu, percent(it.cpu));
      text(cells.memory, bytes(it.memory));
      text(cells.heap, bytes(it.heap_used));
      text(cells.delay, ms(it.event_loop_ms));
      text(cells.requests, perSecond(it.requests_per_s));
      text(cells.restarts, number(it.restarts));
      text(cells.up, it.pid && it.started_at ? duration(Date.now() - it.started_at) : "–");
      text(cells.exit, it.error ?? it.last_exit ?? "–");
      const runs = it.pid !== 0;
      for (const button of buttons) button.hidden = (button.dataset.verb === "start") === runs;
    },
  };
}

function instancesTable(act) {
  const body = h("tbody", {});
  const head = COLUMNS.map((name) => h("th", { scope: "col", class: ["Status", "Last exit", ""].includes(name) ? "" : "num" }, name || h("span", { class: "unseen" }, "Actions")));
  const node = panel("Instances", {}, h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Instances" }, h("table", { class: "table" }, h("thead", {}, h("tr", {}, head)), body)));
  const known = new Map();
  return { node, update: (list) => keyed(body, known, list, (it) => it.id, (it) => instanceRow(it, act)) };
}

/** What the app tells by names of its own, instance by instance. */
function figures() {
  const list = h("div", {});
  const node = panel("Figures of the app", { hidden: true }, list);
  return {
    node,
    update(instances) {
      const told = instances.flatMap((it) => Object.entries(it.figures).map(([name, figure]) => [instances.length > 1 ? `${name} (${it.id})` : name, `${figure.text} ${figure.unit ?? ""}`]));
      node.hidden = told.length === 0;
      list.replaceChildren(facts_list(told));
    },
  };
}

function settings(id) {
  const body = h("div", {}, h("p", { class: "empty" }, "Loading…"));
  const node = panel("Settings", {}, body);
  get(`/processes/${id}`)
    .then((it) =>
      body.replaceChildren(
        facts_list([
          ["Script", it.script],
          ["Arguments", it.args.join(" ")],
          ["Run by", [it.interpreter ?? "itself", ...it.interpreter_args].join(" ")],
          ["Node", it.node_version],
          ["Folder", it.cwd],
          ["User", it.process.user],
          ["Restarts", it.autorestart ? `when it ends, given up after ${it.max_restarts} short runs` : "not by itself"],
          ["Restarts by time", it.cron],
          ["Memory limit", it.max_memory === null ? null : bytes(it.max_memory)],
          ["Time to stop", number(it.kill_timeout_ms / 1000, "s")],
          ["Watches files", it.process.watching ? "yes" : null],
          ["Not enforced", it.unenforced.join("; ")],
          ["Says of itself", it.doing],
          ["Can be asked to", it.actions.join(", ")],
          ["Output", it.out_log],
          ["Errors", it.err_log],
          ["Created", full(it.process.created_at)],
          ["Variables", h("details", {}, h("summary", {}, `${it.env.length} names`), it.env.join(", "))],
        ]),
      ),
    )
    .catch((error) => body.replaceChildren(h("p", { class: "empty" }, sentence(error))));
  return node;
}

/** The view. */
export function detail(name, access) {
  const state = status();
  const facts = h("span", { class: "muted" });
  const buttons = h("div", { class: "buttons" });
  const head = h("div", { class: "head" }, h("h1", {}, name), state.node, facts, buttons);
  const missing = h("p", { class: "empty panel", hidden: true }, "There is no such app. ", h("a", { href: "#/" }, "All apps"));
  const rest = h("div", { class: "view" });
  const node = h("div", { class: "view" }, head, missing, rest);
  let parts = null;
  let app = null;
  const reload = () => {};
  const actOn = (verb, process) => confirm(verb, { process: process.id }, `${name}, instance ${process.id}`, 1, reload);

  const made = ["restart", "reload", "start", "stop", "scale", "flush", "reset", "delete"].map((verb) => {
    const kind = ["stop", "delete"].includes(verb) ? "danger" : "plain";
    const button = h("button", { type: "button", class: kind, "data-verb": verb }, word(verb));
    button.addEventListener("click", () => app && confirm(verb, { app: name }, name, app.instances.length, reload));
    return button;
  });
  buttons.append(...made);

  function build(instances) {
    parts = {
      plots: plots(name),
      table: instancesTable(actOn),
      figures: figures(),
      logs: new Logs({ app: name }, instances.length > 1, () => app?.instances ?? []),
      events: timeline(name, 60),
      crashes: crashes(name),
    };
    rest.append(parts.table.node, parts.plots.node, parts.logs.node, h("div", { class: "pair" }, parts.events.node, parts.crashes.node), parts.figures.node, settings(instances[0].id));
  }

  return {
    node,
    title: name,
    query: { app: name },
    update({ processes }) {
      app = apps(processes).find((it) => it.name === name) ?? null;
      missing.hidden = app !== null;
      buttons.hidden = app === null || app.instances.some((it) => it.id === access.own_id);
      attribute(state.node, "hidden", app === null ? "" : null);
      if (!app) return;
      const { instances } = app;
      if (!parts) build(instances);
      state.update(app.status, instances.length > 1 ? `${app.online} of ${instances.length} online` : app.status);
      const first = instances[0];
      text(facts, [first.mode, first.namespace === "default" ? null : first.namespace, first.version === "N/A" ? null : `version ${first.version}`].filter(Boolean).join(", "));
      const runs = instances.some((it) => it.pid !== 0);
      for (const button of made) {
        if (button.dataset.verb === "start") button.hidden = runs;
        if (["stop", "restart", "reload"].includes(button.dataset.verb)) button.hidden = !runs;
      }
      parts.table.update(instances);
      parts.plots.update(instances);
      parts.figures.update(instances);
    },
    lines: (lines) => parts?.logs.add(lines),
    missed: (count) => parts?.logs.missed(count),
    event(event) {
      parts?.events.add(event);
      if (event.app === name && event.level === "error") parts?.crashes.load();
    },
    close: () => parts?.plots.close(),
  };
}
