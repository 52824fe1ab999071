// Does nothing, for ever.
setInterval(() => {}, 1 << 30)
