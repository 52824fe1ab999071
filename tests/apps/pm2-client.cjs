// What a program does with PM2's library; prints a line of JSON for each step.
const pm2 = require('pm2');

const call = (name, ...args) =>
  new Promise((yes, no) => pm2[name](...args, (error, result) => (error ? no(error) : yes(result))));
const tell = (step, value) => console.log(JSON.stringify({ [step]: value }));

async function main() {
  await call('connect');
  const bus = await call('launchBus');
  const heard = (topic, is) =>
    new Promise((yes) => bus.on(topic, (data) => is(data) && yes(data)));
  tell('list', (await call('list')).map((app) => app.name));

  const script = process.env.CLIENT_SCRIPT;
  const [started] = await call('start', { script, name: 'lib', env: { GREETING: 'hello' } });
  const id = started.pm2_env.pm_id;
  tell('started', [started.process.pid > 0, started.pm2_env.name]);
  const [described] = await call('describe', 'lib');
  tell('described', [described.pm2_env.status, described.pm2_env.GREETING]);
  tell('unknown', await call('describe', 'nobody'));

  const echo = heard('echo:back', (news) => news.process.pm_id === id);
  const line = heard('log:out', (news) => news.process.name === 'lib' && /heard/.test(news.data));
  const packet = { type: 'process:msg', data: { a: 1 }, topic: 'greetings' };
  tell('sent', (await call('sendDataToProcessId', id, packet)).success);
  tell('echo', (await echo).data.data);
  tell('line', (await line).data);

  const event = heard('process:event', (news) => news.event === 'restart' && news.manually);
  tell('restarted', (await call('restart', 'lib')).map((app) => app.pm_id === id));
  tell('event', [(await event).process.name, 'env' in (await event).process]);
  tell('reloaded', (await call('reload', 'lib')).length);
  tell('stopped', (await call('stop', 'lib')).map((app) => app.status));
  tell('deleted', (await call('delete', 'lib')).length);
  await call('stop', 'nobody').catch((error) => tell('refused', error.message));
  pm2.disconnect();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
