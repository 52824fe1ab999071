'use strict';
// Where notifications go.

const fs = require('node:fs/promises');
const http = require('node:http');
const https = require('node:https');
const path = require('node:path');

const WEBHOOK_TIMEOUT_MS = 10_000;

/** Appends to one file a recipient. */
function toFile(folder) {
  const last = new Map();
  return async ({ id, to, text }) => {
    await fs.mkdir(folder, { recursive: true });
    const file = path.join(folder, `${to}.jsonl`);
    const handle = await fs.open(file, 'a+', 0o600);
    try {
      // Only the last line can be of one that still waits.
      if (!last.has(to)) last.set(to, await lastId(handle));
      if (last.get(to) === id) return;
      await handle.appendFile(JSON.stringify({ id, text }) + '\n');
      await handle.datasync();
      last.set(to, id);
    } catch (error) {
      last.delete(to);
      throw error;
    } finally {
      await handle.close();
    }
  };
}

/** The id of a file's last line; a last line that is cut short is taken away. */
async function lastId(handle) {
  const text = await handle.readFile('utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole.length !== text.length) await handle.truncate(Buffer.byteLength(whole));
  const line = whole.trimEnd().split('\n').pop();
  return line === '' ? '' : JSON.parse(line).id;
}

/** Posts to a web address; anything but 2xx is a failure. */
function toWebhook(address) {
  const url = new URL(address);
  const { request, Agent } = url.protocol === 'https:' ? https : http;
  const agent = new Agent({ keepAlive: true });
  return (notification) =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify(notification);
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'idempotency-key': notification.id,
      };
      const post = request(url, { method: 'POST', agent, headers, timeout: WEBHOOK_TIMEOUT_MS }, (answer) => {
        answer.resume();
        answer.on('error', reject);
        answer.on('end', () => {
          if (answer.statusCode >= 200 && answer.statusCode < 300) resolve();
          else reject(new Error(`the webhook says ${answer.statusCode}`));
        });
      });
      post.on('timeout', () => post.destroy(new Error('the webhook does not answer')));
      post.on('error', reject);
      post.end(body);
    });
}

module.exports = { toFile, toWebhook };
