'use strict';
// State that several processes share and that survives all of them: a file of JSON lines that is
// only ever appended to.
//
// Each process folds the lines, in the file's order, into its own state. An operation appends its
// line, reads on to it, and learns from the fold whether it was accepted: who is first in the file
// wins, and all processes agree on it without a lock. `O_APPEND` keeps lines of different processes
// apart (a line is one write).

const fs = require('node:fs/promises');
const path = require('node:path');
const { randomUUID } = require('node:crypto');

class Journal {
  /** `apply(line)` folds one line into the caller's state and returns its outcome. */
  constructor(file, apply) {
    this.file = file;
    this.apply = apply;
    this.position = 0;
    this.rest = Buffer.alloc(0);
    this.outcomes = new Map();
    this.waiting = [];
    this.turn = Promise.resolve();
  }

  async open() {
    await fs.mkdir(path.dirname(this.file), { recursive: true });
    this.handle = await fs.open(this.file, 'a+', 0o600);
    await this.refresh();
  }

  /** Folds what was written since, by whomever. */
  refresh() {
    return this.inTurn(() => this.readOn());
  }

  /** Appends a line and returns its outcome once the line is on the disk. */
  append(line) {
    const id = randomUUID();
    return new Promise((resolve, reject) => {
      this.waiting.push({ id, text: JSON.stringify({ ...line, line: id }), resolve, reject });
      // Those that wait when the turn comes share one write to the disk.
      if (this.waiting.length === 1) this.inTurn(() => this.writeAll()).catch(() => {});
    });
  }

  /** Returns when all that is in the file as it was read here is on the disk. */
  sync() {
    return this.handle.datasync();
  }

  async close() {
    await this.turn;
    await this.handle.close();
  }

  inTurn(action) {
    const result = this.turn.then(action);
    this.turn = result.catch(() => {});
    return result;
  }

  async writeAll() {
    const batch = this.waiting;
    this.waiting = [];
    try {
      for (const { id } of batch) this.outcomes.set(id, undefined);
      // The newline before a line ends one that a full disk or a power cut has cut short.
      await this.handle.appendFile(batch.map(({ text }) => `\n${text}\n`).join(''));
      await this.handle.datasync();
      await this.readOn();
      for (const { id, resolve } of batch) resolve(this.outcomes.get(id));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      for (const { id } of batch) this.outcomes.delete(id);
    }
  }

  async readOn() {
    const buffer = Buffer.alloc(256 * 1024);
    for (;;) {
      const { bytesRead } = await this.handle.read(buffer, 0, buffer.length, this.position);
      if (bytesRead === 0) return;
      this.position += bytesRead;
      this.fold(Buffer.concat([this.rest, buffer.subarray(0, bytesRead)]));
    }
  }

  fold(bytes) {
    let start = 0;
    for (let end; (end = bytes.indexOf(10, start)) !== -1; start = end + 1) {
      const line = parse(bytes.subarray(start, end));
      if (line === undefined) continue;
      const outcome = this.apply(line);
      if (this.outcomes.has(line.line)) this.outcomes.set(line.line, outcome);
    }
    this.rest = Buffer.from(bytes.subarray(start));
  }
}

function parse(bytes) {
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

module.exports = { Journal };
