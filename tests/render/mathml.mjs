// Reads JSON { css, sets: [{ column, equations: [mathml], parts: [[mathml, width]] }] }, shows it in headless Chromium and
// writes what is wrong with each set: [{ wide: [mathml], overlapping: [mathml], wider: [[mathml, width, found]], errors }].
import { createRequire } from "node:module";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [modules, executablePath] = process.argv.slice(2);
const { chromium } = createRequire(`${modules}/`)("playwright-core");
const { css, sets } = JSON.parse(readFileSync(0, "utf8"));
const switches =
  "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking " +
  "--disable-component-update --disable-sync --disable-quic";

const CHUNK = 200;
const OTHER_FONTS = 1.1; // a machine without a font for mathematics takes a wider one

function html(column, equations, parts) {
  return `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Mathematics</title>
<style>body { margin: 0; font-size: 16px } .column { width: ${column}px } .part { width: max-content } ${css}</style>
${equations.map((mathml) => `<div class="column">${mathml}</div>`).join("\n")}
${parts.map(([mathml]) => `<div class="part"><math displaystyle="true">${mathml}</math></div>`).join("\n")}`;
}

function measure([equations, parts, tolerance]) {
  const leaves = (element) => [...element.querySelectorAll("mi, mn, mo, mtext")].map((leaf) => leaf.getBoundingClientRect());
  const lowest = (row) => Math.max(...leaves(row).map((box) => box.bottom));
  const highest = (row) => Math.min(...leaves(row).map((box) => box.top));
  const overlaps = (row) => row.nextElementSibling && lowest(row) > highest(row.nextElementSibling) + 1;
  const columns = [...document.querySelectorAll(".column")];
  const beyond = (column) => {
    const { left, right } = column.getBoundingClientRect();
    return leaves(column).some((box) => box.left < left - 1 || box.right > right + 1);
  };
  const widths = [...document.querySelectorAll(".part > math")].map((math) => math.getBoundingClientRect().width);
  return {
    wide: equations.filter((_, i) => beyond(columns[i])),
    overlapping: equations.filter((_, i) => [...columns[i].querySelectorAll("mtr")].some(overlaps)),
    wider: parts.map(([mathml, width], i) => [mathml, width, widths[i]]).filter(([, width, found]) => found > tolerance * width + 1),
  };
}

const profile = mkdtempSync(join(tmpdir(), "mathml-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  args: switches.split(" "),
  viewport: { width: 800, height: 1000 },
});
try {
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  let errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => errors.push(message.text()));
  const results = [];
  for (const { column, equations, parts } of sets) {
    const found = { wide: [], overlapping: [], wider: [], errors: (errors = []) };
    for (let i = 0; i < Math.max(equations.length, parts.length); i += CHUNK) {
      const chunk = [equations.slice(i, i + CHUNK), parts.slice(i, i + CHUNK)];
      await page.setContent(html(column, ...chunk));
      for (const [key, pieces] of Object.entries(await page.evaluate(measure, [...chunk, OTHER_FONTS]))) found[key].push(...pieces);
    }
    results.push(found);
  }
  process.stdout.write(JSON.stringify(results));
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
