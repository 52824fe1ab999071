'use strict';
// What waits to be delivered: one file each, gone when it is delivered.

const { setMaxListeners } = require('node:events');
const fs = require('node:fs/promises');
const path = require('node:path');
const { replaceFile } = require('./files');

const RETRY_MS = [100, 200, 400, 800, 1600, 3200];

class Outbox {
  /** `deliver(notification)` resolves when it is delivered. */
  constructor(folder, deliver) {
    this.folder = folder;
    this.deliver = deliver;
    this.queues = new Map();
    this.waiting = 0;
    this.last = 0;
    this.turn = Promise.resolve();
    this.signal = null;
  }

  async open() {
    await fs.mkdir(this.folder, { recursive: true });
    const names = await this.names();
    this.waiting = names.length;
    this.last = Math.max(0, ...names.map((name) => Number.parseInt(name, 10)));
  }

  /** Keeps a notification; resolves with its id when it is on the disk. */
  add({ to, text }) {
    // One after the other, so that the order of ids is the order on the disk.
    const result = this.turn.then(async () => {
      // Microseconds since 1970, and greater than any before: order survives a restart.
      this.last = Math.max(this.last + 1, Date.now() * 1000);
      const notification = { id: String(this.last).padStart(17, '0'), to, text };
      await replaceFile(this.file(notification), JSON.stringify(notification));
      this.waiting += 1;
      if (this.signal) this.enqueue(notification);
      return { id: notification.id, to };
    });
    this.turn = result.catch(() => {});
    return result;
  }

  /** Delivers what is on the disk and what is added, until told to stop. */
  async run(signal, logger) {
    this.logger = logger;
    // One listener for each recipient whose delivery is being tried again.
    setMaxListeners(0, signal);
    const found = this.turn.then(async () => {
      const names = await this.names();
      this.waiting = names.length;
      for (const name of names) {
        this.enqueue(JSON.parse(await fs.readFile(path.join(this.folder, name), 'utf8')));
      }
      this.signal = signal;
    });
    this.turn = found.catch(() => {});
    await found;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    // The deliveries that are under way end; the rest waits for the next process.
    await Promise.all([...this.queues.values()].map((queue) => queue.running));
  }

  async names() {
    return (await fs.readdir(this.folder)).filter((name) => name.endsWith('.json')).sort();
  }

  file({ id }) {
    return path.join(this.folder, `${id}.json`);
  }

  enqueue(notification) {
    const queue = this.queues.get(notification.to) || { items: [], running: null };
    this.queues.set(notification.to, queue);
    queue.items.push(notification);
    if (!queue.running) queue.running = this.empty(notification.to, queue);
  }

  /** One recipient's notifications, one after the other. */
  async empty(to, queue) {
    // The caller has to see `running` before this goes on.
    await null;
    while (queue.items.length > 0 && !(this.signal && this.signal.aborted)) {
      const notification = queue.items[0];
      if (!(await this.deliverAtLast(notification))) break;
      await fs.rm(this.file(notification), { force: true });
      queue.items.shift();
      this.waiting -= 1;
    }
    queue.running = null;
    if (queue.items.length === 0) this.queues.delete(to);
  }

  /** Tries until it is delivered; `false` when told to stop before. */
  async deliverAtLast(notification) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await this.deliver(notification);
        return true;
      } catch (error) {
        this.logger.warn(`${notification.id} to ${notification.to}: ${error.message}`);
      }
      await this.pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
      if (this.signal && this.signal.aborted) return false;
    }
  }

  pause(ms) {
    return new Promise((resolve) => {
      const { signal } = this;
      const timer = setTimeout(() => wake(), ms);
      const wake = () => {
        clearTimeout(timer);
        if (signal) signal.removeEventListener('abort', wake);
        resolve();
      };
      if (!signal) return;
      if (signal.aborted) wake();
      else signal.addEventListener('abort', wake);
    });
  }
}

module.exports = { Outbox };
