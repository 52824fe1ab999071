// The page in a real browser: what it shows, that it lives, and that it asks before it acts.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { after, before, test } = require("node:test");
const zlib = require("node:zlib");
const { open, stage } = require("./stage.js");

const script = path.join(__dirname, "app.js");
const ODD = "<img src=x onerror=alert(1)>";
let on;

before(async () => {
  on = await stage([
    { name: "bird", script },
    { name: "flock", script, instances: 2 },
    { name: ODD, script },
  ]);
});
after(() => on?.end());

test("all apps are shown, whatever they are called", async () => {
  const { page, context, errors } = await open(on.browser, on.url);
  await page.waitForSelector(".apps tbody tr");
  const names = await page.locator(".apps tbody .name a").allTextContents();
  assert.deepEqual(names.sort(), [ODD, "bird", "flock", "rpm-web"].sort());
  assert.equal(await page.locator("main img").count(), 0);
  await page.locator(".live[data-state=live]").waitFor();
  assert.match(await page.locator(".apps tr", { hasText: "flock" }).textContent(), /2 online/);
  await page.getByPlaceholder("Filter").fill("bir");
  assert.deepEqual(await page.locator(".apps tbody .name a").allTextContents(), ["bird"]);
  await page.getByRole("link", { name: "Events", exact: true }).click();
  await page.locator(".event", { hasText: "bird" }).first().waitFor();
  assert.deepEqual(errors, []);
  await context.close();
});

test("what is written is seen as it is written", async () => {
  const { page, context, errors } = await open(on.browser, `${on.url}/#/app/bird`);
  await page.locator(".line .said", { hasText: "ready <b>for</b> all" }).waitFor();
  assert.equal(await page.locator(".line .c2", { hasText: "ready" }).count(), 1);
  assert.equal(await page.locator(".line b").count(), 0);
  await page.locator(".line.error", { hasText: "no such user" }).waitFor();
  // The server listens once the page has asked for the app; so it is said until it is heard.
  const heard = page.locator(".line .said", { hasText: "heard hello" });
  for (let tries = 0; tries < 20 && (await heard.count()) === 0; tries += 1) {
    on.rpm("send", "bird", "hello");
    await heard.first().waitFor({ timeout: 1000 }).catch(() => {});
  }
  assert.ok((await heard.count()) > 0);
  await page.getByLabel("Search in the lines").fill("no such");
  await page.locator(".line .said", { hasText: "ready" }).waitFor({ state: "hidden" });
  assert.ok(await page.locator(".line.error", { hasText: "no such user" }).isVisible());
  assert.deepEqual(errors, []);
  await context.close();
});

test("all that is kept is searched, and downloaded", async () => {
  const old = Array.from({ length: 1200 }, (_, number) => `number ${number} of an ancient log\n`).join("");
  fs.writeFileSync(path.join(on.logs, "bird-out__2026-01-01_00-00-00.log.gz"), zlib.gzipSync(old));
  const { page, context, errors } = await open(on.browser, `${on.url}/#/app/bird`);
  const lines = page.locator(".log .line:visible");
  await page.locator(".line .said", { hasText: "ready <b>for</b> all" }).waitFor();
  await page.getByLabel("Search in the lines").fill("7 of an ANCIENT");
  await page.getByText("Only the lines that are held here are searched").waitFor();
  await page.getByRole("button", { name: "Search all that is kept" }).click();
  await page.getByText("120 lines in all that is kept").waitFor();
  assert.equal(await lines.count(), 120);
  // More than are shown at once: that is said, and a file has them all.
  await page.getByLabel("Search in the lines").fill("ancient");
  await page.getByLabel("Search in the lines").press("Enter");
  await page.getByText("The last 1000 lines that fit. There may be more before").waitFor();
  assert.match(await lines.first().textContent(), /number 200 of/);
  const save = async () => {
    const coming = page.waitForEvent("download");
    await page.getByRole("dialog").getByRole("button", { name: "Download" }).click();
    return fs.readFileSync(await (await coming).path(), "utf8");
  };
  await page.getByRole("button", { name: "Download…" }).click();
  assert.equal(await save(), old);
  await page.getByLabel("Search in the lines").fill("");
  await page.getByRole("button", { name: "Back to live" }).click();
  await page.locator(".line .said", { hasText: "ready <b>for</b> all" }).waitFor();
  await page.getByRole("button", { name: "Download…" }).click();
  await page.getByLabel("Output").selectOption("out");
  const whole = await save();
  assert.ok(whole.startsWith(`${old}\x1b[32mready`), whole.slice(-200));
  await page.getByRole("button", { name: "Download…" }).click();
  await page.getByLabel("Files").selectOption("current");
  const current = await save();
  assert.ok(current.includes("ready") && current.includes("no such user") && !current.includes("ancient"), current);
  assert.deepEqual(errors, []);
  await context.close();
});

