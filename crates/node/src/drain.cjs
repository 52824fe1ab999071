'use strict';
// Loaded by `rpm` into the workers of a cluster (`node --require`). It does nothing until rpm
// replaces the worker and says so; then it ends keep-alive connections in the one clean way there
// is in HTTP/1: the next answer on each says `Connection: close`. Node itself would cut idle
// connections off, and with them every request that is on its way. `drain: false` leaves it out.

// Programs that the app starts are not workers: they do not load this.
const own = ` --require "${__filename.replace(/[\\"]/g, '\\$&')}"`;
const options = ` ${process.env.NODE_OPTIONS || ''}`.replace(own, '').trim();
if (options) process.env.NODE_OPTIONS = options;
else delete process.env.NODE_OPTIONS;

if (process.channel) {
  process.on('internalMessage', (message) => {
    if (message && message.cmd === 'NODE_RPM_DRAIN') drain(message.idle);
  });
}

let draining = false;

function drain(idle) {
  if (draining) return;
  draining = true;

  // Requests that come from now on.
  require('diagnostics_channel').channel('http.server.request.start').subscribe(({ response }) => {
    response.shouldKeepAlive = false;
  });

  // Requests that are being answered, as far as no header has been sent.
  for (const handle of process._getActiveHandles()) {
    const response = handle && handle._httpMessage;
    if (response && response.shouldKeepAlive && !response.headersSent) {
      response.shouldKeepAlive = false;
    }
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
