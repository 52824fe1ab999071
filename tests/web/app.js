// An app that says what it is told, and serves nothing.
process.stdin.on("data", (line) => process.stdout.write(`heard ${line}`));
console.log("\x1b[32mready\x1b[0m <b>for</b> all");
console.error('{"level":50,"msg":"no such user"}');
setInterval(() => {}, 1000);
