"use strict";
// A fake Azure with objects of all kinds, and the real program over them.

const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const http = require("node:http");
const os = require("node:os");
const path = require("node:path");

const PATIENCE = 30_000;
const DAY = 86_400_000;

/** Asks again and again until it is so. */
async function eventually(what, isSo) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const found = await isSo();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not so after ${PATIENCE / 1000} s: ${what}`);
    await new Promise(later => setTimeout(later, 50));
  }
}

class World {
  constructor(program, fake) {
    this.program = program;
    this.work = fs.mkdtempSync(path.join(os.tmpdir(), "akv-sync-page-"));
    this.children = [];
    this.fakeProgram = fake;
  }

  file(name) {
    return path.join(this.work, name);
  }

  start(program, args, environment, log) {
    const out = fs.openSync(this.file(log), "w");
    const child = spawn(program, args, { env: environment, stdio: ["ignore", "ignore", out] });
    child.ended = new Promise(ended => child.on("exit", ended));
    this.children.push(child);
    return child;
  }

  async startFake() {
    const files = ["--ca-out", this.file("ca.pem"), "--federated-token-out", this.file("token"), "--ready-file", this.file("ready")];
    this.start(this.fakeProgram, files, {}, "fake.log");
    await eventually("the fake answers", () => fs.existsSync(this.file("ready")));
    const lines = fs.readFileSync(this.file("ready"), "utf8").trim().split("\n");
    const all = Object.fromEntries(lines.map(line => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
    const isOfPod = ([name]) => name.startsWith("AZURE_") || name === "SSL_CERT_FILE";
    this.environment = Object.fromEntries(Object.entries(all).filter(isOfPod));
    this.vault = all.FAKE_AZURE_VAULT_APP;
    this.control = new URL(all.IDENTITY_ENDPOINT).host;
  }

  /** A switch of the fake. */
  tell(method, target, body = "") {
    return new Promise((done, failed) => {
      const request = http.request(`http://${this.control}/_fake/${target}`, { method, agent: false }, answer => {
        answer.resume();
        answer.on("end", () => answer.statusCode < 300 ? done() : failed(new Error(`${method} ${target}: ${answer.statusCode}`)));
      });
      request.on("error", failed);
      request.end(body);
    });
  }

  /** A certificate that is valid from so many days from now to so many, as the PEM that a secret may have. */
  certificate(name, from, to) {
    const folder = fs.mkdtempSync(this.file("ca-"));
    const file = part => path.join(folder, part);
    const day = days => new Date(Date.now() + days * DAY).toISOString().replace(/[-:T]|\.\d+/g, "");
    fs.writeFileSync(file("index"), "");
    fs.writeFileSync(file("cnf"), `[ca]\ndefault_ca = own\n[own]\ndatabase = ${file("index")}\nnew_certs_dir = ${folder}\n` +
      "default_md = sha256\npolicy = any\nrand_serial = yes\n[any]\ncommonName = supplied\n[req]\ndistinguished_name = name\n[name]\n");
    const openssl = (...words) => execFileSync("openssl", words, { stdio: ["ignore", "pipe", "pipe"] });
    openssl("req", "-new", "-config", file("cnf"), "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
      file("key"), "-out", file("csr"), "-subj", `/CN=${name}.contoso.com`);
    openssl("ca", "-batch", "-notext", "-selfsign", "-config", file("cnf"), "-keyfile", file("key"), "-in", file("csr"), "-out",
      file("pem"), "-startdate", day(from), "-enddate", day(to));
    return fs.readFileSync(file("pem"), "utf8") + fs.readFileSync(file("key"), "utf8");
  }

  /** The manifest NAME.yaml over the volume NAME. */
  manifest(name, rest) {
    fs.mkdirSync(this.file(name), { recursive: true });
    const head = {
      apiVersion: "akv-sync/v1",
      kind: "SyncManifest",
      volume: { path: this.file(name) },
      refresh: { interval: "1h" },
    };
    // JSON is YAML.
    fs.writeFileSync(this.file(`${name}.yaml`), JSON.stringify({ ...head, ...rest }));
  }

  run(name) {
    return this.start(this.program, ["run", "--manifest", this.file(`${name}.yaml`)], this.environment, `${name}.log`);
  }

  log(name) {
    return fs.readFileSync(this.file(`${name}.log`), "utf8");
  }

  /** What a command of the program says. */
  says(...words) {
    return execFileSync(this.program, words, { env: this.environment, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  async end() {
    for (const child of this.children.reverse()) {
      child.kill("SIGTERM");
      await child.ended;
    }
    fs.rmSync(this.work, { recursive: true });
  }
}

module.exports = { World, eventually };
