// Lines over time, drawn as SVG: small ones in tables, and plots with axes that can be read with the
// mouse and with the arrow keys.

import { attribute, h, s, text } from "./dom.js";
import { minute, when } from "./format.js";

/** The path of a line; where nothing is known it is broken. */
function path(values, x, y) {
  let drawn = "";
  let pen = false;
  values.forEach((value, index) => {
    if (value === null) {
      pen = false;
      return;
    }
    drawn += `${pen ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = true;
  });
  return drawn;
}

/** A line without axes; `update` takes its values. */
export function sparkline(width = 88, height = 20) {
  const line = s("path", { class: "spark-line" });
  const node = s("svg", { class: "spark", viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" }, line);
  return {
    node,
    update(values, floor = 0) {
      const top = Math.max(floor, ...values.filter((value) => value !== null), 1e-9);
      const x = (index) => 1 + (index * (width - 2)) / Math.max(1, values.length - 1);
      const y = (value) => height - 1.5 - (value / top) * (height - 3);
      attribute(line, "d", path(values, x, y));
    },
  };
}

/** Even steps from 0 to at least `top`. */
function steps(top, base) {
  const raw = top / 3 || 1;
  const power = base ** Math.floor(Math.log(raw) / Math.log(base));
  const factors = base === 1024 ? [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] : [1, 2, 2.5, 5, 10];
  const step = power * factors.find((factor) => factor * power >= raw);
  const found = [0];
  while (found.at(-1) < top) found.push(found.at(-1) + step);
  return found;
}

const MINUTE = 60_000;
const SPANS = [5, 10, 15, 30, 60, 120, 180, 240, 360].map((minutes) => minutes * MINUTE);

/** Round times between two; `room` is how many there is place for. */
function times(from, until, room) {
  const span = SPANS.find((span) => (until - from) / span <= room) ?? SPANS.at(-1);
  const zone = new Date(from).getTimezoneOffset() * MINUTE;
  const found = [];
  for (let at = Math.ceil((from - zone) / span) * span + zone; at <= until; at += span) found.push(at);
  return found;
}

const HEIGHT = 132;
const LEFT = 58;
const RIGHT = 10;
const TOP = 8;
const BOTTOM = 20;

/** A plot of one quantity: its mean, and above it the largest values. `format` writes a value. */
export function plot(title, { format, base = 10, floor = 0 }) {
  const read = h("span", { class: "plot-read" });
  const svg = s("svg", { height: HEIGHT, tabindex: "0", role: "img" });
  const node = h("figure", { class: "plot" }, h("figcaption", {}, h("span", {}, title), read), svg);
  let series = null;
  let cursor = null;
  let width = 0;

  const points = () => series?.mean.length ?? 0;
  const x = (index) => LEFT + ((index + 0.5) * (width - LEFT - RIGHT)) / Math.max(1, points());
  const at = (index) => series.from + (index + 0.5) * series.step_ms;

  function summary() {
    const known = series?.mean.filter((value) => value !== null) ?? [];
    if (known.length === 0) return "nothing known yet";
    const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
    const most = Math.max(...series.max.filter((value) => value !== null));
    return `mean ${format(mean)}, most ${format(most)}`;
  }

  function draw() {
    width = Math.max(240, node.clientWidth);
    attribute(svg, "width", width);
    attribute(svg, "viewBox", `0 0 ${width} ${HEIGHT}`);
    attribute(svg, "aria-label", `${title}: ${summary()}`);
    const most = Math.max(floor, ...(series?.max ?? []).filter((value) => value !== null));
    const ticks = steps(most || 1, base);
    const top = ticks.at(-1);
    const y = (value) => TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM);
    const parts = ticks.flatMap((value) => [
      s("line", { class: value === 0 ? "axis" : "grid", x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }),
      s("text", { class: "tick", x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, format(value)),
    ]);
    if (series && points() > 0) {
      const end = series.from + points() * series.step_ms;
      const place = (time) => LEFT + ((time - series.from) / (end - series.from)) * (width - LEFT - RIGHT);
      for (const time of times(series.from, end, (width - LEFT) / 64)) {
        const spot = place(time);
        if (spot < LEFT + 12 || spot > width - RIGHT - 12) continue;
        parts.push(s("text", { class: "tick", x: spot, y: HEIGHT - 5, "text-anchor": "middle" }, minute(time)));
      }
      parts.push(s("path", { class: "plot-max", d: path(series.max, x, y) }));
      parts.push(s("path", { class: "plot-mean", d: path(series.mean, x, y) }));
    }
    const value = cursor === null ? null : (series?.mean[cursor] ?? null);
    if (cursor !== null && points() > 0) {
      parts.push(s("line", { class: "cursor", x1: x(cursor), x2: x(cursor), y1: TOP, y2: HEIGHT - BOTTOM }));
      if (value !== null) parts.push(s("circle", { class: "spot", cx: x(cursor), cy: y(value), r: 3 }));
    }
    svg.replaceChildren(...parts);
    if (cursor === null) text(read, summary());
    else if (value === null) text(read, `${when(at(cursor))}  –`);
    else text(read, `${when(at(cursor))}  ${format(value)}, most ${format(series.max[cursor] ?? value)}`);
  }

  function point(index) {
    cursor = index === null ? null : Math.max(0, Math.min(points() - 1, index));
    draw();
  }

  svg.addEventListener("pointermove", (event) => {
    const place = event.clientX - svg.getBoundingClientRect().left;
    if (points() > 0) point(Math.floor(((place - LEFT) / (width - LEFT - RIGHT)) * points()));
  });
  svg.addEventListener("pointerleave", () => point(null));
  svg.addEventListener("blur", () => point(null));
  svg.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    if (event.key === "Escape") point(null);
    else if (move && points() > 0) {
      event.preventDefault();
      point((cursor ?? points() - 1) + move);
    }
  });
  const resize = new ResizeObserver(() => draw());
  resize.observe(node);

  return {
    node,
    update(next) {
      series = next;
      if (cursor !== null && cursor >= points()) cursor = null;
      draw();
    },
    close: () => resize.disconnect(),
  };
}
