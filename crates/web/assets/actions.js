// What changes something: asked for twice, with the token.

import { h, text } from "./dom.js";
import { act, get, Refusal, token } from "./net.js";
import { plural } from "./format.js";

/** A line that goes away by itself. */
export function toast(message, kind = "good") {
  const node = h("p", { class: `toast ${kind}` }, message);
  document.getElementById("toasts").append(node);
  setTimeout(() => node.remove(), kind === "good" ? 4000 : 9000);
}

/** A dialog that is over when its form is. */
export function dialog(title, ...children) {
  const heading = h("h2", { id: "dialog-title" }, title);
  const form = h("form", { method: "dialog" }, heading, ...children);
  const node = h("dialog", { "aria-labelledby": "dialog-title" }, form);
  node.addEventListener("close", () => node.remove());
  document.body.append(node);
  return { node, form };
}

function tokenField() {
  const input = h("input", {
    type: "password",
    id: "token-field",
    name: "token",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "rpm_…",
  });
  input.value = token.get();
  const help = h("p", { class: "muted" }, "Made by ", h("code", {}, "rpm web --token"), ", printed once. Kept until this tab is closed.");
  const field = h("div", { class: "field" }, h("label", { for: "token-field" }, "Token"), input, help);
  return { field, input };
}

/** Asks for the token alone; `done` is called when there is one that fits. */
export function askToken(done) {
  const { field, input } = tokenField();
  const wrong = h("p", { class: "wrong", role: "alert" });
  const cancel = h("button", { type: "button", class: "plain" }, "Cancel");
  const forget = h("button", { type: "button", class: "plain" }, "Forget it");
  const { node, form } = dialog(
    "Token",
    field,
    wrong,
    h("div", { class: "buttons" }, forget, cancel, h("button", { type: "submit", class: "primary" }, "Use it")),
  );
  cancel.addEventListener("click", () => node.close());
  forget.addEventListener("click", () => {
    token.set("");
    node.close();
    done();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const before = token.get();
    token.set(input.value.trim());
    try {
      const access = await get("/access");
      if (access.granted) {
        node.close();
        done();
        return;
      }
      text(wrong, access.has_token ? "The token is not the right one." : "There is no token yet: rpm web --token makes one.");
    } catch (error) {
      text(wrong, sentence(error));
    }
    token.set(before);
    input.focus();
  });
  node.showModal();
  input.focus();
}

/** An error as a sentence or two. */
export function sentence(error) {
  const text = [error.message, ...(error.why ?? [])].join(": ");
  const first = `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
  return error.help ? `${first} ${error.help.charAt(0).toUpperCase()}${error.help.slice(1)}.` : first;
}

const WORDS = {
  start: ["Start", "Stopped instances are started; those that run are restarted."],
  stop: ["Stop", "The app no longer serves until it is started again."],
  restart: ["Restart", "Each instance is stopped and started: there is a gap."],
  reload: ["Reload", "Instances are replaced one after the other, without a gap where that can be."],
  delete: ["Delete", "The app is stopped and forgotten. Its log files stay."],
  reset: ["Reset counters", "The counts of restarts begin at 0."],
  flush: ["Empty logs", "The log files of the app are emptied. What was in them is gone."],
  scale: ["Scale", "Instances are added, or the last ones are stopped."],
};

/** The word on a button. */
export const word = (verb) => WORDS[verb][0];

/**
 * Asks whether it is meant, then does it. `target` is `{ app }` or `{ process }`, `name` what people
 * call it.
 */
export function confirm(verb, target, name, instances, done) {
  const [title, meaning] = WORDS[verb];
  const count = h("input", { type: "number", id: "count", min: 1, max: 512, required: true });
  count.value = instances;
  const { field, input } = tokenField();
  const needsToken = token.get() === "";
  const wrong = h("p", { class: "wrong", role: "alert" });
  const cancel = h("button", { type: "button", class: "plain" }, "Cancel");
  const kind = ["stop", "delete", "flush"].includes(verb) ? "danger" : "primary";
  const go = h("button", { type: "submit", class: kind }, title);
  const who = h("p", {}, h("strong", {}, name), target.app ? `, ${plural(instances, "instance")}. ` : ". ", meaning);
  const scale = h("div", { class: "field" }, h("label", { for: "count" }, "Instances"), count);
  const { node, form } = dialog(`${title}?`, who, verb === "scale" ? scale : null, needsToken ? field : null, wrong, h("div", { class: "buttons" }, cancel, go));
  cancel.addEventListener("click", () => node.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (input.value.trim()) token.set(input.value.trim());
    go.disabled = true;
    text(go, "Working…");
    try {
      const more = verb === "scale" ? { instances: Number(count.value) } : {};
      const answer = await act({ action: verb, ...target, ...more });
      node.close();
      const touched = answer.affected.length || answer.flushed.length;
      const what = verb === "flush" ? plural(touched, "file") : plural(touched, "process", "processes");
      toast(`${title}: ${name}, ${what}`);
      done();
    } catch (error) {
      text(wrong, sentence(error));
      go.disabled = false;
      text(go, title);
      if (error instanceof Refusal && error.status === 401) {
        token.set("");
        if (!field.isConnected) wrong.before(field);
        input.value = "";
        input.focus();
      }
    }
  });
  node.showModal();
  (verb === "scale" ? count : needsToken ? input : cancel).focus();
}
