// Takes the pictures of the web page: node scripts/pictures-web.js URL FOLDER. The browser's driver
// is that of the page's tests.

const path = require("node:path");
const { browserPath, FLAGS } = require("../tests/web/browser.js");
const { chromium } = require("../tests/web/node_modules/playwright-core");

const [url, folder] = process.argv.slice(2);

/** Picture, colours, view, and what has to be there before it is taken. */
const PICTURES = [
  ["web-light.png", "light", "", ".spark-line[d^=M]"],
  ["web-dark.png", "dark", "#/app/api-gateway", ".plot-mean[d^=M]"],
];

async function main() {
  const browser = await chromium.launch({ executablePath: browserPath(), args: FLAGS });
  try {
    for (const [name, colorScheme, view, drawn] of PICTURES) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme });
      const page = await context.newPage();
      await page.goto(`${url}/${view}`);
      await page.locator(".live[data-state=live]").waitFor();
      await page.locator(drawn).first().waitFor({ state: "attached" });
      await page.screenshot({ path: path.join(folder, name) });
    }
  } finally {
    await browser.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
