'use strict';
// CLIENTS clients, each from a source address of its own; five echoes each.
const http = require('node:http');
const { io } = require('socket.io-client');

function client(number) {
  const agent = new http.Agent({ localAddress: `127.0.1.${number + 1}`, keepAlive: true });
  const options = { agent, reconnection: false, forceNew: true, timeout: 5000 };
  const socket = io(`http://127.0.0.1:${process.env.PORT}`, options);
  return new Promise((resolve) => {
    const pids = new Set();
    const end = (result) => (socket.close(), agent.destroy(), resolve(result));
    socket.on('connect_error', (error) => end({ error: error.message }));
    socket.on('disconnect', (reason) => end({ error: reason }));
    socket.on('connect', async () => {
      for (let i = 0; i < 5; i += 1) pids.add((await socket.timeout(5000).emitWithAck('echo', i)).pid);
      socket.off('disconnect');
      end({ pids: [...pids], transport: socket.io.engine.transport.name });
    });
  });
}

(async () => {
  const clients = Array.from({ length: Number(process.env.CLIENTS) }, (_, number) => client(number));
  const results = await Promise.all(clients);
  const fine = results.filter(({ pids }) => pids && pids.length === 1);
  const errors = results.filter(({ error }) => error).map(({ error }) => error);
  console.log(JSON.stringify({ fine: fine.length, workers: new Set(fine.map(({ pids }) => pids[0])).size, errors }));
  process.exit(0);
})();
