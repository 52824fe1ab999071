// Questions to the server. The token is kept for this tab only and sent in a header, never in a
// cookie or an address.

const KEY = "rpm-token";
const API = "/api/v1";

export const token = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  set: (value) => (value ? sessionStorage.setItem(KEY, value) : sessionStorage.removeItem(KEY)),
};

/** What the server answers when it cannot do as asked. */
export class Refusal extends Error {
  constructor(status, error) {
    super(error?.what ?? `the server answers ${status}`);
    this.status = status;
    this.why = error?.why ?? [];
    this.help = error?.help ?? null;
  }
}

function headers(more) {
  const shown = token.get();
  return shown ? { ...more, authorization: `Bearer ${shown}` } : (more ?? {});
}

async function answer(response) {
  if (response.ok) return response;
  const told = await response.json().catch(() => null);
  throw new Refusal(response.status, told?.error);
}

/** An address of the API; parameters that are not known are left out. */
export function address(path, query = {}) {
  const known = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  const text = new URLSearchParams(known).toString();
  return API + path + (text ? `?${text}` : "");
}

export async function get(path, query) {
  const response = await answer(await fetch(address(path, query), { headers: headers() }));
  return response.json();
}

export async function file(path, query) {
  const response = await answer(await fetch(address(path, query), { headers: headers() }));
  return response.blob();
}

export async function act(action) {
  const response = await fetch(address("/actions"), {
    method: "POST",
    headers: headers({ "content-type": "application/json" }),
    body: JSON.stringify(action),
  });
  return (await answer(response)).json();
}

/**
 * Listens to what happens until it is closed, and begins anew when that breaks off. It does not
 * listen while nobody looks at the page. (An EventSource could not send the token.)
 */
export class Stream {
  #query = {};
  #abort = null;
  #timer = null;
  #wait = 1000;
  #hear;
  #state;

  constructor(hear, state) {
    this.#hear = hear;
    this.#state = state;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#stop() : this.open()));
  }

  /** Also listens to the lines of this app or process. */
  open(query = this.#query) {
    this.#query = query;
    this.#stop();
    if (!document.hidden) this.#listen(new AbortController());
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#abort = null;
  }

  async #listen(abort) {
    this.#abort = abort;
    try {
      const options = { headers: headers(), signal: abort.signal };
      const response = await answer(await fetch(address("/stream", this.#query), options));
      this.#wait = 1000;
      this.#state("live");
      await this.#read(response.body.pipeThrough(new TextDecoderStream()).getReader());
    } catch (error) {
      if (abort.signal.aborted) return;
      if (error.status === 401) return this.#state("locked");
    }
    if (abort.signal.aborted) return;
    this.#state("lost");
    this.#timer = setTimeout(() => this.open(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, 10_000);
  }

  async #read(reader) {
    let held = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      held += value;
      const events = held.split("\n\n");
      held = events.pop();
      for (const event of events) this.#take(event);
    }
  }

  #take(event) {
    const field = (name) => event.split("\n").find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    const [name, data] = [field("event"), field("data")];
    if (name && data) this.#hear(name, JSON.parse(data));
  }
}
