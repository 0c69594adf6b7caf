"use strict";
// judge.cjs AKV_SYNC FAKE_AZURE PICTURES: the status page of the real program in Chromium, and the pictures.

const assert = require("node:assert/strict");
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { chromium } = require("playwright-core");
const { World, eventually } = require("./world.cjs");

const [program, fake, pictures] = process.argv.slice(2);
const MARKUP = "<img src=x onerror=\"hit=1\"><script>hit=1</script>";
// A manifest takes no `<…>`, which is a place that nobody filled in; a tag without its end is as bad.
const TAG = "<img src=x onerror=hit=1 x=";
const PASSWORD = "marker-of-a-value";
const TOKEN = "marker-of-the-token";
const PORTS = { shown: 8181, hostile: 8182, strangers: 8183 };
const SIZES = { wide: { width: 1180, height: 900 }, phone: { width: 390, height: 844 } };

/** What the pictures show: what is well, and one of everything that is not. */
async function fill(world) {
  await world.tell("PUT", "vaults/app/secrets/db-password", PASSWORD);
  await world.tell("PUT", "vaults/app/secrets/web-old", world.certificate("web-old", -400, -3));
  await world.tell("PUT", "vaults/app/secrets/web-soon", world.certificate("web-soon", -355, 10));
  await world.tell("PUT", "vaults/app/secrets/web-short", world.certificate("web-short", -2, 5));
  await world.tell("POST", "vaults/app/certificates/web-tls");
  const files = name => [{ path: `tls/${name}.crt`, content: "fullChain" }, { path: `tls/${name}.key`, content: "privateKey" }];
  const names = ["web-tls", "web-old", "web-soon", "web-short"];
  const objects = {
    vaults: [
      { name: "app", url: world.vault, trustedHosts: ["localhost"] },
      { name: "backup", url: "https://localhost:1", trustedHosts: ["localhost"] },
    ],
    secrets: [
      { name: "db-password", vault: "app", path: "db/password" },
      { name: "api-key", vault: "app", required: false },
      { name: "restore-key", vault: "backup", required: false },
    ],
    certificates: names.map(name => ({ name, vault: "app", files: files(name) })),
  };
  const hooks = [
    { name: "reload-web", when: ["web-tls"], onFirstSync: true, touch: { path: world.file("reloaded") } },
    { name: "reload-app", when: ["db-password"], onFirstSync: true, debounce: "1h", touch: { path: world.file("app") } },
    { name: "tell-audit", when: ["web-soon"], onFirstSync: true, http: { url: "http://127.0.0.1:9/-/reload" } },
  ];
  world.manifest("shown", { ...objects, hooks, admin: { listen: `127.0.0.1:${PORTS.shown}` } });
  world.manifest("terminal", objects);
}

/** Names and errors that somebody else writes. */
async function fillHostile(world) {
  const answer = { status: 403, body: JSON.stringify({ error: { code: MARKUP, message: MARKUP } }) };
  await world.tell("POST", "faults", JSON.stringify({ service: "vault", object: "denied", effect: { answer } }));
  world.manifest("hostile", {
    vaults: [{ name: "app", url: world.vault, trustedHosts: ["localhost"] }],
    secrets: [
      { name: "db-password", path: "plain" },
      { name: "db-password", path: TAG },
      { name: "denied", required: false, path: "denied" },
    ],
    templates: [{ path: `t/${TAG}`, format: "json", values: [{ key: "a", secret: "denied" }], required: false }],
    admin: { listen: `127.0.0.1:${PORTS.hostile}` },
  });
}

/** A page, with all that it asks for and complains about. */
async function open(browser, port, options = {}) {
  const context = await browser.newContext({ viewport: SIZES.wide, ...options });
  const page = await context.newPage();
  const seen = { page, context, complaints: [], requests: [], last: null };
  page.on("console", message => ["error", "warning"].includes(message.type()) && seen.complaints.push(message.text()));
  page.on("pageerror", error => seen.complaints.push(String(error)));
  page.on("request", request => seen.requests.push(request.url()));
  page.on("response", async response => {
    if (new URL(response.url()).pathname !== "/status" || response.status() !== 200) return;
    seen.last = { status: await response.json(), now: Date.parse(response.headers().date) };
  });
  const answer = await page.goto(`http://127.0.0.1:${port}/`);
  assert.equal(answer.status(), 200);
  return seen;
}

