// Says good bye when it is told to end.
process.on('SIGINT', () => { console.log('bye by signal'); process.exit(0) })
process.on('message', (message) => {
  if (message !== 'shutdown') return
  console.log('bye by message')
  process.exit(0)
})
console.log('up')
setInterval(() => {}, 1 << 30)
