// The machine and all apps at a glance.

import { attribute, h, keyed, panel, text } from "./dom.js";
import { bytes, duration, ms, number, percent, perSecond, plural } from "./format.js";
import { get } from "./net.js";
import { sparkline } from "./plot.js";
import { appLink, crashes, timeline } from "./events.js";

/** The gravest first. */
const STATUS = ["errored", "waiting restart", "stopping", "launching", "stopped", "online"];
const HOUR = 3_600_000;
const POINTS = 40;
/** How often the small lines are drawn anew. */
const AGAIN = 60_000;

/** The instances of one name, and their sums. */
export function apps(processes) {
  const found = new Map();
  for (const process of processes) {
    if (!found.has(process.name)) found.set(process.name, []);
    found.get(process.name).push(process);
  }
  return [...found].map(([name, instances]) => summed(name, instances));
}

function summed(name, instances) {
  const sum = (field) => instances.reduce((total, it) => total + (it[field] ?? 0), 0);
  const told = (field) => instances.map((it) => it[field]).filter((value) => value !== null);
  const total = (field) => (told(field).length ? told(field).reduce((a, b) => a + b) : null);
  const mean = (field) => (told(field).length ? total(field) / told(field).length : null);
  const online = instances.filter((it) => it.status === "online");
  return {
    name,
    instances,
    module: instances.every((it) => it.module),
    status: STATUS.find((status) => instances.some((it) => it.status === status)) ?? instances[0].status,
    online: online.length,
    cpu: sum("cpu"),
    memory: sum("memory"),
    restarts: sum("restarts"),
    requests: total("requests_per_s"),
    delay: mean("event_loop_ms"),
    started: online.length ? Math.max(...online.map((it) => it.started_at)) : null,
  };
}

/** A status in words and colour. */
export function status() {
  const word = h("span", {});
  const node = h("span", { class: "status" }, h("span", { class: "dot", "aria-hidden": "true" }), word);
  return {
    node,
    update(name, words = name) {
      attribute(node, "data-status", name);
      text(word, words);
    },
  };
}

function standing(app) {
  const all = app.instances.length;
  if (all === 1) return app.status;
  return app.online === all ? `${all} online` : `${app.online} of ${all} online`;
}

/** Heading, class, and by what it sorts; the largest first but for words. */
const COLUMNS = [
  ["App", "name", (app) => app.name],
  ["Status", "", (app) => STATUS.indexOf(app.status)],
  ["CPU", "num", (app) => -app.cpu],
  ["Last hour", "spark-cell wide", null],
  ["Memory", "num", (app) => -app.memory],
  ["Last hour", "spark-cell wide", null],
  ["Requests", "num wide", (app) => -(app.requests ?? -1)],
  ["Loop delay", "num wide", (app) => -(app.delay ?? -1)],
  ["Restarts", "num narrow-off", (app) => -app.restarts],
  ["Up", "num narrow-off", (app) => -(app.started ?? 0)],
];

function row(app, history) {
  const state = status();
  const [cpuLine, memoryLine] = [sparkline(), sparkline()];
  const cells = Object.fromEntries(["cpu", "memory", "requests", "delay", "restarts", "up"].map((name) => [name, h("td", { class: "num" })]));
  for (const name of ["requests", "delay"]) cells[name].classList.add("wide");
  for (const name of ["restarts", "up"]) cells[name].classList.add("narrow-off");
  const badge = h("span", { class: "muted where" });
  const node = h(
    "tr",
    {},
    h("th", { scope: "row", class: "name", title: app.name }, appLink(app.name), badge),
    h("td", {}, state.node),
    cells.cpu,
    h("td", { class: "spark-cell wide" }, cpuLine.node),
    cells.memory,
    h("td", { class: "spark-cell wide" }, memoryLine.node),
    cells.requests,
    cells.delay,
    cells.restarts,
    cells.up,
  );
  return {
    node,
    update(app) {
      const namespace = app.instances[0].namespace;
      text(badge, namespace === "default" ? "" : namespace);
      state.update(app.status, standing(app));
      text(cells.cpu, percent(app.cpu));
      text(cells.memory, bytes(app.memory));
      text(cells.requests, perSecond(app.requests));
      text(cells.delay, ms(app.delay));
      text(cells.restarts, number(app.restarts));
      text(cells.up, app.started === null ? "–" : duration(Date.now() - app.started));
      const lines = history.get(app.name) ?? {};
      cpuLine.update(lines.cpu ?? [], 20);
      memoryLine.update(lines.memory ?? []);
    },
  };
}

