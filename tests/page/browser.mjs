// Runs every check of checks.mjs in one Chromium and prints what came of them as JSON: name -> "" or what is wrong.
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { CHECKS } from "./checks.mjs";

const [, , folder] = process.argv;
const require = createRequire(join(process.env.HANDGRAD_NODE, "here.js"));
const { chromium } = require("playwright-core");

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
const browser = await chromium.launch({ executablePath: process.env.HANDGRAD_CHROMIUM, args: FLAGS });
const pages = readdirSync(folder).filter((file) => file.endsWith(".html")).sort();

/** A page of the folder, and all that it complains of. */
const open = async (name, settings = {}) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", ...settings });
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (message) => page.complaints.push(message.text()));
  page.on("pageerror", (error) => page.complaints.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith("file:")) page.complaints.push(`asked for ${request.url()}`);
  });
  page.on("dialog", (dialog) => {
    page.complaints.push(`said ${dialog.message()}`);
    dialog.dismiss();
  });
  await page.goto(`file://${join(folder, name)}`);
  return page;
};

const found = {};
for (const [name, check] of Object.entries(CHECKS)) {
  try {
    await check({ open, pages, axe: require.resolve("axe-core/axe.min.js"), folder });
    found[name] = "";
  } catch (error) {
    found[name] = error.stack;
  }
  await Promise.all(browser.contexts().map((context) => context.close()));
}
await browser.close();
console.log(JSON.stringify(found));
