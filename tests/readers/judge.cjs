// Node.js judges the files: https, crypto, dotenv, its own reader of `.env`, js-yaml.
//
//     NODE_PATH=node_modules node judge.cjs WORK
//
// A line for each check; a check that throws anything has failed.
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const https = require('node:https');
const path = require('node:path');
const util = require('node:util');

const dotenv = require('dotenv');
const yaml = require('js-yaml');

const work = process.argv[2];
const read = (...parts) => fs.readFileSync(path.join(work, ...parts));
const text = (...parts) => read(...parts).toString('utf8');
const password = text('password').replace(/\n$/, '');
const unicode = text('unicode-password').replace(/\n$/, '');

async function check(name, judgement) {
  try {
    await judgement();
    console.log(`ok node ${name}`);
  } catch (error) {
    console.log(`FAILED node ${name}: ${String(error).replace(/\s+/g, ' ').slice(0, 400)}`);
  }
}

// A server with these files, a client that trusts ca.pem alone.
function serves(folder, options) {
  const server = https.createServer(options, (request, response) => response.end('served'));
  return new Promise((resolve, reject) => {
    server.on('tlsClientError', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      const ca = read('forms', folder, 'ca.pem');
      const request = https.get({ host: '127.0.0.1', port, servername: 'web.contoso.com', ca, agent: false, timeout: 10_000 }, (response) => {
        const leaf = new crypto.X509Certificate(read('forms', folder, 'leaf.pem'));
        const served = response.socket.getPeerCertificate().fingerprint256;
        response.resume().on('end', () => {
          served === leaf.fingerprint256 ? resolve() : reject(new Error('another certificate was served'));
        });
      });
      request.on('timeout', () => request.destroy(new Error('no answer in 10 s')));
      request.on('error', reject);
    });
  }).finally(() => {
    server.closeAllConnections();
    server.close();
  });
}

async function judgeCertificate(folder) {
  const file = (name) => read('forms', folder, name);
  const leaf = new crypto.X509Certificate(file('leaf.pem'));
  // P-256K has no place in TLS.
  if (folder !== 'p-256k') {
    await check(`${folder}: https with full.pem and key.pem`, () => serves(folder, { cert: file('full.pem'), key: file('key.pem') }));
    await check(`${folder}: https with encrypted.pem`, () =>
      serves(folder, { cert: file('full.pem'), key: file('encrypted.pem'), passphrase: password }));
    for (const bundle of ['first.pem', 'last.pem']) {
      await check(`${folder}: https with ${bundle}`, () => serves(folder, { cert: file(bundle), key: file(bundle) }));
    }
    for (const [store, passphrase] of [
      ['modern.p12', password], ['file.p12', password], ['empty.p12', ''], ['unicode.p12', unicode],
      ['legacy.p12', password], ['legacy-empty.p12', ''],
    ]) {
      await check(`${folder}: https with ${store}`, () => serves(folder, { pfx: file(store), passphrase }));
    }
  }
  for (const [name, passphrase] of [
    ['key.pem'], ['traditional.pem'], ['encrypted.pem', password], ['encrypted-file.pem', password],
    ['encrypted-unicode.pem', unicode],
  ]) {
    await check(`${folder}: createPrivateKey of ${name}`, () => {
      assert(leaf.checkPrivateKey(crypto.createPrivateKey({ key: file(name), passphrase })));
    });
  }
  await check(`${folder}: leaf.der`, () => assert.equal(new crypto.X509Certificate(file('leaf.der')).fingerprint256, leaf.fingerprint256));
  await check(`${folder}: about.json`, () => assert.equal(JSON.parse(file('about.json')).name, folder));
}

async function judgeKey(folder) {
  const file = (name) => read('forms', folder, name);
  await check(`${folder}: createPublicKey of pub.jwk`, () => {
    const key = crypto.createPublicKey({ key: JSON.parse(file('pub.jwk')), format: 'jwk' });
    assert(key.export({ type: 'spki', format: 'der' }).equals(file('pub.der')));
  });
  await check(`${folder}: createPublicKey of pub.pem`, () => {
    const key = crypto.createPublicKey(file('pub.pem'));
    assert(key.export({ type: 'spki', format: 'der' }).equals(file('pub.der')));
  });
}

async function judgeTexts() {
  const plain = JSON.parse(text('expected', 'dotenv.json'));
  const elsewhere = JSON.parse(text('expected', 'elsewhere.json'));
  const random = JSON.parse(text('expected', 'random.json'));
  // Without the prototypes that parsers choose.
  const same = (found, expected) => assert.deepEqual(new Map(Object.entries(found)), new Map(Object.entries(expected)));
  const readers = { dotenv: dotenv.parse };
  if (util.parseEnv === undefined) {
    console.log(`note: Node.js ${process.version} reads no .env files itself; 20.12 and later do`);
  } else {
    readers['util.parseEnv'] = util.parseEnv;
  }
  for (const [name, read] of Object.entries(readers)) {
    await check(`dotenv: ${name}`, () => same(read(text('texts', 'dotenv')), plain));
    await check(`dotenv: ${name}, random values`, () => {
      // Those that the format takes; refused ones have no file.
      const published = random.map((value, number) => [`${number}.env`, value]).filter(([file]) => fs.existsSync(path.join(work, 'random', file)));
      assert(published.length > 100);
      for (const [file, value] of published) {
        same(read(text('random', file)), { VALUE: value, AFTER: 'plain' });
      }
    });
  }
  await check('json: JSON.parse', () => same(JSON.parse(text('texts', 'app.json')), elsewhere));
  await check('yaml: js-yaml', () => same(yaml.load(text('texts', 'app.yaml')), elsewhere));
}

async function main() {
  for (const folder of fs.readdirSync(path.join(work, 'forms')).sort()) {
    if (folder.startsWith('key-')) {
      await judgeKey(folder);
    } else if (!folder.startsWith('.')) {
      await judgeCertificate(folder);
    }
  }
  await judgeTexts();
}

main();
