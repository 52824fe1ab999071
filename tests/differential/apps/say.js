// Says something on both streams, then waits.
console.log('hello')
console.log('two\nlines')
console.error('oops')
setInterval(() => {}, 1 << 30)
