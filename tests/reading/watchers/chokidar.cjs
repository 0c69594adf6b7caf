"use strict";
// chokidar, with its defaults: node chokidar.cjs PATH
const chokidar = require("chokidar");

chokidar.watch(process.argv[2], { ignoreInitial: true })
  .on("ready", () => process.stderr.write("ready\n"))
  .on("all", (event, path) => console.log(event, path))
  .on("error", error => console.log("error", error.code));