/** The page says of its last status what it should. */
async function shown(seen) {
  await seen.page.locator("#shown").waitFor({ state: "visible" });
  return eventually("a status that was not replaced while it was read", async () => {
    const before = seen.last;
    const rows = id => seen.page.$$eval(`#${id} tbody tr`, all => all.map(row => [...row.cells].map(cell => cell.innerText)));
    const texts = id => seen.page.$$eval(id, all => all.map(one => one.innerText));
    const bars = await seen.page.$$eval("#objects tbody tr", all => all.map(row => {
      const bar = row.querySelector(".bar");
      return bar && { kind: bar.className, part: parseFloat(bar.firstChild.style.width) };
    }));
    const read = {
      ready: (await texts("#ready"))[0], objects: await rows("objects"), gates: await rows("gates"), hooks: await rows("hooks"),
      problems: await texts(".problem"), facts: await texts("#facts div"), bars,
    };
    return before && before === seen.last && { ...read, ...before };
  });
}

/** Numbers of times differ between two looks. */
const timeless = text => text.replace(/\b(in \d+[smhd]|now|\d+[smhd])\b/g, "T").replace(/\d+ times|\bonce\b/g, "N times").replace(/\s+/g, " ").trim();

function agreesWithStatus({ status, now, objects, bars, gates, hooks, ready, problems, facts }) {
  assert.equal(objects.length, status.entries.length);
  status.entries.forEach((entry, at) => {
    const [object, version, , age, confirmed, expires] = objects[at];
    assert.ok(object.startsWith(entry.id), object);
    entry.files.forEach(file => assert.ok(object.includes(file.path), object));
    assert.equal(version, entry.version ?? "");
    assert.equal(age !== "", entry.since !== null);
    assert.equal(confirmed !== "", entry.lastSuccess !== null);
    const end = entry.validity.expires, start = entry.validity.notBefore;
    assert.equal(expires.split("\n")[0], end ? end.slice(0, 10) : "");
    if (end && start) {
      const part = (Date.parse(end) - now) / (Date.parse(end) - Date.parse(start)) * 100;
      assert.ok(Math.abs(bars[at].part - (part < 0 ? 100 : Math.max(2, part))) < 0.1, `${entry.id}: ${bars[at].part} ${part}`);
    }
  });
  assert.deepEqual(gates.map(([host]) => host), status.endpoints.map(host => host.endpoint));
  status.endpoints.forEach((host, at) => assert.equal(gates[at][1].startsWith("open: "), host.open !== null, gates[at][1]));
  assert.deepEqual(hooks.map(([hook]) => hook), status.hooks.map(hook => `${hook.name} ${hook.kind}`));
  status.hooks.forEach((hook, at) => assert.equal(hooks[at][2].split("\n").filter(Boolean).length, hook.waiting.length));
  const failures = status.entries.filter(entry => entry.failure);
  failures.forEach(({ failure }) => assert.ok(problems.some(text => text.includes(`hint: ${failure.hint}`)), failure.hint));
  assert.ok(facts.some(text => text.startsWith("Changes of the manifest")), facts.join());
  assert.equal(ready.startsWith("ready for "), status.ready !== null);
  assert.ok(facts.some(text => /^Next refresh\n+(in \d+[smhd]|now|under way)$/.test(text)), facts.join());
}

/** The words and the rules of what expires are those of the command. */
function agreesWithTheCommand(world, name, { objects, ready, problems, bars, hooks }) {
  const text = world.says("status", "--manifest", world.file(`${name}.yaml`));
  const lines = text.split("\n"), plain = timeless(text);
  assert.equal(timeless(lines[0]), timeless(ready));
  for (const [at, [object, , state]] of objects.entries()) {
    const id = object.split(/[\n ]/)[0], line = lines.find(line => line.startsWith(`${id} `));
    const [word, reason] = state.split("\n");
    assert.match(line, new RegExp(` ${word} `), line);
    assert.ok(!reason || line.includes(reason), `${reason}: ${line}`);
    const kind = line.includes("(over)") ? "bar bad" : /\d \(in \d+d\)/.test(line) ? "bar warn" : "bar good";
    if (bars[at]) assert.equal(bars[at].kind, kind, line);
  }
  for (const text of problems) {
    const [title, ...rest] = text.split("\n").filter(Boolean);
    for (const line of [title, ...rest]) assert.ok(plain.includes(timeless(line)), `${line}\nis not in\n${plain}`);
  }
  for (const [hook, state] of hooks) {
    const [name, kind] = hook.split(" ");
    assert.match(text, new RegExp(`^${name} +${kind} +${state} `, "m"));
  }
}

