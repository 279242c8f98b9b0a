"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const main = document.getElementById("working");
  const [bar, back, on, out, progress, status, announcement] = [
    "bar", "back", "on", "out", "progress", "status", "announcement",
  ].map((id) => document.getElementById(id));
  const numbers = Object.keys(data.sources).map(Number);
  if (!numbers.length) return; // a sheet of questions has no steps
  const equations = new Map(numbers.map((n) => [n, document.getElementById(`e${n}`)]));
  const blocks = [...main.querySelectorAll(".block")];
  const places = new Map();
  for (const place of main.querySelectorAll("[data-of]")) {
    const of = place.dataset.of;
    if (!places.has(of)) places.set(of, []);
    places.get(of).push(place);
  }

  // path: the steps that are gone through; at: which is the current one (-1: none);
  // pinned: the entry that is followed; chain: the entry whose gradient's chain is shown
  let path = numbers;
  let at = -1;
  let pinned = "";
  let chain = "";

  /* words */

  const say = (english, fields = {}) => data.words[english].replace(/\{(\w+)\}/g, (_, key) => fields[key]);

  /** A text whose fields may be nodes, as a list of strings and nodes. */
  const spoken = (english, fields) =>
    data.words[english].split(/(\{\w+\})/).flatMap((part) => (part in fields ? fields[part] : [part]));

  const link = (n) => {
    const a = document.createElement("a");
    a.href = `#e${n}`;
    a.textContent = `(${n})`;
    return a;
  };
  const linked = (list, between) => list.flatMap((n, i) => (i ? [between, link(n)] : [link(n)]));

  const HINT = "Hover over a number to see where it comes from, click a weight to see its gradient.";
  const tell = (...parts) => {
    status.classList.toggle("said", parts.length > 0);
    status.replaceChildren(...(parts.length ? parts : [say(HINT)]));
  };

  /* what is known of an entry: its quantity, the equation that makes it, those that use it */

  const quantity = (of) => data.quantities[of.split("[")[0]] || { sign: "=", made: 0, used: [] };
  /** How an entry is written, and its value ("" where it is printed nowhere). */
  const entry = (of) => data.entries[of] || [of.replace(/^[^[]*/, (name) => data.quantities[name]?.text || name), ""];
  const gradient = (of) => (data.quantities[`dL/d${of.split("[")[0]}`]?.made ? `dL/d${of}` : "");

  /** The equation that makes a quantity, and whatever it is made from, in order. */
  const leading = (n) => {
    const found = new Set([n]);
    for (const m of found) for (const source of data.sources[m]) found.add(source);
    return [...found].sort((a, b) => a - b);
  };

  /* showing */

  const mark = (elements, name) => {
    for (const old of document.querySelectorAll(`.${name}`)) old.classList.remove(name);
    for (const element of elements) element?.classList.add(name);
  };

  let followed = null;
  const follow = (of) => {
    if (of === followed) return;
    followed = of;
    const { made, used, sign } = of ? quantity(of) : { made: 0, used: [] };
    const lit = of ? [of] : chain ? [chain, gradient(chain)] : [];
    mark(lit.flatMap((one) => places.get(one) || []), "same");
    mark(of ? [equations.get(made)] : [], "makes");
    mark(used.map((n) => equations.get(n)), "takes");
    if (of) {
      const [written, value] = entry(of);
      const origin = made ? spoken("from {equations}", { "{equations}": [link(made)] }) : [say("given")];
      const uses = used.length ? ["; ", ...spoken("used in {equations}", { "{equations}": linked(used, ", ") })] : [];
      tell(`${value && `${value} ${sign} `}${written}, `, ...origin, ...uses);
    } else if (chain) {
      const [written, value] = entry(gradient(chain));
      tell(`${written}${value && ` ${quantity(gradient(chain)).sign} ${value}`}: `, ...linked(path, " → "));
    } else {
      tell();
    }
  };

  const dimmed = (block, current) => {
    if (chain) {
      const n = Number(block.id.slice(1));
      return n ? !path.includes(n) : !(data.quantities[block.dataset.name]?.used || []).some((m) => path.includes(m));
    }
    return current && Boolean(current.compareDocumentPosition(block) & Node.DOCUMENT_POSITION_FOLLOWING);
  };

  const show = () => {
    const current = equations.get(path[at]);
    for (const block of blocks) block.classList.toggle("dim", Boolean(dimmed(block, current)));
    mark(current ? [current] : [], "current");
    const fields = { n: at + 1, count: path.length };
    const words = current ? "Step {n} of {count}" : "{count} steps";
    progress.textContent = say(words, fields);
    back.disabled = at <= 0;
    on.disabled = at === path.length - 1;
    out.hidden = !(current || chain || pinned);
    followed = null;
    follow(pinned);
  };

  const go = (place) => {
    if (place < 0 || place >= path.length) return;
    at = place;
    show();
    const current = equations.get(path[at]);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    current.scrollIntoView({ block: "center", behavior: calm ? "instant" : "smooth" });
    announcement.textContent = `${progress.textContent}: ${current.querySelector(".math").getAttribute("aria-label")}`;
  };

  const lead = (of) => {
    const made = data.quantities[`dL/d${of.split("[")[0]}`].made;
    [chain, pinned, path, at] = [of, "", leading(made), -1];
    show();
  };

  /** One thing less: what is pinned, else the chain, else the steps. */
  const leave = () => {
    if (pinned) pinned = "";
    else if (chain) [chain, path, at] = ["", numbers, -1];
    else at = -1;
    show();
  };

  const pin = (of) => {
    pinned = pinned === of ? "" : of;
    show();
  };

  /* the mouse */

  /** The entry under the mouse or the focus, and that whose chain a click would show. */
  const held = (event) => event.target.closest?.("[data-of]")?.dataset.of || "";
  const enter = (event) => {
    const of = held(event);
    if (of && !pinned) follow(of);
  };
  const exit = (event) => {
    if (held(event) && !pinned) follow("");
  };
  main.addEventListener("mouseover", enter);
  main.addEventListener("mouseout", exit);
  main.addEventListener("focusin", enter);
  main.addEventListener("focusout", exit);
  const leads = (event) => {
    const of = event.target.closest("svg") && (event.target.closest(".hg-weight")?.dataset.of || held(event));
    return of && gradient(of) ? of : "";
  };
  const take = (event) => {
    if (leads(event)) lead(leads(event));
    else if (held(event)) pin(held(event));
    return Boolean(held(event));
  };
  main.addEventListener("click", (event) => {
    event.target.closest(".hg-weight")?.querySelector("[role=button]")?.focus({ preventScroll: true });
    take(event);
  });

  /* links to a step while stepping */

  document.addEventListener("click", (event) => {
    const target = event.target.closest?.('a[href^="#e"]');
    const place = target ? path.indexOf(Number(target.hash.slice(2))) : -1;
    if (place < 0 || (at < 0 && !chain)) return;
    event.preventDefault();
    go(place);
  });

  /* keys */

  const MOVES = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  /** Arrows go over the numbers of an equation, and over the weights of the picture. */
  const rove = (event) => {
    const group = event.target.closest?.(".math, svg");
    if (!group || !(event.key in MOVES)) return false;
    const stops = [...group.querySelectorAll(group.matches("svg") ? '[role="button"]' : "[data-of]")];
    if (!stops.length) return false;
    const now = stops.indexOf(event.target.closest('[role="button"], [data-of]'));
    const next = stops[Math.min(Math.max(now + MOVES[event.key], 0), stops.length - 1)];
    if (group.matches("svg")) for (const stop of stops) stop.tabIndex = stop === next ? 0 : -1;
    next.focus();
    return true;
  };

  const KEYS = {
    ArrowRight: () => go(at + 1),
    n: () => go(at + 1),
    ArrowLeft: () => go(at - 1),
    p: () => go(at - 1),
    Home: () => go(0),
    End: () => go(path.length - 1),
    Escape: leave,
  };

  const press = (event) => (event.key === "Enter" || event.key === " ") && take(event);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (press(event) || rove(event)) event.preventDefault();
    else if (event.key in KEYS && !(event.key in MOVES && event.target.closest?.(".wide, .sheet, pre"))) {
      event.preventDefault();
      KEYS[event.key]();
    }
  });

  /* the LaTeX of an equation, copied */

  main.addEventListener("toggle", (event) => {
    const source = event.target.querySelector("pre");
    if (!source || event.target.querySelector(".copy")) return;
    const button = document.createElement("button");
    button.className = "copy";
    button.textContent = say("Copy");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(source.textContent);
        button.textContent = say("Copied");
      } catch {
        getSelection().selectAllChildren(source); // where the clipboard is closed to pages
      }
    });
    source.before(button);
  }, true);

  /* the picture: its weights are buttons, of which Tab reaches the first */

  for (const picture of main.querySelectorAll("svg")) {
    picture.setAttribute("role", "group");
    const named = new Set();
    for (const shape of picture.querySelectorAll(".hg-weight, text[data-of]")) {
      const of = shape.dataset.of;
      const known = of in data.entries || of.includes("[");
      if (named.has(of) || !known || !gradient(of) || quantity(of).made) continue;
      named.add(of);
      const [written, value] = entry(of);
      const edge = shape.querySelector(".hg-hit");
      const said = written + (value && ` ${quantity(of).sign} ${value}`);
      const button = edge || shape;
      button.setAttribute("role", "button");
      button.setAttribute("tabindex", -1);
      button.setAttribute("aria-label", edge ? say("weight {entry}", { entry: said }) : `${written}, ${shape.textContent}`);
    }
    (picture.querySelector(".hg-hit[role]") || picture.querySelector("[role=button]"))?.setAttribute("tabindex", 0);
  }
  for (const place of main.querySelectorAll(".math [data-of]")) place.tabIndex = -1;

  back.addEventListener("click", () => go(at - 1));
  on.addEventListener("click", () => go(at + 1));
  out.addEventListener("click", () => {
    [chain, pinned, path, at] = ["", "", numbers, -1];
    show();
  });
  document.body.classList.add("following");
  bar.hidden = false;
  show();
})();