/** The apps, and below them the modules. */
function table(history) {
  const [own, modules] = [h("tbody", {}), h("tbody", {})];
  const label = h("tbody", {}, h("tr", { class: "group" }, h("th", { scope: "rowgroup", colspan: COLUMNS.length }, "Modules")));
  const search = h("input", { type: "search", placeholder: "Filter", "aria-label": "Filter by name, namespace or status" });
  const count = h("span", { class: "muted" });
  const known = [new Map(), new Map()];
  let by = 0;
  let down = false;
  let all = [];

  const heads = COLUMNS.map(([name, kind, value], index) => {
    if (!value) return h("th", { scope: "col", class: kind }, name);
    const button = h("button", { type: "button", class: "sort" }, name);
    button.addEventListener("click", () => {
      down = by === index && !down;
      by = index;
      draw();
    });
    return h("th", { scope: "col", class: kind }, button);
  });

  function draw() {
    const value = COLUMNS[by][2];
    const order = (a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : a.name < b.name ? -1 : 1);
    const sorted = [...all].sort((a, b) => (down ? order(b, a) : order(a, b)));
    const wanted = search.value.toLowerCase();
    const is_meant = (app) => [app.name, app.instances[0].namespace, app.status].some((word) => word.toLowerCase().includes(wanted));
    const shown = sorted.filter(is_meant);
    const parts = [shown.filter((app) => !app.module), shown.filter((app) => app.module)];
    const make = (app) => row(app, history);
    [own, modules].forEach((body, part) => keyed(body, known[part], parts[part], (app) => app.name, make));
    label.hidden = parts[1].length === 0;
    heads.forEach((head, index) => attribute(head, "aria-sort", index !== by ? null : down ? "descending" : "ascending"));
    const instances = shown.reduce((sum, app) => sum + app.instances.length, 0);
    text(count, `${plural(shown.length, "app")}, ${plural(instances, "process", "processes")}`);
  }

  search.addEventListener("input", draw);
  const node = panel("Apps", {}, h("div", { class: "scroll" }, h("table", { class: "table apps" }, h("thead", {}, h("tr", {}, heads)), own, label, modules)));
  node.querySelector(".panel-head").append(h("div", { class: "tools" }, count, search));
  return {
    node,
    update(list) {
      all = list;
      draw();
    },
  };
}

/** One figure of the machine. */
function tile(name) {
  const value = h("strong", {});
  const more = h("span", { class: "muted" });
  const bar = h("meter", { min: 0, max: 100, low: 75, high: 90, optimum: 0, "aria-hidden": "true" });
  const node = h("div", { class: "tile" }, h("span", { class: "tile-name" }, name), value, bar, more);
  return {
    node,
    update(shown, detail, share = null) {
      text(value, shown);
      text(more, detail);
      bar.hidden = share === null;
      if (share !== null) bar.value = Math.max(0, Math.min(100, share));
    },
  };
}

function machine() {
  const tiles = Object.fromEntries(["CPU", "Memory", "Swap", "Load", "Disk", "Network", "Files"].map((name) => [name, tile(name)]));
  const node = h("section", { class: "tiles", "aria-label": "Machine" }, Object.values(tiles).map((it) => it.node));
  return {
    node,
    update({ host }) {
      const share = (part, whole) => (whole ? (100 * part) / whole : 0);
      const limits = host.cgroup;
      const memoryMax = limits?.memory_max ?? host.memory_total;
      const memory = limits?.memory_max ? limits.memory : host.memory_total - host.memory_available;
      const swap = host.swap_total - host.swap_free;
      const disk = [...host.disks].sort((a, b) => share(b.total - b.available, b.total) - share(a.total - a.available, a.total))[0];
      const sum = (list, field) => list.reduce((total, it) => total + it[field], 0);
      tiles.CPU.update(percent(host.cpu), limits?.cpus_max ? `of ${host.cpus}, ${limits.cpus_max} allowed` : `of ${host.cpus} processors`, host.cpu);
      tiles.Memory.update(bytes(memory), `of ${bytes(memoryMax)}`, share(memory, memoryMax));
      tiles.Swap.update(bytes(swap), host.swap_total ? `of ${bytes(host.swap_total)}` : "none", host.swap_total ? share(swap, host.swap_total) : null);
      tiles.Load.update(host.load[0].toFixed(2), `${host.load[1].toFixed(2)} in 5 min, ${host.load[2].toFixed(2)} in 15`);
      tiles.Disk.update(disk ? `${bytes(disk.available)} free` : "–", disk ? `${disk.mount} of ${bytes(disk.total)}` : "", disk ? share(disk.total - disk.available, disk.total) : null);
      tiles.Network.update(`${bytes(sum(host.networks, "received_per_s"))}/s in`, `${bytes(sum(host.networks, "sent_per_s"))}/s out`);
      tiles.Files.update(number(host.files_open), "open on this machine");
    },
  };
}

/** The view. */
export function overview() {
  const history = new Map();
  const host = machine();
  const own = table(history);
  const empty = h("p", { class: "empty panel", hidden: true }, "No app is known yet. ", h("code", {}, "rpm start app.js"), " starts one.");
  const [events, crashed] = [timeline(), crashes()];
  const node = h("div", { class: "view" }, h("h1", { class: "unseen" }, "Overview"), host.node, own.node, empty, h("div", { class: "pair" }, events.node, crashed.node));

  async function load() {
    const until = Date.now();
    const { series } = await get("/history", { metrics: "cpu,memory", from: until - HOUR, until, points: POINTS });
    for (const { of, metric, mean } of series) {
      if (of.kind !== "app") continue;
      history.set(of.name, { ...history.get(of.name), [metric]: mean });
    }
  }
  // The lines are beside the numbers: without them the view is whole.
  const again = () => load().catch(() => {});
  again();
  const timer = setInterval(() => document.hidden || again(), AGAIN);

  return {
    node,
    title: "Overview",
    query: {},
    update(state) {
      host.update(state);
      const all = apps(state.processes);
      own.update(all);
      empty.hidden = all.some((app) => !app.module);
    },
    event(event) {
      events.add(event);
      if (event.level === "error" || event.data.crash) crashed.load();
    },
    close: () => clearInterval(timer),
  };
}
