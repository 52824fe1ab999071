'use strict';
// Requests to handlers, and the JSON around them.

const BODY_MAX = 64 * 1024;

/** An answer that is not a success; thrown by handlers. */
class HttpError extends Error {
  constructor(status, message, headers = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

function sendJson(response, status, value, headers = {}) {
  const body = JSON.stringify(value) + '\n';
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

/** The request's body as an object. */
async function readJson(request) {
  const chunks = [];
  let size = 0;
  // Without being destroyed when this is left early: there is an answer to be sent on it.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > BODY_MAX) throw new HttpError(413, `a body may have ${BODY_MAX} bytes`);
    chunks.push(chunk);
  }
  let value;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new HttpError(400, 'the body is not JSON');
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new HttpError(400, 'the body is not a JSON object');
  }
  return value;
}

/**
 * Makes one function `(request, response)` of routes such as
 * `['GET', '/users/:id', ({ params }) => user]`. What a handler returns is sent as JSON with status
 * 200, `[status, value]` with that status; `undefined` says that it has answered by itself. A path
 * that ends in `*` matches all that begins so.
 */
function router(routes, logger) {
  const table = routes.map(([method, path, handler]) => ({ method, match: matcher(path), handler }));
  return async (request, response) => {
    const begun = Date.now();
    response.on('finish', () => {
      logger.debug(`${request.method} ${request.url} ${response.statusCode} ${Date.now() - begun} ms`);
    });
    try {
      const result = await dispatch(table, request, response);
      if (Array.isArray(result)) sendJson(response, ...result);
      else if (result !== undefined) sendJson(response, 200, result);
    } catch (error) {
      fail(request, response, error, logger);
    }
  };
}

function dispatch(table, request, response) {
  const url = new URL(request.url, 'http://localhost');
  const methods = new Set();
  for (const { method, match, handler } of table) {
    const params = match(url.pathname);
    if (!params) continue;
    if (method === '*' || method === request.method) {
      return handler({ request, response, params, query: url.searchParams, url });
    }
    methods.add(method);
  }
  if (methods.size === 0) throw new HttpError(404, `nothing is at ${url.pathname}`);
  throw new HttpError(405, `${request.method} is not allowed`, { allow: [...methods].join(', ') });
}

function matcher(path) {
  const names = [];
  const source = path
    .replace(/[.+?^$()[\]{}|\\]/g, '\\$&')
    .replace(/:(\w+)/g, (_, name) => (names.push(name), '([^/]+)'))
    .replace(/\*$/, '.*');
  const pattern = new RegExp(`^${source}$`);
  return (pathname) => {
    const found = pattern.exec(pathname);
    return found && Object.fromEntries(names.map((name, i) => [name, decode(found[i + 1])]));
  };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new HttpError(400, 'the path is not well formed');
  }
}

function fail(request, response, error, logger) {
  if (request.destroyed && !request.complete) {
    logger.debug(`${request.method} ${request.url}: the client has left`);
    return void response.destroy();
  }
  const known = error instanceof HttpError;
  if (!known) logger.error(`${request.method} ${request.url}: ${error.stack}`);
  if (response.headersSent || response.destroyed) return void response.destroy();
  const message = known ? error.message : 'internal error';
  sendJson(response, known ? error.status : 500, { error: message }, error.headers);
}

module.exports = { HttpError, readJson, router, sendJson };
