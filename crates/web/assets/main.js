// The page: which view is shown, what it is told, and how the page looks.

import { attribute, h, text } from "./dom.js";
import { duration } from "./format.js";
import { get, Stream, token } from "./net.js";
import { askToken, sentence } from "./actions.js";
import { overview } from "./overview.js";
import { detail } from "./detail.js";
import { crashes, timeline } from "./events.js";

const main = document.getElementById("main");
const banner = document.getElementById("banner");
let access = { private: false, has_token: false, granted: false, own_id: null };
let last = null;
let view = null;

const stream = new Stream(hear, (state) => {
  if (state === "locked") return lock();
  if (state === "lost") say("lost", "no connection", "The server does not answer. It is tried again; what is shown is as it was.");
  // Whether the daemon is there is said by the first event.
});

function hear(name, data) {
  if (name === "overview") {
    last = data;
    say("live", "live", null);
    show(data);
  } else if (name === "away") {
    say("away", "daemon away", sentence({ message: data.error.what, why: data.error.why, help: data.error.help }));
  } else if (name === "lines") view?.lines?.(data);
  else if (name === "missed") view?.missed?.(data);
  else if (name === "event") view?.event?.(data);
}

function show(state) {
  view?.update?.(state);
  text(document.getElementById("host"), `${state.host.hostname}, ${state.host.system}, up ${duration(state.host.uptime_s * 1000)}`);
  const { daemon } = state;
  text(document.getElementById("foot"), `rpm ${daemon.version}, daemon up ${duration(daemon.uptime_ms)}`);
}

/** Says how things stand; `message` is shown across the page. */
function say(state, word, message) {
  const live = document.getElementById("live");
  attribute(live, "data-state", state);
  text(live.lastElementChild, word);
  banner.hidden = message === null;
  if (message !== null) text(banner, message);
}

/** Nothing may be read without the token. */
function lock() {
  say("locked", "locked", null);
  view?.close?.();
  view = null;
  const open = h("button", { type: "button", class: "primary", onclick: () => askToken(begin) }, "Enter the token");
  const why = access.has_token ? "This server shows nothing without its token." : "This server shows nothing without its token, and there is none yet.";
  const how = h("p", { class: "muted" }, h("code", {}, "rpm web --token"), " in a shell of that machine makes one.");
  main.replaceChildren(h("section", { class: "panel locked" }, h("h1", {}, "Locked"), h("p", {}, why), how, open));
}

/** A view that holds one list. */
function page(title, made) {
  return {
    node: h("div", { class: "view alone" }, h("h1", {}, title), made.node),
    title,
    query: {},
    event: (event) => (made.add ? made.add(event) : event.level === "error" && made.load()),
  };
}

function pick(hash) {
  const app = hash.match(/^#\/app\/(.+)$/);
  if (app) return detail(decodeURIComponent(app[1]), access);
  if (hash === "#/events") return page("Events", timeline(null, 300));
  if (hash === "#/crashes") return page("Crashes", crashes());
  return overview();
}

function route(event) {
  view?.close?.();
  view = pick(location.hash);
  document.title = `${view.title} · rpm`;
  main.replaceChildren(view.node);
  for (const link of document.querySelectorAll(".bar nav a")) {
    const is_here = link.getAttribute("href") === (location.hash || "#/");
    attribute(link, "aria-current", is_here ? "page" : null);
  }
  if (last) view.update?.(last);
  stream.open(view.query);
  if (event) {
    // Whoever followed a link by the keyboard goes on from the view's beginning.
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

async function begin() {
  try {
    access = await get("/access");
  } catch (error) {
    if (error.status === 401) {
      // A token that is no longer the right one would stand in the way of the next.
      token.set("");
      access = { ...access, private: true, has_token: true };
      return lock();
    }
    // The stream says that the server does not answer, and tries on.
  }
  if (token.get() && !access.granted) token.set("");
  text(document.getElementById("token"), access.granted ? "Token: set" : "Token");
  route();
}

const THEMES = [
  ["auto", "Auto", "Colours: as the system has them"],
  ["light", "Light", "Colours: light"],
  ["dark", "Dark", "Colours: dark"],
];

function theme(name) {
  const [value, word, label] = THEMES.find(([it]) => it === name) ?? THEMES[0];
  attribute(document.documentElement, "data-theme", value);
  localStorage.setItem("rpm-theme", value);
  const button = document.getElementById("theme");
  text(button, word);
  attribute(button, "aria-label", label);
}

theme(localStorage.getItem("rpm-theme"));
document.getElementById("theme").addEventListener("click", () => {
  const now = THEMES.findIndex(([it]) => it === document.documentElement.dataset.theme);
  theme(THEMES[(now + 1) % THEMES.length][0]);
});
document.getElementById("token").addEventListener("click", () => askToken(begin));
addEventListener("hashchange", route);
begin();
