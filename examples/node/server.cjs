"use strict";
// An HTTPS server whose certificate follows the files. Nothing but Node.js.
const fs = require("node:fs");
const https = require("node:https");
const path = require("node:path");

const VOLUME = "/mnt/akv";

/** Certificate and key of one version: both from the directory that `..data` leads to now. */
function pair() {
  const files = fs.realpathSync(path.join(VOLUME, "..data"));
  return { cert: fs.readFileSync(path.join(files, "tls/tls.crt")), key: fs.readFileSync(path.join(files, "tls/tls.key")) };
}

const server = https.createServer(pair(), (request, response) => response.end("served over TLS\n"));

// The root of the volume, never a file in it.
fs.watch(VOLUME, (event, name) => {
  if (name !== "..data") return;
  try {
    server.setSecureContext(pair());
  } catch (error) {
    // The old certificate stays in use. The next change is another chance.
    console.error("the certificate stays as it was:", error.message);
  }
});

server.listen(8443, "127.0.0.1");
