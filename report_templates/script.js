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

  // One asset and its neighbours, drawn anew for every choice: columns by distance, dependants left.
  const SVG = "http://www.w3.org/2000/svg";
  const draw = (tag, props, ...children) => {
    const node = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(props)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };
  const cutTo = (text, most) => (text.length <= most ? text : text.slice(0, Math.ceil(most * 0.62)) + "\u2026" + text.slice(text.length - Math.floor(most * 0.33)));
  const STATUS = { scanned: "scanned", seen: "seen, not scanned", referenced: "referred to, never scanned", known: "in the register, never seen", dead: "dead" };
  const SURE = ["declared", "parsed", "inferred"];
  const ROWS = 24;
  const MOST = 600;

  // What is within reach of a node: breadth first, edges of the map for a place of the map, single edges for the rest.
  const reach = (data, start, want) => {
    const level = new Map([[start, 0]]);
    const edges = [];
    const met = new Set();
    const left = [...Array(2 * want.depth + 1)].map(() => ROWS);
    let more = 0;
    const fits = (edge) => (want.sure === "" || SURE.indexOf(edge[3]) <= SURE.indexOf(want.sure)) && (want.kind === "" || edge[2].split(", ").some((k) => k.replace(/^[\d,]+ /, "") === want.kind));
    const step = (side, table, other) => {
      let ring = [start];
      for (let d = 1; d <= want.depth; d += 1) {
        const next = [];
        for (const node of ring) for (const n of table[node] || []) {
          const edge = data.edges[n];
          if (!fits(edge)) continue;
          const far = edge[other];
          if (!level.has(far)) {
            if (left[want.depth + side * d] <= 0) { more += 1; continue; }
            left[want.depth + side * d] -= 1;
            level.set(far, side * d);
            next.push(far);
          }
          if (edges.length < MOST && !met.has(n)) { met.add(n); edges.push(n); }
        }
        ring = next;
      }
    };
    const tables = data.nodes[start][4] && data.grouped.has(start) ? data.map : data.single;
    if (want.way !== "by") step(1, tables.out, 1);
    if (want.way !== "on") step(-1, tables.into, 0);
    for (const node of level.keys()) for (const n of tables.out[node] || []) {
      if (edges.length < MOST && !met.has(n) && level.has(data.edges[n][1]) && level.get(data.edges[n][1]) !== level.get(node) && fits(data.edges[n])) edges.push(n);
    }
    return { level, edges, more };
  };

  const columnsOf = (data, found, depth) => {
    const columns = [...Array(2 * depth + 1)].map(() => []);
    for (const [node, at] of found.level) columns[at + depth].push(node);
    const used = columns.filter((c) => c.length);
    const place = new Map();
    const settle = () => used.forEach((c) => c.forEach((n, row) => place.set(n, (row + 0.5) / c.length)));
    used.forEach((c) => c.sort((a, b) => (data.nodes[a][1] < data.nodes[b][1] ? -1 : 1)));
    settle();
    for (let sweep = 0; sweep < 4; sweep += 1) {
      for (const column of sweep % 2 ? used : [...used].reverse()) {
        const mean = new Map(column.map((n) => {
          const near = found.edges.map((e) => data.edges[e]).filter((e) => e[0] === n || e[1] === n).map((e) => place.get(e[0] === n ? e[1] : e[0])).filter((y) => y !== undefined);
          return [n, near.length ? near.reduce((x, y) => x + y, 0) / near.length : place.get(n)];
        }));
        column.sort((a, b) => mean.get(a) - mean.get(b) || a - b);
        settle();
      }
    }
    return used;
  };

  const picture = (data, found, depth, start, pick, choose) => {
    const columns = columnsOf(data, found, depth);
    const wide = Math.max(576, Math.min(1080, columns.length * 300));
    const width = wide / columns.length;
    const room = Math.min(width - 56, 244);
    const tallest = Math.max(...columns.map((c) => c.length));
    const at = new Map();
    columns.forEach((column, c) => column.forEach((node, row) => at.set(node, [4 + c * width, 22 + (row + (tallest - column.length) / 2) * 44])));
    const lines = found.edges.map((n) => {
      const [from, to, kind, sure, count] = data.edges[n];
      const [[x1, y1], [x2, y2]] = [at.get(from), at.get(to)];
      let path;
      if (x1 === x2) { const out = x1 + room + Math.min(44, 14 + Math.abs(y2 - y1) / 5); path = `M${x1 + room} ${y1}C${out} ${y1} ${out} ${y2} ${x1 + room + 2} ${y2}`; }
      else { const [a, b] = x2 > x1 ? [x1 + room, x2 - 2] : [x1, x2 + room + 2]; const m = (a + b) / 2; path = `M${a} ${y1}C${m} ${y1} ${m} ${y2} ${b} ${y2}`; }
      const line = draw("path", { d: path, class: "edge " + sure, "stroke-width": 1 + 0.8 * Math.log10(Math.max(1, count)), "marker-end": "url(#arrow)", "data-n": n });
      const grip = draw("path", { d: path, class: "grip" }, draw("title", {}, `${data.nodes[from][1]} depends on ${data.nodes[to][1]}: ${kind}`));
      grip.addEventListener("click", () => pick(n));
      return [line, grip];
    });
    const boxes = [...at].map(([node, [x, y]]) => {
      const [, title, kind, status] = data.nodes[node];
      const box = draw("g", { class: "node s-" + status + (node === start ? " focus" : ""), role: "button", tabindex: "0" },
        draw("title", {}, `${title} (${kind}; ${STATUS[status] || status})`),
        draw("rect", { x, y: y - 18, width: room, height: 36, rx: 2 }),
        draw("svg", { x: x + 6, y: y - 14, width: 13, height: 13, class: "mark" }, draw("use", { href: "#g-m-" + status })),
        draw("text", { x: x + 24, y: y - 3, class: "name" }, cutTo(title, Math.max(6, Math.floor((room - 30) / 7.5)))), " ",
        draw("text", { x: x + 24, y: y + 11, class: "sub" }, cutTo(kind, Math.max(6, Math.floor((room - 26) / 5.9)))));
      naming(box);
      box.addEventListener("click", () => choose(node, true));
      box.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(node, true); } });
      return box;
    });
    return draw("svg", { viewBox: `0 0 ${wide} ${tallest * 44 + 4}`, class: "deps ego", role: "group", "aria-label": `What ${data.nodes[start][1]} depends on and what depends on it`, width: wide },
      draw("g", { class: "edges" }, ...lines.flat()), ...boxes);
  };

  const panelOf = (data, edge) => {
    const [from, to, kind, sure, count, parser, evidence, detail, places, stands] = edge;
    const row = (name, ...said) => make("div", {}, make("dt", { textContent: name }), make("dd", {}, ...said));
    const lines = (texts, total) => make("ul", {}, ...texts.map((t) => make("li", {}, make("code", { textContent: t }))), ...(total > texts.length ? [make("li", { textContent: `and ${(total - texts.length).toLocaleString("en-GB")} more` })] : []));
    const list = make("dl", {}, row("Depends", data.nodes[from][1]), row("On", data.nodes[to][1]), row("Kind", kind), row("Confidence", sure));
    if (stands.length) {
      list.append(row("Evidence", lines(stands.map(([k, c, , , what, quoted, said]) => `${k}, ${c}: ${said.length ? said.join(", ") : what}${quoted ? " \u2013 " + cutTo(quoted, 120) : ""}`), count)));
    } else {
      list.append(row("Evidence", ...(places.length ? [lines(places, count)] : [evidence])));
      if (parser) list.append(row("Read by", parser));
      if (detail) list.append(row("Quoted", make("code", { textContent: detail })));
    }
    return list;
  };

  const exploring = (host, data) => {
    const table = () => ({ out: {}, into: {} });
    Object.assign(data, { map: table(), single: table(), grouped: new Set() });
    data.edges.forEach((edge, n) => {
      const kept = n < data.links ? data.map : data.single;
      (kept.out[edge[0]] ||= []).push(n);
      (kept.into[edge[1]] ||= []).push(n);
      if (kept === data.map) { data.grouped.add(edge[0]); data.grouped.add(edge[1]); }
    });
    for (const { out, into } of [data.map, data.single]) for (const side of [out, into]) {
      for (const near of Object.values(side)) near.sort((a, b) => data.edges[b][4] - data.edges[a][4] || a - b);
    }
    const field = (name, ...options) => {
      const select = make("select", {}, ...options.map(([value, text]) => make("option", { value, textContent: text })));
      return [select, make("label", {}, make("span", { textContent: name }), select)];
    };
    const names = make("datalist", { id: "explore-names" });
    const box = make("input", { type: "search", autocomplete: "off", spellcheck: false });
    box.setAttribute("list", "explore-names");
    const [depth, depthLabel] = field("Steps", ["1", "1"], ["2", "2"], ["3", "3"]);
    const [way, wayLabel] = field("Direction", ["", "both"], ["on", "what it depends on"], ["by", "what depends on it"]);
    const [sure, sureLabel] = field("Evidence", ["", "any"], ["parsed", "declared or parsed"], ["declared", "declared only"]);
    const kinds = [...new Set(data.edges.flatMap((e) => e[2].split(", ").map((k) => k.replace(/^[\d,]+ /, ""))))].sort();
    const [kind, kindLabel] = field("Kind", ["", "any"], ...kinds.map((k) => [k, k]));
    const said = make("output", { className: "count" });
    said.setAttribute("aria-live", "polite");
    const frame = make("div", { className: "scroll", tabIndex: 0 });
    frame.setAttribute("role", "region");
    frame.setAttribute("aria-label", "Neighbours");
    const list = make("ul", { className: "pick" });
    const panel = make("div", { className: "panel", hidden: true });
    panel.setAttribute("aria-live", "polite");
    host.append(make("h3", { textContent: "One asset and its neighbours" }),
      make("div", { className: "filter" }, make("label", {}, make("span", { textContent: "Start at" }), box), names, depthLabel, wayLabel, sureLabel, kindLabel, said), frame, panel, list);
    const fields = { steps: depth, way, sure, of: kind };
    let start = 0;
    const pick = (n) => {
      panel.hidden = false;
      panel.replaceChildren(panelOf(data, data.edges[n]));
      for (const b of list.querySelectorAll("button")) b.setAttribute("aria-pressed", String(b.value === String(n)));
      for (const e of frame.querySelectorAll(".edge")) e.classList.toggle("near", e.dataset.n === String(n));
    };
    const apply = () => {
      const want = { depth: Number(depth.value), way: way.value, sure: sure.value, kind: kind.value };
      const found = reach(data, start, want);
      frame.replaceChildren(picture(data, found, want.depth, start, pick, choose));
      panel.hidden = true;
      const shown = found.edges.slice(0, 40);
      list.replaceChildren(...shown.map((n) => {
        const edge = data.edges[n];
        const button = make("button", { type: "button", value: n, textContent: `${data.nodes[edge[0]][1]} \u2192 ${data.nodes[edge[1]][1]}: ${edge[2]}` });
        button.setAttribute("aria-pressed", "false");
        button.addEventListener("click", () => pick(n));
        return make("li", {}, button);
      }));
      const many = (n) => n.toLocaleString("en-GB");
      said.textContent = `${many(found.level.size)} of ${many(data.assets)} assets and ${many(found.edges.length)} dependencies shown` + (found.more ? `, ${many(found.more)} more do not fit` : "");
    };
    const choose = (node, moved) => {
      start = node;
      box.value = data.nodes[node][1];
      if (moved) { chosen.set("at", data.nodes[node][0]); remember(); }
      apply();
      if (moved) frame.querySelector(".node.focus").focus({ preventScroll: true });
    };
    const fill = () => {
      const words = box.value.toLowerCase();
      const near = data.nodes.filter((n) => n[1].toLowerCase().includes(words) || n[0].toLowerCase().includes(words)).slice(0, 20);
      names.replaceChildren(...near.map((n) => make("option", { value: n[0] === n[1] ? n[1] : n[0], label: n[1] })));
    };
    box.addEventListener("input", () => {
      fill();
      const words = box.value.toLowerCase();
      const exact = data.nodes.findIndex((n) => n[0].toLowerCase() === words || n[1].toLowerCase() === words);
      if (exact >= 0 && exact !== start) { start = exact; chosen.set("at", data.nodes[exact][0]); remember(); apply(); }
    });
    for (const [name, select] of Object.entries(fields)) {
      if (chosen.has(name) && [...select.options].some((o) => o.value === chosen.get(name))) select.value = chosen.get(name);
      select.addEventListener("change", () => { chosen.set(name, select.value); remember(); apply(); });
    }
    const busiest = () => {
      const degree = data.nodes.map((_, n) => (data.map.out[n] || []).length + (data.map.into[n] || []).length);
      return degree.indexOf(Math.max(...degree));
    };
    const asked = data.nodes.findIndex((n) => n[0] === chosen.get("at"));
    fill();
    choose(asked >= 0 ? asked : busiest(), false);
    return (id) => {
      const node = data.nodes.findIndex((n) => n[0] === id);
      if (node < 0) return;
      choose(node, true);
      host.scrollIntoView({ block: "start" });
    };
  };

  // A box's name begins with what is written on it, cut as it may be; the whole of it follows.
  const naming = (box) => box.setAttribute("aria-label", [...box.querySelectorAll("text")].map((t) => t.textContent).join(" ") + "; " + box.querySelector("title").textContent);

  // The map: a place chosen there is looked at below; the pointer shows its ways.
  const living = (drawn, open) => {
    drawn.setAttribute("role", "group");
    const edges = [...drawn.querySelectorAll(".edge")];
    for (const node of drawn.querySelectorAll(".node")) {
      node.setAttribute("role", "button");
      node.setAttribute("tabindex", "0");
      naming(node);
      const mark = (on) => { for (const e of edges) e.classList.toggle("near", on && (e.dataset.from === node.dataset.id || e.dataset.to === node.dataset.id)); };
      for (const event of ["pointerenter", "focus"]) node.addEventListener(event, () => mark(true));
      for (const event of ["pointerleave", "blur"]) node.addEventListener(event, () => mark(false));
      node.addEventListener("click", () => open(node.dataset.id));
      node.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(node.dataset.id); } });
    }
  };

  root.classList.add("js");
  const tools = make("div", { className: "tools" }, toggle, make("a", { href: "#/all", textContent: "All on one page" }));
  document.querySelector("nav.pages").append(tools);
  document.querySelectorAll("table[data-filter]").forEach(filterOf);
  document.querySelectorAll("table[data-sort]").forEach(sortOf);
  const drawn = document.getElementById("estate-map");
  if (drawn) living(drawn, exploring(document.getElementById("explore"), JSON.parse(document.getElementById("graph").textContent)));
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
