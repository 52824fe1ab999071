// Says that it is ready, after so many milliseconds.
setTimeout(() => process.send('ready'), Number(process.argv[2] ?? 300))
setInterval(() => {}, 1 << 30)
