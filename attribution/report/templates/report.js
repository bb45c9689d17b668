(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const text = (number) => data.texts[number];

  // Everything from the data becomes text, never markup.
  const make = (tag, settings = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(settings)) {
      if (name === "style") Object.assign(made.style, value);
      else if (name === "class") made.className = value;
      else made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
  };
  const head = (...titles) =>
    make("thead", {}, make("tr", {}, ...titles.map(([title, kind]) =>
      make("th", { scope: "col", class: kind || "" }, title))));

  const chances = (entry) => make("table", { class: "chances" },
    head(["Actor"], ["0 to 100 %", "plot"], ["Estimate", "num"], ["90 % interval", "num"], ["In words"]),
    make("tbody", {}, ...entry.chances.map(([name, chance, interval, words, p, low, width]) =>
      make("tr", {},
        make("th", { scope: "row" }, text(name)),
        make("td", { class: "plot" }, make("span", { class: "track", "aria-hidden": "true" },
          make("span", { class: "range", style: { left: `${low}%`, width: `${width}%` } }),
          make("span", { class: "dot", style: { left: `${p}%` } }))),
        make("td", { class: "num strong" }, chance),
        make("td", { class: "num" }, interval),
        make("td", { "data-label": "in words" }, text(words))))));

  const evidence = (entry, place) => make("table", { class: "evidence" },
    head(["Kind"], ["What"], ["Against ← → for", "fall"], ["Decibans", "num"], ["90 % interval", "num"]),
    make("tbody", {}, ...entry.pieces.map(([kind, what, decibans, interval, way, left, width, sources]) =>
      make("tr", { class: way === 2 ? "total" : "" },
        make("td", { class: "kind" }, text(kind)),
        make("td", { class: "what" }, text(what), ...sources.flatMap(([written, number]) =>
          [" ", make("a", { class: "ref", href: `#${place}-source-${number}` }, written)])),
        make("td", { class: "fall" }, make("span", { class: "floor", "aria-hidden": "true" },
          make("span", { class: "zero", style: { left: `${entry.zero}%` } }),
          make("span", {
            class: `bar ${["down", "up", "sum"][way]}`,
            style: { left: `${left}%`, width: `${width}%` },
          }))),
        make("td", { class: "num strong" }, decibans),
        make("td", { class: "num" }, interval)))));

  const sources = (entry, place) => make("ol", { class: "sources" },
    ...entry.sources.map((number, at) => {
      const [publisher, title, day, address, id] = data.sources[number];
      const item = make("li", { id: `${place}-source-${at + 1}` }, publisher);
      if (title) {
        item.append(". ");
        // The page was written with addresses of the web only; a changed file may hold others.
        const linked = /^https?:\/\//i.test(address);
        item.append(linked ? make("a", { href: address, rel: "noreferrer noopener" }, title) : title);
      }
      item.append(". ", make("span", { class: "day" }, day), ". ", make("code", {}, id));
      return item;
    }));

  const panel = (entry, place) => {
    const facts = make("dl", { class: "facts" }, ...entry.facts.map(([name, value]) =>
      make("div", {}, make("dt", {}, text(name)), make("dd", {}, text(value)))));
    const parts = [
      facts,
      make("h3", {}, "Who probably did it"),
      make("p", {}, text(entry.verdict)),
      chances(entry),
      make("p", { class: "note" },
        make("span", { class: `badge ${entry.evidence}` }, "Confidence in the evidence base"),
        " ", text(entry.confidence)),
    ];
    if (entry.status) parts.push(make("p", {}, `Not all of the input could be used: ${entry.status}.`));
    parts.push(make("h3", {}, text(entry.title)), evidence(entry, place));
    if (entry.sources.length) parts.push(make("h3", {}, "Sources"), sources(entry, place));
    if (entry.missing.length) {
      parts.push(make("h3", {}, "What is missing"),
        make("ul", {}, ...entry.missing.map((number) => make("li", {}, text(number)))));
    }
    return make("div", { class: "panel", id: place }, ...parts);
  };

  // Rows shown at first: what follows the table stays within reach.
  const PAGE = 60;

  // --- the table -----------------------------------------------------------------------------

  const table = document.getElementById("incident-table");
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row, at) => ({
    row,
    entry: data.incidents[at],
    place: `incident-${at}`,
    opened: null,
    words: null,
    keys: {
      at,
      date: row.cells[0].textContent,
      id: data.incidents[at].id,
      what: row.cells[2].textContent,
      name: row.cells[3].textContent,
      p: Number(row.dataset.p),
      evidence: ["low", "moderate", "high"].indexOf(row.cells[6].textContent),
    },
  }));

  const address = (id) => `#incident=${encodeURIComponent(id)}`;
  const toggle = (each, wanted) => {
    const open = wanted ?? !each.opened;
    if (open === Boolean(each.opened)) return;
    each.button.setAttribute("aria-expanded", String(open));
    if (open) {
      each.opened = make("tr", { class: "opened" },
        make("td", { colspan: "7" }, panel(each.entry, each.place)));
      each.row.after(each.opened);
    } else {
      each.opened.remove();
      each.opened = null;
    }
    each.row.classList.toggle("is-open", open);
    // Kept in the address, so that an incident can be passed on.
    history.replaceState(null, "", open ? address(each.entry.id) : "#incidents");
  };

  for (const each of rows) {
    if (!each.entry.pieces) continue;
    const name = each.row.querySelector(".id");
    each.button = make("button", {
      type: "button", class: "open", "aria-expanded": "false", "aria-controls": each.place,
    }, name.textContent);
    each.button.addEventListener("click", () => toggle(each));
    name.replaceChildren(each.button);
  }

  const plain = (words) => words.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const wordsOf = (each) => {
    if (each.words === null) {
      const entry = each.entry;
      const own = [...(entry.facts || []).map((fact) => text(fact[1])),
        ...(entry.pieces || []).map((piece) => text(piece[1])),
        ...(entry.sources || []).flatMap((number) => data.sources[number])];
      each.words = plain([each.row.textContent, ...own].join(" "));
    }
    return each.words;
  };

  const search = document.getElementById("search");
  const actor = document.getElementById("actor");
  const grade = document.getElementById("evidence");
  const found = document.getElementById("found");
  const more = document.getElementById("more");
  let most = PAGE;
  const filter = () => {
    const asked = plain(search.value).split(/\s+/).filter(Boolean);
    let count = 0;
    for (const each of rows) {
      const fits = (!actor.value || each.row.dataset.actor === actor.value)
        && (!grade.value || each.row.cells[6].textContent === grade.value)
        && asked.every((word) => wordsOf(each).includes(word));
      const shown = fits && count < most;
      each.row.hidden = !shown;
      if (each.opened) each.opened.hidden = !shown;
      count += fits;
    }
    found.textContent = `${count} of ${rows.length} incidents`;
    more.hidden = count <= most;
    more.textContent = `Show all ${count}`;
    document.getElementById("nothing").hidden = count > 0;
  };

  const collator = new Intl.Collator("en", { numeric: true });
  const compare = (a, b) => (typeof a === "number" ? a - b : collator.compare(a, b));
  const titles = [...table.tHead.querySelectorAll("th[data-sort]")];
  const sort = (title) => {
    const falling = title.getAttribute("aria-sort") === "ascending"
      || (!title.hasAttribute("aria-sort") && ["p", "evidence"].includes(title.dataset.sort));
    for (const other of titles) other.removeAttribute("aria-sort");
    title.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const key = title.dataset.sort;
    const sign = falling ? -1 : 1;
    rows.sort((a, b) => sign * compare(a.keys[key], b.keys[key]) || a.keys.at - b.keys.at);
    body.append(...rows.flatMap((each) => (each.opened ? [each.row, each.opened] : [each.row])));
    filter();
  };
  for (const title of titles) {
    const button = make("button", { type: "button", class: "sort" }, title.textContent);
    button.addEventListener("click", () => sort(title));
    title.replaceChildren(button);
  }

  const filters = document.getElementById("filters");
  filters.hidden = false;
  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.addEventListener("input", () => { most = PAGE; filter(); });
  more.addEventListener("click", () => { most = rows.length; filter(); });
  filter();

  const follow = () => {
    const asked = /^#incident=(.+)$/.exec(location.hash);
    if (!asked) return;
    let id = "";
    try { id = decodeURIComponent(asked[1]); } catch { return; }
    const each = rows.find((row) => row.entry.id === id && row.button);
    if (!each) return;
    search.value = actor.value = grade.value = "";
    most = rows.length;
    filter();
    toggle(each, true);
    each.row.scrollIntoView();
    each.button.focus({ preventScroll: true });
  };
  window.addEventListener("hashchange", follow);
  follow();

  // --- the charts ----------------------------------------------------------------------------

  for (const drawn of document.querySelectorAll("script.specification")) {
    const place = document.getElementById(drawn.dataset.chart);
    window.vegaEmbed(place, JSON.parse(drawn.textContent), window.chartOptions)
      .catch((error) => {
        place.replaceChildren("The chart could not be drawn; its figures stand in the tables.");
        console.error(error);
      });
  }
})();
