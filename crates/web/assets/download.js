// Logs as a file: whose, of which stream, and how much.

import { h } from "./dom.js";
import { address, file, token } from "./net.js";
import { dialog, sentence, toast } from "./actions.js";

function field(label, name, options) {
  const select = h("select", { id: `download-${name}` }, options.map(([text, value]) => h("option", { value }, text)));
  return { select, node: h("div", { class: "field" }, h("label", { for: select.id }, label), select) };
}

/** Asks what is wanted, then fetches it. `sought` is what the lines on the page are narrowed to. */
export function download(target, instances, sought) {
  const whose = field("Instance", "whose", [["all, in the order of time", ""], ...instances.map((it) => [`${it.name} (${it.id})`, it.id])]);
  const stream = field("Output", "stream", [["out and err, in the order of time", ""], ["out", "out"], ["err", "err"]]);
  const files = field("Files", "files", [["all that are kept, rotated ones unpacked", "all"], ["only what is written to now", "current"]]);
  stream.select.value = sought.stream ?? "";
  const { stream: _, ...narrowed } = sought;
  const only = h("input", { type: "checkbox", id: "download-only", checked: true });
  const words = narrowed.search ? `that hold “${narrowed.search}”` : "that are chosen";
  const cancel = h("button", { type: "button", class: "plain" }, "Cancel");
  const { node, form } = dialog(
    "Download logs",
    instances.length > 1 ? whose.node : null,
    stream.node,
    files.node,
    Object.keys(narrowed).length ? h("label", { class: "check" }, only, ` Only lines ${words}`) : null,
    h("div", { class: "buttons" }, cancel, h("button", { type: "submit", class: "primary" }, "Download")),
  );
  cancel.addEventListener("click", () => node.close());
  form.addEventListener("submit", () => {
    const of = whose.select.value === "" ? target : { process: whose.select.value };
    const query = { ...of, files: files.select.value, ...(only.isConnected && only.checked ? narrowed : {}) };
    if (stream.select.value) query.stream = stream.select.value;
    fetchFile(query, `${target.app ?? target.process}.log`);
  });
  node.showModal();
  files.select.focus();
}

async function fetchFile(query, name) {
  const save = (href) => h("a", { href, download: name }).click();
  // A link goes straight to the disk, but cannot show the token.
  if (!token.get()) return save(address("/logs/download", query));
  try {
    const at = URL.createObjectURL(await file("/logs/download", query));
    save(at);
    URL.revokeObjectURL(at);
  } catch (error) {
    toast(sentence(error), "bad");
  }
}
