'use strict';
// Loaded by `rpm` into Node apps that ask for it with `pmx: true` (`node --require`). Every few seconds
// it tells, in the words of PM2's libraries, how late the event loop is, how large the heap is, how many
// handles are active and how many HTTP requests were answered. It keeps nothing alive, throws nothing
// into the app, and is silent where `@pm2/io` or `pmx` tell the same.

// Programs that the app starts do not load this.
const name = require('path').basename(__filename).replace(/\W/g, '\\$&');
const own = new RegExp(` --require "(?:[^"\\\\]|\\\\.)*/${name}"`);
const options = ` ${process.env.NODE_OPTIONS || ''}`.replace(own, '').trim();
if (options) process.env.NODE_OPTIONS = options;
else delete process.env.NODE_OPTIONS;

const PERIOD_MS = 5000;
// The loop's delay is how much later than this, in ms, a timer comes.
const STEP_MS = 50;

try {
  if (process.connected && require('worker_threads').isMainThread) begin();
} catch {
  // An app without figures is better than none.
}

function begin() {
  const { monitorEventLoopDelay } = require('perf_hooks');
  const v8 = require('v8');
  const delay = monitorEventLoopDelay({ resolution: STEP_MS });
  const requests = count();
  delay.enable();
  tell({ node_version: process.versions.node });
  const timer = setInterval(() => {
    try {
      if (!process.connected || othersTell()) {
        clearInterval(timer);
        delay.disable();
        requests.end();
        return;
      }
      tell({ type: 'axm:monitor', data: figures(delay, v8.getHeapStatistics(), requests) });
    } catch {
      clearInterval(timer);
    }
  }, PERIOD_MS);
  timer.unref();
}

function figures(delay, heap, requests) {
  const late = (ns) => Math.max(0, ns / 1e6 - STEP_MS) || 0;
  const data = {
    'Used Heap Size': metric('internal/v8/heap/used', mebibytes(heap.used_heap_size), 'MiB'),
    'Heap Size': metric('internal/v8/heap/total', mebibytes(heap.total_heap_size), 'MiB'),
    'Event Loop Latency': metric('internal/libuv/latency/mean', round(late(delay.mean)), 'ms'),
    'Event Loop Latency p95': metric(
      'internal/libuv/latency/p95', round(late(delay.percentile(95))), 'ms'),
  };
  delay.reset();
  if (process._getActiveHandles) {
    data['Active handles'] = metric('internal/libuv/handles', process._getActiveHandles().length);
  }
  const { seen, rate, mean } = requests.take();
  // An app that serves nothing has no rate.
  if (seen) {
    data.HTTP = metric('internal/http/builtin/reqs', round(rate), 'req/s');
    data['HTTP Mean Latency'] = metric('internal/http/builtin/latency/mean', round(mean), 'ms');
  }
  return data;
}

// Answered requests and how long they took.
function count() {
  const channels = require('diagnostics_channel');
  const { performance } = require('perf_hooks');
  const started = Symbol('rpm.started');
  let [seen, answered, total, since] = [false, 0, 0, performance.now()];
  const start = ({ response }) => {
    response[started] = performance.now();
  };
  const finish = ({ response }) => {
    if (response[started] === undefined) return;
    seen = true;
    answered += 1;
    total += performance.now() - response[started];
  };
  const [starts, finishes] =
    ['http.server.request.start', 'http.server.response.finish'].map((it) => channels.channel(it));
  starts.subscribe(start);
  finishes.subscribe(finish);
  return {
    take() {
      const now = performance.now();
      const rate = (answered * 1000) / Math.max(1, now - since);
      const taken = { seen, rate, mean: answered ? total / answered : 0 };
      [answered, total, since] = [0, 0, now];
      return taken;
    },
    end() {
      starts.unsubscribe(start);
      finishes.unsubscribe(finish);
    },
  };
}

function othersTell() {
  return Object.keys(require.cache).some((file) => /[\\/]node_modules[\\/](@pm2[\\/]io|pmx)[\\/]/.test(file));
}

function tell(message) {
  // The channel may close meanwhile.
  process.send(message, undefined, undefined, () => {});
}

function metric(type, value, unit) {
  return { historic: true, ...(unit && { unit }), type, value };
}

function mebibytes(bytes) {
  return round(bytes / 1048576);
}

function round(value) {
  return Math.round(value * 100) / 100;
}