test("an action asks, refuses a wrong token, and does it with the right one", async () => {
  const { page, context, errors } = await open(on.browser, `${on.url}/#/app/flock`);
  const pids = () => JSON.parse(on.rpm("jlist")).filter((it) => it.name === "flock").map((it) => it.pid);
  const earlier = pids();
  await page.locator(".head button[data-verb=restart]").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("2 instances").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.locator(".head button[data-verb=restart]").click();
  await dialog.getByLabel("Token").fill("rpm_wrong");
  await dialog.getByRole("button", { name: "Restart" }).click();
  await dialog.getByText("The token is not the right one").waitFor();
  assert.deepEqual(pids(), earlier);
  await dialog.getByLabel("Token").fill(on.token);
  await dialog.getByRole("button", { name: "Restart" }).click();
  await page.locator(".toast", { hasText: "Restart: flock, 2 processes" }).waitFor();
  assert.ok(pids().every((pid) => pid !== 0 && !earlier.includes(pid)));
  // The next action needs no token: the tab keeps it.
  await page.locator(".head button[data-verb=scale]").click();
  await dialog.getByLabel("Instances").fill("3");
  assert.equal(await dialog.getByLabel("Token").count(), 0);
  await dialog.getByRole("button", { name: "Scale" }).click();
  await page.locator(".status", { hasText: "3 of 3 online" }).waitFor();
  // Who asked is told by names, and the app is a link within the sentence.
  const asked = page.locator(".event-text", { hasText: "with the web page asked: restart flock" });
  await asked.first().waitFor();
  assert.equal(await asked.first().locator("a").textContent(), "flock");
  const kept = await page.evaluate(() => [sessionStorage.getItem("rpm-token"), document.cookie, JSON.stringify(localStorage)]);
  assert.equal(kept[0], on.token);
  assert.ok(!kept[1].includes("rpm_") && !kept[2].includes("rpm_"));
  assert.deepEqual(errors, []);
  await context.close();
});

for (const [width, height] of [[1440, 900], [390, 844]]) {
  test(`nothing is cut off at ${width} by ${height}`, async () => {
    for (const [scheme, colour] of [["light", "rgb(246, 246, 244)"], ["dark", "rgb(18, 20, 23)"]]) {
      const options = { viewport: { width, height }, colorScheme: scheme };
      const { page, context, errors } = await open(on.browser, on.url, options);
      await page.waitForSelector(".apps tbody tr");
      const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.equal(await ground(), colour);
      const wide = () => page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok((await wide()) <= width, `the overview is ${await wide()} wide`);
      const picture = await page.screenshot();
      assert.ok(picture.length > 10_000);
      await page.getByRole("link", { name: "bird" }).first().click();
      await page.waitForSelector(".plot svg");
      assert.ok((await wide()) <= width, `an app is ${await wide()} wide`);
      // The switch wins over the system, and is kept.
      await page.getByRole("button", { name: "Colours" }).click();
      await page.reload();
      assert.equal(await ground(), "rgb(246, 246, 244)");
      assert.deepEqual(errors, []);
      await context.close();
    }
  });
}

test("the keyboard reaches all, and each control has a name", async () => {
  const { page, context } = await open(on.browser, `${on.url}/#/app/bird`);
  await page.waitForSelector(".plot svg");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to content");
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll("button, a, input, select, [tabindex='0']")]
      .filter((it) => it.checkVisibility())
      .filter((it) => !(it.getAttribute("aria-label") ?? it.labels?.[0]?.textContent ?? it.textContent).trim())
      .map((it) => it.outerHTML),
  );
  assert.deepEqual(nameless, []);
  await page.locator(".plot svg").first().focus();
  await page.keyboard.press("ArrowLeft");
  await context.close();
});

test("a private server shows nothing without its token", async () => {
  const own = await stage([{ name: "bird", script }], ["--private"]);
  try {
    const { page, context, errors } = await open(own.browser, own.url);
    await page.getByRole("heading", { name: "Locked" }).waitFor();
    assert.ok(!(await page.content()).includes("bird"));
    await page.getByRole("button", { name: "Enter the token" }).click();
    await page.getByRole("dialog").getByLabel("Token").fill(own.token);
    await page.getByRole("button", { name: "Use it" }).click();
    await page.locator(".apps a", { hasText: "bird" }).waitFor();
    assert.deepEqual(errors, []);
    await context.close();
  } finally {
    await own.end();
  }
});
