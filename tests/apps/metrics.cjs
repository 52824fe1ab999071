// An app with PM2's own library for figures and actions.
const io = require('@pm2/io').init({});

io.counter({ name: 'users', id: 'app/users' }).inc();
io.action('db:clean', (reply) => reply({ cleaned: 7 }));
io.action('db:pick', (param, reply) => reply({ picked: param }));
setInterval(() => {}, 1000);