/** What is tried again may come to its end between two looks; what differs for good fails with what differs. */
let tries = 0;
function agreesNow(world, name, found) {
  try {
    agreesWithTheCommand(world, name, found);
    return found;
  } catch (error) {
    if (!(error instanceof assert.AssertionError) || ++tries > 20) throw error;
    return null;
  }
}

/** Each text stands out from what is behind it, and nothing is wider than the window. */
async function isReadable({ page }) {
  const found = await page.evaluate(() => {
    const rgb = text => text.match(/[\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
      .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
    const behind = element => {
      const [r, g, b, a = 1] = rgb(getComputedStyle(element).backgroundColor);
      return a > 0 || !element.parentElement ? [r, g, b] : behind(element.parentElement);
    };
    const faint = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const element = texts.currentNode.parentElement;
      if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
      const [one, other] = [light(rgb(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
      if ((one + 0.05) / (other + 0.05) < 4.5) faint.push(texts.currentNode.data);
    }
    return { faint, wide: document.documentElement.scrollWidth, back: light(rgb(getComputedStyle(document.body).backgroundColor)) };
  });
  assert.deepEqual(found.faint, []);
  assert.ok(found.wide <= page.viewportSize().width, `${found.wide} wide`);
  return found.back;
}

function isQuiet(seen, port, allowed = []) {
  assert.deepEqual(seen.complaints.filter(text => !allowed.some(part => text.includes(part))), []);
  const asked = new Set(seen.requests.filter(url => !url.startsWith("data:")));
  assert.deepEqual([...asked].sort(), [`http://127.0.0.1:${port}/`, `http://127.0.0.1:${port}/status`]);
}

async function everyLook(browser, world) {
  world.run("shown");
  await eventually("everything was tried", () =>
    ["Ready ", "Hook failed ", "Hook succeeded ", "Object not fetched "].every(line => world.log("shown").includes(line)));
  const looks = [["light", "wide"], ["dark", "wide"], ["light", "phone"], ["dark", "phone"]];
  for (const [colorScheme, size] of looks) {
    const seen = await open(browser, PORTS.shown, { colorScheme, viewport: SIZES[size] });
    const found = await eventually("page and command look at the same moment", async () => {
      const found = await shown(seen);
      agreesWithStatus(found);
      return agreesNow(world, "shown", found);
    });
    const states = found.objects.map(([, , state]) => state.split("\n")[0]);
    assert.deepEqual(states, ["current", "missing", "missing", "current", "current", "current", "current"]);
    assert.deepEqual(found.hooks.map(([, state]) => state).sort(), ["failing", "told", "waiting"]);
    assert.deepEqual(found.bars.map(bar => bar && bar.kind), [null, null, null, "bar good", "bar bad", "bar warn", "bar good"]);
    const back = await isReadable(seen);
    assert.ok(colorScheme === "dark" ? back < 0.05 : back > 0.8, `${colorScheme}: ${back}`);
    assert.ok(!(await seen.page.content()).includes(PASSWORD));
    isQuiet(seen, PORTS.shown);
    const picture = await seen.page.screenshot({ path: path.join(pictures, `status-page-${size}-${colorScheme}.png`), fullPage: true });
    assert.ok(picture.length > 10_000, "the picture shows something");
    await seen.context.close();
    console.log(`ok the page says what /status and the command say: ${colorScheme}, ${size}`);
  }
}

async function hostile(browser, world) {
  world.run("hostile");
  await eventually("everything was tried", () => ["Ready ", "Object not fetched "].every(line => world.log("hostile").includes(line)));
  const seen = await open(browser, PORTS.hostile);
  const found = await shown(seen);
  agreesWithStatus(found);
  const text = await seen.page.locator("#shown").innerText();
  assert.ok(text.includes(MARKUP) && text.includes(TAG) && text.includes(`t/${TAG}`), text);
  assert.equal(await seen.page.locator("#shown :is(img, script)").count(), 0);
  assert.equal(await seen.page.evaluate(() => globalThis.hit), undefined);
  isQuiet(seen, PORTS.hostile);
  // The policy would hold even if the script did not.
  for (const way of [
    () => { document.body.innerHTML = "<b>markup</b>"; },
    () => { document.body.append(Object.assign(document.createElement("script"), { textContent: "hit = 1" })); },
    () => fetch("http://127.0.0.1:9/"),
  ]) {
    await seen.page.evaluate(way).then(() => null, error => error);
  }
  assert.equal(await seen.page.locator("body > main").count(), 1);
  assert.equal(await seen.page.evaluate(() => globalThis.hit), undefined);
  assert.ok(seen.complaints.length >= 3, seen.complaints.join("\n"));
  await seen.context.close();
  console.log("ok markup in names, paths and errors is text, and the policy refuses it besides");
}

async function strangers(browser, world) {
  fs.writeFileSync(world.file("admin-token"), TOKEN);
  world.manifest("strangers", {
    vaults: [{ name: "app", url: world.vault, trustedHosts: ["localhost"] }],
    secrets: [{ name: "db-password" }],
    admin: { listen: `0.0.0.0:${PORTS.strangers}`, tokenFile: world.file("admin-token") },
  });
  const running = world.run("strangers");
  await eventually("it is ready", () => world.log("strangers").includes("Ready "));
  const seen = await open(browser, PORTS.strangers);
  const { page } = seen;
  const form = page.locator("#ask");
  await form.waitFor({ state: "visible" });
  await isReadable(seen);
  assert.ok(!(await page.content()).includes("db-password"));
  const show = async token => {
    await page.locator("#token").fill(token);
    await page.getByRole("button").click();
  };
  await show("another");
  await page.locator("#refused").waitFor({ state: "visible" });
  await show(TOKEN);
  agreesWithStatus(await shown(seen));
  assert.equal(await form.isVisible(), false);
  const kept = await page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length, document.body.innerHTML]);
  assert.deepEqual(kept.slice(0, 3), ["", 0, 0]);
  assert.ok(!kept[3].includes(TOKEN) && (await page.locator("#token").inputValue()) === "");
  assert.deepEqual(await seen.context.cookies(), []);
  assert.ok(!seen.requests.some(url => url.includes(TOKEN)));
  isQuiet(seen, PORTS.strangers, ["401"]);
  await page.reload();
  await form.waitFor({ state: "visible" });
  await show(TOKEN);
  await shown(seen);
  running.kill("SIGTERM");
  await running.ended;
  await page.locator("#silent").waitFor({ state: "visible" });
  assert.ok((await page.locator("#objects").innerText()).includes("db-password"));
  await seen.context.close();
  console.log("ok a token is asked for, kept in memory and nowhere else; the end of the program is told");
}

function terminals(world) {
  const draw = (columns, title, file, ...command) => {
    execFileSync("python3", [path.join(__dirname, "terminal.py"), columns, title, path.join(pictures, file), ...command],
      { env: { ...world.environment, TERM: "xterm-256color", PATH: process.env.PATH } });
    const picture = fs.readFileSync(path.join(pictures, file), "utf8");
    assert.ok(picture.includes("<svg") && !picture.includes("\u001b") && !picture.includes(PASSWORD), file);
    return picture;
  };
  const once = draw("110", "akv-sync once", "once.svg", program, "once", "--timeout", "1s", "--manifest", world.file("terminal.yaml"));
  for (const part of ["PATH", "db/password", "written", "refused", "hint"]) assert.ok(once.includes(part), part);
  const status = draw("130", "akv-sync status", "status.svg", program, "status", "--manifest", world.file("shown.yaml"));
  for (const part of ["ready for", "current", "tell-audit"]) assert.ok(status.includes(part), part);
  console.log("ok pictures of once and status on a terminal");
}

async function main() {
  const world = new World(program, fake);
  let browser;
  try {
    await world.startFake();
    await fill(world);
    await fillHostile(world);
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
    await everyLook(browser, world);
    terminals(world);
    await hostile(browser, world);
    await strangers(browser, world);
  } finally {
    await browser?.close();
    await world.end();
  }
}

main().catch(error => {
  console.error(error);
  process.exitCode = 1;
});
