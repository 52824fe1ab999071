'use strict';
// The door of the six services: forwards to users and devices.
//
//   /api/users…    to the user service    (USER_SERVICE,   http://127.0.0.1:30001)
//   /api/devices…  to the device service  (DEVICE_SERVICE, http://127.0.0.1:30002)

const http = require('node:http');
const { randomUUID } = require('node:crypto');
const { HttpError } = require('./lib/router');
const { serve } = require('./lib/service');

const UPSTREAM_TIMEOUT_MS = Number(process.env.UPSTREAM_TIMEOUT_MS || 10_000);
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

// RFC 9110, 7.6.1: of this connection, not of the message.
const HOP_BY_HOP = [
  'connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade',
];

const users = new URL(process.env.USER_SERVICE || 'http://127.0.0.1:30001');
const devices = new URL(process.env.DEVICE_SERVICE || 'http://127.0.0.1:30002');

function endToEnd(headers) {
  const named = String(headers.connection || '').toLowerCase().split(/\s*,\s*/);
  const isOurs = ([name]) => !HOP_BY_HOP.includes(name) && !named.includes(name);
  return Object.fromEntries(Object.entries(headers).filter(isOurs));
}

function forwardedHeaders(request) {
  const headers = endToEnd(request.headers);
  const before = request.headers['x-forwarded-for'];
  const peer = request.socket.remoteAddress;
  headers['x-forwarded-for'] = before ? `${before}, ${peer}` : peer;
  headers['x-request-id'] = request.headers['x-request-id'] || randomUUID();
  return headers;
}

function hasBody(request) {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length']) > 0;
}

/** One try at the upstream; resolves with its response's head. */
function ask(upstream, request, path, headers, signal) {
  return new Promise((resolve, reject) => {
    const options = { agent, method: request.method, path, headers, signal, timeout: UPSTREAM_TIMEOUT_MS };
    const asked = http.request(upstream, options, resolve);
    const late = Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' });
    asked.on('timeout', () => asked.destroy(late));
    asked.on('error', (error) => reject(Object.assign(error, { reused: asked.reusedSocket })));
    if (hasBody(request)) request.pipe(asked);
    else asked.end();
  });
}

async function askTwice(upstream, request, path, headers, signal) {
  try {
    return await ask(upstream, request, path, headers, signal);
  } catch (error) {
    // The upstream closed an idle connection at the moment we used it. A request that changes
    // nothing may be sent again.
    const stale = error.reused && ['ECONNRESET', 'EPIPE'].includes(error.code);
    if (!stale || !['GET', 'HEAD'].includes(request.method) || hasBody(request)) throw error;
    return ask(upstream, request, path, headers, signal);
  }
}

function forward(name, upstream, logger) {
  return async ({ request, response, url }) => {
    const aborted = new AbortController();
    response.on('close', () => response.writableFinished || aborted.abort());
    const path = url.pathname.slice('/api'.length) + url.search;
    let answer;
    try {
      answer = await askTwice(upstream, request, path, forwardedHeaders(request), aborted.signal);
    } catch (error) {
      logger.warn(`${name} service: ${error.message}`);
      const status = error.code === 'ETIMEDOUT' ? 504 : 502;
      throw new HttpError(status, `the ${name} service does not answer (${error.code || error.message})`);
    }
    response.writeHead(answer.statusCode, endToEnd(answer.headers));
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  };
}

serve({
  name: 'api-gateway',
  port: 30000,
  routes: (logger) => {
    const toUsers = forward('user', users, logger);
    const toDevices = forward('device', devices, logger);
    return [
      ['*', '/api/users', toUsers],
      ['*', '/api/users/*', toUsers],
      ['*', '/api/devices', toDevices],
      ['*', '/api/devices/*', toDevices],
    ];
  },
  stop: async () => agent.destroy(),
});
