// What a reader does with a page, and what must then be seen. Each check throws where it is not.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const current = (page) => page.evaluate(() => document.querySelector(".current")?.id || "");
const marked = (page, name) =>
  page.evaluate((one) => [...document.querySelectorAll(`.equation.${one}`)].map((e) => e.id), name);
const dim = (page) => page.evaluate(() => [...document.querySelectorAll(".equation.dim")].map((e) => e.id).filter(Boolean));
const status = (page) => page.textContent("#status");
const progress = (page) => page.textContent("#progress");
const inView = (page, id) =>
  page.evaluate((one) => {
    const box = document.getElementById(one).getBoundingClientRect();
    return box.top >= 0 && box.bottom <= document.getElementById("bar").getBoundingClientRect().top;
  }, id);
const focused = (page) => page.evaluate(() => document.activeElement.closest("[data-of]")?.dataset.of || document.activeElement.id);

/** Gone through with Tab until the focus is on what is looked for. */
const tabTo = async (page, selector) => {
  for (let i = 0; i < 200; i += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((one) => document.activeElement.matches(one), selector)) return;
  }
  assert.fail(`Tab does not reach ${selector}`);
};

/** What sticks out of its place: an equation's mathematics, or the page. */
const tooWide = (page) =>
  page.evaluate(() => {
    const wide = [...document.querySelectorAll(".math, .wide, .picture")]
      .filter((box) => box.scrollWidth > box.clientWidth + 1)
      .map((box) => `${box.closest("[id]").id || box.className} ${box.scrollWidth} > ${box.clientWidth}`);
    const out = document.documentElement.scrollWidth > innerWidth ? ["the page"] : [];
    return { wide, out };
  });

const violations = async (page, axe, settings = {}, left = []) => {
  await page.evaluate(readFileSync(axe, "utf8"));
  const given = [{ exclude: left }, { resultTypes: ["violations"], ...settings }];
  const { violations: found } = await page.evaluate(([part, how]) => window.axe.run(part, how), given);
  return found.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.html.slice(0, 200)} ${n.failureSummary}`)}`);
};

/** Something done with each of the names, two at a time. */
const eachOf = async (names, work) => {
  const left = [...names];
  const next = async () => {
    while (left.length) await work(left.shift());
  };
  await Promise.all([next(), next()]);
};

