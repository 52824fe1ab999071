'use strict';
// Notifications: kept until they are delivered, and delivered to each recipient in order.
//
//   POST /notifications   {"to": "ann", "text": "…"}; answered when it is on the disk
//   GET  /notifications   how many wait
//
// They go to a file a recipient, or to NOTIFY_WEBHOOK, each with its id: who gets one twice (a
// crash between the delivery and its record) knows it by that.

const path = require('node:path');
const { own } = require('./lib/owner');
const { Outbox } = require('./lib/outbox');
const { NAME } = require('./lib/files');
const { HttpError, readJson } = require('./lib/router');
const { DATA_DIR, serve } = require('./lib/service');
const { toFile, toWebhook } = require('./lib/delivery');

const FOLDER = path.join(DATA_DIR, 'notifications');
const WAITING_MAX = Number(process.env.NOTIFY_WAITING_MAX || 10_000);
const WEBHOOK = process.env.NOTIFY_WEBHOOK;

const leaving = new AbortController();
let outbox;
let dispatching;

/** Delivers, once the process before this one has stopped doing so. */
async function dispatch(logger) {
  const release = await own(FOLDER, leaving.signal);
  try {
    await outbox.run(leaving.signal, logger);
  } finally {
    await release();
  }
}

async function accept({ request }) {
  const { to, text } = await readJson(request);
  if (typeof to !== 'string' || !NAME.test(to)) throw new HttpError(422, '`to` must be a name');
  if (typeof text !== 'string' || text === '') throw new HttpError(422, '`text` must be a text');
  if (outbox.waiting >= WAITING_MAX) throw new HttpError(503, 'too many wait', { 'retry-after': '5' });
  return [202, await outbox.add({ to, text })];
}

serve({
  name: 'notification-service',
  port: 30006,
  routes: async (logger) => {
    const deliver = WEBHOOK ? toWebhook(WEBHOOK) : toFile(path.join(FOLDER, 'delivered'));
    outbox = new Outbox(path.join(FOLDER, 'waiting'), deliver);
    await outbox.open();
    dispatching = dispatch(logger).catch((error) => {
      if (leaving.signal.aborted) return;
      logger.error(`cannot deliver: ${error.stack}`);
      process.exit(1);
    });
    return [
      ['GET', '/notifications', () => ({ waiting: outbox.waiting })],
      ['POST', '/notifications', accept],
    ];
  },
  stop: () => {
    leaving.abort();
    return dispatching;
  },
});
