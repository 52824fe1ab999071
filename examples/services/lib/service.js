'use strict';
// What all services have in common: the health page, telling when they are ready, leaving in order.

const http = require('node:http');
const path = require('node:path');
const { logger: makeLogger } = require('./logger');
const { router } = require('./router');

/** Where services keep what they must not lose. */
const DATA_DIR = path.resolve(process.env.DATA_DIR || path.join(__dirname, '..', '..', 'data'));

/** The number of this process among those of its service. */
const INSTANCE = Number(process.env.INSTANCE_ID || process.env.NODE_APP_INSTANCE || 0);

/**
 * Runs a service.
 *
 * - `routes(logger)` gives the routes of the domain, or a promise of them.
 * - `stop()` is called once all requests are answered; the process ends when it is done.
 */
async function serve({ name, port, routes, stop = async () => {} }) {
  const logger = makeLogger(name);
  const state = { status: 'ok' };
  const health = () => ({
    service: name,
    instance: INSTANCE,
    pid: process.pid,
    uptime: Math.round(process.uptime() * 1000) / 1000,
    status: state.status,
  });
  const handle = router([['GET', '/health', health], ...(await routes(logger))], logger);
  const open = new Set();
  const server = http.createServer((request, response) => {
    open.add(response);
    response.on('close', () => open.delete(response));
    if (state.status !== 'ok') response.shouldKeepAlive = false;
    handle(request, response);
  });
  server.on('error', (error) => {
    logger.error(`cannot listen: ${error.message}`);
    process.exit(1);
  });
  leaveInOrder({ server, open, state, logger, stop });
  server.listen(Number(process.env.PORT || port), () => {
    logger.info(`instance ${INSTANCE}, process ${process.pid}, listens on ${server.address().port}`);
    if (process.send) process.send('ready');
  });
}

function leaveInOrder({ server, open, state, logger, stop }) {
  const leave = (reason) => {
    if (state.status !== 'ok') return;
    state.status = 'stopping';
    logger.info(`stops: ${reason}`);
    const done = () => {
      stop().then(
        () => process.exit(0),
        (error) => {
          logger.error(`did not stop in order: ${error.stack}`);
          process.exit(1);
        },
      );
    };
    // These are the last answers of their connections.
    for (const response of open) response.shouldKeepAlive = false;
    // A server that the cluster closed already answers with an error here; that is as good.
    server.close(done);
    server.closeIdleConnections();
  };
  process.on('SIGINT', () => leave('SIGINT'));
  process.on('SIGTERM', () => leave('SIGTERM'));
  process.on('message', (message) => message === 'shutdown' && leave('message'));
}

module.exports = { DATA_DIR, INSTANCE, serve };
