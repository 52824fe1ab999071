// The timeline, and reports of crashes.

import { h, panel } from "./dom.js";
import { bytes, duration, full, percent, when } from "./format.js";
import { get } from "./net.js";
import { sentence } from "./actions.js";
import { line } from "./lines.js";

const LEVELS = { info: "Info", warn: "Warning", error: "Error" };
const KEPT = 300;

export const appLink = (name) => h("a", { href: `#/app/${encodeURIComponent(name)}` }, name);

/** The apps that an event is about. */
const about = ({ app, data }) => (app === null ? (Array.isArray(data.apps) ? data.apps : []) : [app]);

/** The sentence, with the name of each app as a link, where it stands first as a word. */
function told(event) {
  let parts = [event.text];
  for (const app of about(event)) {
    parts = parts.flatMap((part) => {
      const at = typeof part === "string" ? ` ${part} `.indexOf(` ${app} `) : -1;
      return at < 0 ? [part] : [part.slice(0, at), appLink(app), part.slice(at + app.length)];
    });
  }
  return parts;
}

function item(event) {
  return h(
    "li",
    { class: `event ${event.level}` },
    h("time", { datetime: new Date(event.at).toISOString(), title: full(event.at) }, when(event.at)),
    h("span", { class: "level" }, LEVELS[event.level] ?? event.level),
    h("span", { class: "event-text" }, told(event)),
  );
}

/** The last events, of all or of one app; `add` takes new ones. */
export function timeline(app = null, limit = 40) {
  const list = h("ol", { class: "events" });
  const empty = h("p", { class: "empty" }, "Nothing noteworthy has happened.");
  const node = panel("Events", {}, list, empty);
  const seen = new Set();
  const show = () => {
    empty.hidden = list.childElementCount > 0;
    list.hidden = !empty.hidden;
  };
  show();
  get("/events", { app, limit })
    .then(({ events }) => {
      for (const event of events) if (!seen.has(event.seq)) seen.add(event.seq) && list.append(item(event));
      show();
    })
    .catch((error) => (empty.textContent = sentence(error)));
  return {
    node,
    add(event) {
      if ((app !== null && !about(event).includes(app)) || seen.has(event.seq)) return;
      seen.add(event.seq);
      list.prepend(item(event));
      while (list.childElementCount > KEPT) list.lastElementChild.remove();
      show();
    },
  };
}

/** The last crashes, of all or of one app. */
export function crashes(app = null) {
  const rows = h("tbody", {});
  const head = ["When", "App", "How it ended", "Had run", "Then"].map((name) => h("th", { scope: "col" }, name));
  const table = h("table", { class: "table", hidden: true }, h("thead", {}, h("tr", {}, head)), rows);
  const empty = h("p", { class: "empty" }, "No crash was recorded.");
  const node = panel("Crashes", {}, h("div", { class: "scroll bounded", tabindex: "0", role: "region", "aria-label": "Crashes" }, table), empty);
  function load() {
    get("/crashes", { app })
      .then(({ crashes }) => {
        rows.replaceChildren(...crashes.map(row));
        table.hidden = crashes.length === 0;
        empty.hidden = crashes.length > 0;
      })
      .catch((error) => (empty.textContent = sentence(error)));
  }
  load();
  return { node, load };
}

function row(crash) {
  const open = h("button", { type: "button", class: "link", onclick: () => report(crash.id) }, crash.ending);
  const time = h("time", { datetime: new Date(crash.at).toISOString(), title: full(crash.at) }, when(crash.at));
  return h("tr", {}, [time, [appLink(crash.app), ` (${crash.process})`], open, duration(crash.uptime_ms), crash.then].map((cell) => h("td", {}, cell)));
}

async function report(id) {
  const close = h("button", { type: "button", class: "plain" }, "Close");
  const body = h("div", {}, h("p", { class: "muted" }, "Loading…"));
  const node = h("dialog", { class: "wide", "aria-label": "Crash report" }, body, h("div", { class: "buttons" }, close));
  close.addEventListener("click", () => node.close());
  node.addEventListener("close", () => node.remove());
  document.body.append(node);
  node.showModal();
  try {
    const { crash, cpu, memory, command, cwd, env, lines } = await get(`/crashes/${encodeURIComponent(id)}`);
    const facts = [
      ["Ended", `${crash.ending}, ${full(crash.at)}`],
      ["Then", crash.then],
      ["Had run", `${duration(crash.uptime_ms)}, after ${crash.restarts} restarts`],
      ["Last seen with", `${percent(cpu)} CPU, ${bytes(memory)}`],
      ["Command", command.join(" ")],
      ["Folder", cwd],
      ["Variables", env.join(", ")],
    ];
    const log = h("div", { class: "log", tabindex: "0", role: "log", "aria-label": "The last lines", "aria-live": "off" });
    log.append(...lines.map((it) => line(it.text, it)));
    body.replaceChildren(h("h2", {}, `${crash.app} (${crash.process})`), facts_list(facts), h("h3", {}, "The last lines"), log);
  } catch (error) {
    body.replaceChildren(h("p", { class: "wrong" }, sentence(error)));
  }
}

/** Names and values. */
export function facts_list(facts) {
  const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h("dl", { class: "facts" }, known.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}
