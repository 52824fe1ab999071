'use strict';
// Loaded by `rpm` into the workers of a cluster (`node --require`). It does nothing until rpm
// replaces the worker and says so; then it ends keep-alive connections in the one clean way there
// is in HTTP/1: the next answer on each says `Connection: close`. Node itself would cut idle
// connections off, and with them every request that is on its way. `drain: false` leaves it out.

// Programs that the app starts are not workers: they do not load this.
const name = require('path').basename(__filename).replace(/\W/g, '\\$&');
const own = new RegExp(` --require "(?:[^"\\\\]|\\\\.)*/${name}"`);
const options = ` ${process.env.NODE_OPTIONS || ''}`.replace(own, '').trim();
if (options) process.env.NODE_OPTIONS = options;
else delete process.env.NODE_OPTIONS;

if (process.channel) {
  process.on('internalMessage', (message) => {
    if (message && message.cmd === 'NODE_RPM_DRAIN') drain(message.idle);
  });
}

const major = Number.parseInt(process.versions.node, 10);
let draining = false;

function drain(idle) {
  if (draining) return;
  draining = true;

  // Requests that come from now on.
  require('diagnostics_channel').channel('http.server.request.start').subscribe(({ response }) => {
    response.shouldKeepAlive = false;
  });

  for (const socket of process._getActiveHandles()) {
    // Requests that are being answered, as far as no header has been sent.
    const response = socket && socket._httpMessage;
    if (response && response.shouldKeepAlive && !response.headersSent) {
      response.shouldKeepAlive = false;
    }
    // HTTP/2 has a word for it: GOAWAY. Streams that were begun are answered. Node 20 and later
    // say it by themselves, and Node 16 breaks off what it is answering. Type 0 is a server's
    // session; those in which the app is the client are its own affair.
    const session = socket && socket[symbol(socket, 'kSession')];
    if (session && session.type === 0 && major >= 18) session.close();
  }

  // Closing a server closes its idle connections at once. A client may be about to use one: it
  // gets the time in which the server promised to keep it.
  for (const { Server } of [require('http'), require('https')]) {
    const close = Server.prototype.closeIdleConnections;
    if (!close) continue; // before Node 18.2 a server leaves them open
    Server.prototype.closeIdleConnections = function closeIdleConnections() {
      const kept = this.keepAliveTimeout > 0 ? this.keepAliveTimeout + 1000 : 0;
      setTimeout(() => close.call(this), Math.max(idle, kept)).unref();
    };
  }
}

function symbol(object, description) {
  return Object.getOwnPropertySymbols(object).find((own) => own.description === description);
}
