"use strict";
(() => {
  const root = document.documentElement;
  const pages = [...document.querySelectorAll("main > section.page")];
  const links = [...document.querySelectorAll("nav.pages a")];
  const base = document.title;
  const names = pages.map((p) => p.id.slice(1));
  const ways = { operator: "sources", architect: "summary" };
  const make = (tag, props = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), props);
    node.append(...children);
    return node;
  };

  // The hash holds everything that is chosen: #/page/…?theme=dark&t-edges=words
  const parse = () => {
    let hash = location.hash.slice(1);
    try { hash = decodeURIComponent(hash); } catch { /* a stray per cent sign: take it as written */ }
    const cut = hash.indexOf("?");
    return [cut < 0 ? hash : hash.slice(0, cut), new URLSearchParams(cut < 0 ? "" : hash.slice(cut + 1))];
  };
  let [path, chosen] = parse();
  const remember = () => {
    const said = chosen.toString();
    history.replaceState(null, "", "#" + (path || "/summary") + (said ? "?" + said : ""));
  };

  const applyTheme = () => {
    const theme = chosen.get("theme");
    if (theme === "dark" || theme === "light") root.dataset.theme = theme; else delete root.dataset.theme;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    toggle.textContent = dark ? "Light" : "Dark";
    toggle.setAttribute("aria-label", "Switch to " + (dark ? "light" : "dark") + " colours");
  };
  const toggle = make("button", { type: "button", className: "theme" });
  toggle.addEventListener("click", () => {
    chosen.set("theme", toggle.textContent === "Dark" ? "dark" : "light");
    remember();
    applyTheme();
  });

  const openAbove = (node) => {
    for (let d = node.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
  };
  const show = (moved) => {
    const first = path.split("/")[1] || "summary";
    const name = ways[first] || first;
    const all = name === "all";
    const target = document.getElementById(path.startsWith("/") ? path : "/" + path) || document.getElementById(path);
    let page = names.includes(name) ? pages[names.indexOf(name)] : target && target.closest("section.page");
    if (path === "main") page = pages.find((p) => p.classList.contains("current"));
    page = page || pages[0];
    root.classList.toggle("paged", !all);
    for (const p of pages) p.classList.toggle("current", p === page);
    for (const a of links) {
      if (!all && a.dataset.page === page.id.slice(1)) a.setAttribute("aria-current", "page"); else a.removeAttribute("aria-current");
    }
    document.title = page.querySelector("h2").textContent + " \u2013 " + base;
    if (target && target !== page && page.contains(target)) {
      openAbove(target);
      if (target.tagName === "DETAILS") target.open = true;
      target.scrollIntoView({ block: "start" });
      target.classList.add("hit");
      setTimeout(() => target.classList.remove("hit"), 2500);
      if (!target.hasAttribute("tabindex")) target.tabIndex = -1;
      target.focus({ preventScroll: true });
    } else if (moved && path !== "main") {
      const nav = document.querySelector(".frame").getBoundingClientRect().top + scrollY;
      if (scrollY > nav) scrollTo(0, nav);
      page.querySelector("h2").focus({ preventScroll: true });
    }
  };

  // Filters: one labelled box above a table, the count said in a live region, the words kept in the hash.
  const filterOf = (table) => {
    const rows = [...table.tBodies[0].rows];
    if (rows.length < 6) return;
    const box = make("input", { type: "search", autocomplete: "off", spellcheck: false });
    const label = make("label", {}, make("span", {}, "Filter rows", make("span", { className: "vh", textContent: " of " + table.dataset.filter })), box);
    const count = make("output", { className: "count" });
    const texts = rows.map((r) => r.textContent.toLowerCase());
    const apply = () => {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((r, n) => {
        r.hidden = !words.every((w) => texts[n].includes(w));
        shown += !r.hidden;
      });
      count.textContent = shown === rows.length ? rows.length + " rows" : shown + " of " + rows.length + " rows";
    };
    box.value = chosen.get(table.id) || "";
    let timer = 0;
    box.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        apply();
        if (box.value) chosen.set(table.id, box.value); else chosen.delete(table.id);
        remember();
      }, 120);
    });
    count.setAttribute("aria-live", "polite");
    table.closest(".scroll").before(make("div", { className: "filter" }, label, count));
    apply();
  };

  // Sorting: a button in each heading; numbers by their exact value, words by the alphabet.
  const sortOf = (table) => {
    const body = table.tBodies[0];
    if (body.rows.length < 3) return;
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      if (!head.textContent.trim() || head.querySelector(".vh")) return;
      const button = make("button", { type: "button", className: "sort" });
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") === (head.classList.contains("n") ? "descending" : "ascending");
        const down = head.classList.contains("n") ? !up : up;
        for (const h of heads) h.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const key = (row) => {
          const cell = row.cells[column];
          const exact = cell.dataset.v ?? cell.textContent.replace(/,/g, "");
          return Number.isNaN(Number.parseFloat(exact)) ? cell.textContent.trim() : Number.parseFloat(exact);
        };
        const pairs = [...body.rows].map((row) => [key(row), row]);
        pairs.sort(([a], [b]) => (typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -1 : 1) * (down ? -1 : 1));
        body.append(...pairs.map(([, row]) => row));
      });
    });
  };

  // The drawing: choosing a name shows what it depends on and what depends on it.
  const focusGraph = (drawn) => {
    const said = make("output", { className: "count" });
    said.setAttribute("aria-live", "polite");
    drawn.closest(".scroll").before(make("p", { className: "filter" }, make("span", { textContent: "Choose a name to see only what it touches." }), said));
    drawn.setAttribute("role", "group");
    const nodes = [...drawn.querySelectorAll(".node")];
    const edges = [...drawn.querySelectorAll(".edge")];
    let current = null;
    const choose = (node) => {
      current = current === node ? null : node;
      drawn.classList.toggle("focused", Boolean(current));
      const id = current && current.dataset.id;
      const near = new Set([id]);
      let on = 0;
      let by = 0;
      for (const e of edges) {
        const hit = Boolean(current) && (e.dataset.from === id || e.dataset.to === id);
        e.classList.toggle("near", hit);
        if (!hit) continue;
        near.add(e.dataset.from).add(e.dataset.to);
        if (e.dataset.from === id) on += 1; else by += 1;
      }
      for (const n of nodes) {
        n.classList.toggle("near", Boolean(current) && near.has(n.dataset.id));
        n.setAttribute("aria-pressed", String(n === current));
      }
      said.textContent = current ? current.querySelector("text").textContent + ": depends on " + on + ", " + by + " depend on it" : "";
    };
    for (const n of nodes) {
      n.setAttribute("role", "button");
      n.setAttribute("tabindex", "0");
      n.setAttribute("aria-label", n.querySelector("title").textContent);
      n.addEventListener("click", () => choose(n));
      n.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(n); }
        if (event.key === "Escape" && current) choose(current);
      });
    }
  };

  root.classList.add("js");
  const tools = make("div", { className: "tools" }, toggle, make("a", { href: "#/all", textContent: "All on one page" }));
  document.querySelector("nav.pages").append(tools);
  document.querySelectorAll("table[data-filter]").forEach(filterOf);
  document.querySelectorAll("table[data-sort]").forEach(sortOf);
  const drawn = document.getElementById("drawn");
  if (drawn) focusGraph(drawn);
  const data = document.getElementById("result").textContent;
  if (data) {
    const save = make("button", { type: "button", className: "save", textContent: "Save this result as JSON" });
    save.addEventListener("click", () => {
      const link = make("a", { href: URL.createObjectURL(new Blob([data], { type: "application/json" })), download: "stocktake.json" });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
    document.getElementById("save").append(save);
  }
  const closed = [];
  addEventListener("beforeprint", () => document.querySelectorAll("details:not([open], .rule, .words)").forEach((d) => { d.open = true; closed.push(d); }));
  addEventListener("afterprint", () => closed.splice(0).forEach((d) => { d.open = false; }));
  addEventListener("hashchange", () => {
    const theme = chosen.get("theme");
    [path, chosen] = parse();
    if (theme && !chosen.has("theme")) { chosen.set("theme", theme); remember(); }
    applyTheme();
    show(true);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", applyTheme);
  applyTheme();
  show(false);
})();
