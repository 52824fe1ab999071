// Prints what the config file in the first argument exports, as JSON after the mark in the second.
const { writeSync } = require('fs');
const { pathToFileURL } = require('url');
const [path, mark] = process.argv.slice(-2);
process.argv.length = 1;
process.argv.push(path);

// What the config prints is for people, not for us.
process.stdout.write = process.stderr.write.bind(process.stderr);

const load = () => {
  if (path.endsWith('.mjs')) return import(pathToFileURL(path));
  try {
    return require(path);
  } catch (error) {
    const module = ['ERR_REQUIRE_ESM', 'ERR_REQUIRE_ASYNC_MODULE'].includes(error.code);
    if (!module) throw error;
    return import(pathToFileURL(path));
  }
};

const print = (text) => {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(1, bytes));
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
};

(async () => {
  const json = JSON.stringify(await settle(load()), asJson);
  if (json === undefined) throw new TypeError('the config exports nothing');
  print(mark + json);
  process.exit(0);
})().catch((error) => {
  console.error(error?.stack ?? error);
  process.exit(1);
});
