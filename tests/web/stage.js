// A daemon with its web server and some apps, and a browser: all of one test's own.

const { chromium } = require("playwright-core");
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const net = require("node:net");
const os = require("node:os");
const path = require("node:path");
const { browserPath, FLAGS } = require("./browser.js");

const ROOT = path.join(__dirname, "..", "..");
const RPM = process.env.RPM_BIN ?? path.join(process.env.CARGO_TARGET_DIR ?? path.join(ROOT, "target"), "debug", "rpm");
function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Starts all; `options` are more words for `rpm web`. */
async function stage(apps, options = []) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "rpm-page-"));
  const env = { ...process.env, RPM_HOME: path.join(folder, "home") };
  delete env.PM2_HOME;
  const rpm = (...args) => execFileSync(RPM, args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const file = path.join(folder, "apps.json");
  fs.writeFileSync(file, JSON.stringify({ apps }));
  const port = await freePort();
  let browser = null;
  const end = async () => {
    await browser?.close();
    rpm("kill");
    fs.rmSync(folder, { recursive: true, force: true });
  };
  try {
    rpm("start", file);
    const { token } = JSON.parse(rpm("web", String(port), "--token", "--json", ...options));
    browser = await chromium.launch({ executablePath: browserPath(), args: FLAGS });
    return { rpm, port, token, browser, logs: path.join(env.RPM_HOME, "logs"), url: `http://localhost:${port}`, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** A page whose errors fail the test that asks for them. */
async function open(browser, url, options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    // An answer of 401 is a browser's error and no error of the page.
    if (message.type() === "error" && !message.text().includes("401")) errors.push(message.text());
  });
  await page.goto(url);
  return { page, context, errors };
}

module.exports = { stage, open };
