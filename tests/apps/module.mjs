// An ES module with an await at its top.
import http from 'node:http';
import cluster from 'node:cluster';
const text = await Promise.resolve(JSON.stringify({ pid: process.pid, worker: cluster.isWorker }));
http.createServer((request, response) => response.end(text)).listen(Number(process.env.PORT), () => process.send('ready'));
