// Reads JSON [[display, latex], …] and writes what KaTeX rejects as JSON [[latex, message], …].
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const katex = createRequire(`${process.argv[2]}/`)("katex");
const rejected = [];
for (const [displayMode, latex] of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    katex.renderToString(latex, { displayMode, throwOnError: true, strict: "error", maxExpand: 10000 });
  } catch (error) {
    rejected.push([latex, error.message]);
  }
}
process.stdout.write(JSON.stringify(rejected));
