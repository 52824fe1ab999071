// Writes down the world it finds itself in, beside itself: env-PID.json.
const fs = require('fs')
const path = require('path')
const world = { ...process.env }
world['@cwd'] = process.cwd()
world['@args'] = process.argv.slice(2)
world['@node'] = process.execArgv
world['@main'] = String(require.main === module)
world['@uid'] = process.getuid()
const file = path.join(__dirname, `env-${process.pid}.json`)
fs.writeFileSync(file + '.new', JSON.stringify(world))
fs.renameSync(file + '.new', file)
setInterval(() => {}, 1 << 30)
