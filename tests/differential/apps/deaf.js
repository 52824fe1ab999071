// Notes the signals that it gets, and does not heed them.
for (const name of ['SIGINT', 'SIGTERM', 'SIGUSR1', 'SIGHUP']) process.on(name, () => console.log(name))
console.log('up')
setInterval(() => {}, 1 << 30)
