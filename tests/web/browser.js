// Which browser is used, and how it is started where nobody sits before it.

const fs = require("node:fs");

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The browser; `CHROMIUM` names it where it is elsewhere. */
function browserPath() {
  const found = process.env.CHROMIUM ?? BROWSERS.find((it) => fs.existsSync(it));
  if (!found) throw new Error(`no browser: none of ${BROWSERS.join(", ")} is there`);
  return found;
}

module.exports = { browserPath, FLAGS };
