// Answers each request with its version and its instance.
const http = require('http')
const instance = process.env.NODE_APP_INSTANCE
const version = process.env.VERSION ?? '1'
http.createServer((_, answer) => answer.end(`${version} ${instance}`)).listen(process.env.PORT)