export const CHECKS = {
  "buttons and keys step": async ({ open }) => {
    const page = await open("ann.html");
    assert.equal(await progress(page), "17 steps");
    assert.ok(await page.isDisabled("#back"));
    await page.click("#on");
    assert.equal(await current(page), "e1");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("n");
    assert.equal(await current(page), "e3");
    assert.equal(await progress(page), "Step 3 of 17");
    assert.ok(await inView(page, "e3"));
    assert.match(await page.textContent("#announcement"), /^Step 3 of 17: Equation \(3\), a₂$/);
    assert.ok((await dim(page)).includes("e4") && !(await dim(page)).includes("e2"));
    const said = await page.evaluate(() => document.getElementById("announcement").getBoundingClientRect());
    assert.ok(said.width <= 1 && said.height <= 1);
    await page.keyboard.press("p");
    await page.keyboard.press("ArrowLeft");
    assert.equal(await current(page), "e1");
    await page.keyboard.press("End");
    assert.equal(await current(page), "e17");
    assert.ok(await inView(page, "e17"));
    assert.ok(await page.isDisabled("#on"));
    await page.keyboard.press("ArrowRight");
    assert.equal(await current(page), "e17");
    await page.keyboard.press("Home");
    assert.equal(await current(page), "e1");
    await page.keyboard.press("Escape");
    assert.deepEqual([await current(page), await dim(page), await progress(page)], ["", [], "17 steps"]);
    assert.ok(await page.isHidden("#out"));
    await page.keyboard.press("Control+n");
    await page.focus(".wide");
    await page.keyboard.press("ArrowRight");
    assert.equal(await current(page), "");
    assert.deepEqual(page.complaints, []);
  },

  "a link to an equation steps to it while stepping": async ({ open }) => {
    const page = await open("ann.html");
    await page.keyboard.press("End");
    await page.click("#e17 .from a");
    assert.equal(await current(page), "e15");
    await page.click("#out");
    assert.equal(await current(page), "");
  },

  "a number under the mouse says where it comes from and goes to": async ({ open }) => {
    const page = await open("ann.html");
    const hint = await status(page);
    await page.hover('#e2 [data-of="h1[1]"]');
    assert.equal(await status(page), "0.7311 ≈ h₁[1], from (2); used in (3), (13), (15)");
    assert.deepEqual(await marked(page, "makes"), ["e2"]);
    assert.deepEqual(await marked(page, "takes"), ["e3", "e13", "e15"]);
    const same = await page.evaluate(() => [...document.querySelectorAll(".math .same")].map((e) => e.dataset.of));
    assert.ok(same.length >= 3 && same.every((of) => of === "h1[1]"));
    assert.deepEqual(await page.$$eval("#status a", (links) => links.map((a) => a.hash)), ["#e2", "#e3", "#e13", "#e15"]);
    await page.hover("h1");
    assert.equal(await status(page), hint);
    assert.deepEqual(await marked(page, "makes"), []);
    await page.hover('[data-name="W2"] [data-of="W2[1,2]"]');
    assert.equal(await status(page), "1 = W₂[1,2], given; used in (3), (14)");
    assert.deepEqual(page.complaints, []);
  },

  "a click pins a number, Escape frees it": async ({ open }) => {
    const page = await open("ann.html");
    await page.click('#e2 .math [data-of="h1[2]"] >> nth=0');
    await page.hover("h1");
    assert.match(await status(page), /^0\.8808 ≈ h₁\[2\], from \(2\)/);
    await page.hover('#e3 [data-of="a2[1]"]');
    assert.match(await status(page), /^0\.8808 ≈ h₁\[2\]/);
    await page.keyboard.press("Escape");
    assert.deepEqual(await marked(page, "makes"), []);
    assert.ok(await page.isHidden("#out"));
  },

  "a click on a weight shows the chain of its gradient": async ({ open }) => {
    const page = await open("ann.html");
    await page.click('.hg-weight[data-of="W1[2,3]"] .hg-value');
    assert.equal(
      await status(page),
      "∂L/∂W₁[2,3] ≈ −0.002436: (1) → (2) → (3) → (4) → (5) → (6) → (9) → (11) → (12) → (14) → (15) → (16)",
    );
    assert.deepEqual(await dim(page), ["e7", "e8", "e10", "e13", "e17"]);
    assert.ok(!(await page.evaluate(() => document.querySelector('[data-name="W1"]').classList.contains("dim"))));
    assert.ok(await page.evaluate(() => document.querySelector('[data-name="y"]').classList.contains("dim") === false));
    assert.equal(await progress(page), "12 steps");
    assert.equal(await focused(page), "W1[2,3]");
    await page.click('#status a[href="#e6"]');
    assert.equal(await current(page), "e6");
    await page.keyboard.press("ArrowRight");
    assert.equal(await current(page), "e9");
    assert.equal(await progress(page), "Step 7 of 12");
    await page.keyboard.press("End");
    assert.equal(await current(page), "e16");
    await page.keyboard.press("Escape");
    assert.deepEqual([await dim(page), await progress(page)], [[], "17 steps"]);
    assert.deepEqual(page.complaints, []);
  },

  "a weight of a formula, or of a large network, has its chain too": async ({ open }) => {
    const page = await open("symbolic.html");
    await page.click('.hg-weight[data-of="W1[1,2]"] .hg-value');
    assert.equal(await status(page), "∂L/∂W₁[1,2]: (1) → (3) → (4)");
    assert.equal(await page.getAttribute('.hg-weight[data-of="W1[1,2]"] .hg-hit', "aria-label"), "weight W₁[1,2]");
    const other = await open("large.html");
    await other.locator(".hg-hit[role=button]").last().press("Enter");
    assert.match(await status(other), /^∂L\/∂W₂\[10,128\] ≈ \S+: \(1\) → .* → \(8\)$/);
    assert.deepEqual([...page.complaints, ...other.complaints], []);
  },

  "all of it is there by keyboard": async ({ open }) => {
    const page = await open("ann.html");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
    await page.keyboard.press("Enter");
    assert.equal(await focused(page), "working");
    await tabTo(page, "svg [role=button]");
    assert.match(await page.getAttribute(":focus", "aria-label"), /^weight W₁\[1,1\] = 1$/);
    await page.keyboard.press("ArrowRight");
    assert.equal(await focused(page), "W1[1,2]");
    await page.keyboard.press("Enter");
    assert.match(await status(page), /^∂L\/∂W₁\[1,2\]/);
    await page.keyboard.press("Escape");
    await page.keyboard.press(" ");
    assert.match(await status(page), /^∂L\/∂W₁\[1,2\]/);
    await page.keyboard.press("Escape");
    await tabTo(page, "#e1 .math");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    assert.equal(await focused(page), "W1[1,2]");
    assert.match(await status(page), /^0 = W₁\[1,2\], given/);
    await page.keyboard.press("ArrowLeft");
    assert.equal(await focused(page), "W1[1,1]");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    assert.match(await status(page), /^1 = W₁\[1,1\], given/);
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => location.hash), "#e1");
    await tabTo(page, "#on");
    await page.keyboard.press("Enter");
    assert.equal(await current(page), "e1");
    assert.deepEqual(page.complaints, []);
  },

  "the LaTeX is one click away and is copied": async ({ open }) => {
    const page = await open("ann.html", { permissions: ["clipboard-read", "clipboard-write"] });
    await page.hover("#e1 .math");
    await page.click("#e1 summary");
    assert.match(await page.textContent("#e1 pre"), /^\\begin\{align\*\}\n[^]*\\tag\{1\}[^]*\\end\{align\*\}$/);
    await page.click("#e1 .copy");
    await page.waitForFunction(() => document.querySelector("#e1 .copy").textContent === "Copied");
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await page.textContent("#e1 pre"));
    await page.click("#e1 summary");
    await page.click("#e1 summary");
    assert.equal(await page.locator("#e1 .copy").count(), 1);
  },

  "where the clipboard is closed, the LaTeX is selected": async ({ open }) => {
    const page = await open("ann.html");
    await page.evaluate(() => { navigator.clipboard.writeText = () => Promise.reject(new Error("closed")); });
    await page.hover("#e1 .math");
    await page.click("#e1 summary");
    await page.click("#e1 .copy");
    await page.waitForFunction(() => getSelection().toString().includes("begin{align*}"));
  },

  "without scripts it is read": async ({ open }) => {
    const page = await open("ann.html", { javaScriptEnabled: false });
    assert.ok(await page.isHidden("#bar"));
    const text = await page.innerText("main");
    for (const words of ["Forward pass", "(17)", "from (4) and (9)", "0.7311"]) assert.ok(text.includes(words), words);
    assert.equal(await page.locator("svg").count(), 1);
    assert.equal(await page.locator("[role=button]").count(), 0);
    await page.hover("#e2 .math");
    await page.click("#e2 summary");
    assert.ok(await page.isVisible("#e2 pre"));
  },

  "no equation is wider than its column": async ({ open, pages }) => {
    await eachOf(pages, async (name) => {
      const page = await open(name);
      for (const width of [1280, 800]) {
        await page.setViewportSize({ width, height: 900 });
        assert.deepEqual(await tooWide(page), { wide: [], out: [] }, `${name} at ${width}`);
      }
      await page.setViewportSize({ width: 360, height: 800 });
      assert.deepEqual((await tooWide(page)).out, [], `${name} at 360`);
      assert.deepEqual(page.complaints, [], name);
      await page.context().close();
    });
  },

  "axe finds nothing": async ({ open, pages, axe }) => {
    await eachOf(pages.filter((name) => !["large.html", "rounded.html"].includes(name)), async (name) => {
      const page = await open(name, { colorScheme: "light" });
      assert.deepEqual(await violations(page, axe), [], name);
      await page.emulateMedia({ colorScheme: "dark" });
      const contrast = await violations(page, axe, { runOnly: ["color-contrast"] }, ["math"]);
      assert.deepEqual(contrast, [], `${name}, dark`);
      await page.context().close();
    });
  },

  "axe finds nothing in mathematics in the dark": async ({ open, axe }) => {
    const page = await open("regression.html", { colorScheme: "dark" });
    assert.deepEqual(await violations(page, axe), []);
  },

  "axe finds nothing on a phone, nor in a chain": async ({ open, axe }) => {
    const page = await open("ann.html", { viewport: { width: 360, height: 800 } });
    assert.deepEqual(await violations(page, axe), []);
    await page.click('#e2 .math [data-of="h1[2]"] >> nth=0');
    assert.deepEqual(await violations(page, axe), []);
  },

  "what is printed has no controls, and is black on white": async ({ open, folder }) => {
    const page = await open("ann.html", { colorScheme: "dark" });
    await page.keyboard.press("n");
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    for (const hidden of ["#bar", ".skip", "summary"]) assert.ok(await page.isHidden(hidden), hidden);
    const [ink, paper, opacity] = await page.evaluate(() => [
      getComputedStyle(document.querySelector("#e2 mn")).color,
      getComputedStyle(document.body).backgroundColor,
      getComputedStyle(document.querySelector("#e9")).opacity,
    ]);
    const whole = await page.$$eval(".equation", (all) => all.every((e) => getComputedStyle(e).breakInside === "avoid"));
    assert.ok(whole);
    assert.deepEqual([ink, paper, opacity], ["rgb(0, 0, 0)", "rgb(255, 255, 255)", "1"]);
    await page.pdf({ path: join(folder, "ann.pdf"), preferCSSPageSize: true });
  },

  "a page without steps has no bar": async ({ open }) => {
    const page = await open("plain.html");
    await page.keyboard.press("n");
    assert.ok(await page.isHidden("#bar"));
    assert.ok(await page.isVisible("main"));
    assert.deepEqual(page.complaints, []);
  },

  "what is hostile is text": async ({ open }) => {
    const page = await open("hostile.html");
    assert.match(await page.textContent("h1"), /<script>alert\(1\)<\/script>.*onerror.*<\/script>.*\]\]>/);
    assert.match(await page.title(), /<script>alert\(1\)<\/script>/);
    assert.equal(await page.locator("img").count(), 0);
    assert.equal(await page.locator("script").count(), 2);
    await page.keyboard.press("n");
    assert.equal(await current(page), "e1");
    await page.hover("#e1 [data-of]");
    assert.deepEqual(page.complaints, []);
  },

  "no other script runs": async ({ open }) => {
    const page = await open("ann.html");
    await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "window.ran = true";
      document.body.append(script);
    });
    assert.equal(await page.evaluate(() => window.ran), undefined);
    assert.equal(page.complaints.length, 1);
    assert.match(page.complaints[0], /Content Security Policy/);
  },
};
