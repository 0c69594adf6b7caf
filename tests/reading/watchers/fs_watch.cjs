"use strict";
// fs.watch of Node: node fs_watch.cjs PATH
const fs = require("node:fs");

fs.watch(process.argv[2], (event, name) => console.log(event, name));
process.stderr.write("ready\n");
