// The browser of a part's examples: filters, the list, the example that is open, and the keys.

const PAGE = 200; // rows that are listed at once

/** Builds the browser of a part inside `root`. */
function openBrowser(root, part) {
  const filters = filtersOf(part);
  const state = initialState(filters);
  const view = { part, filters, state, list: part.examples, listed: PAGE, current: null, root };
  view.shown = part.systems.map((_, place) => place);
  view.count = make("p", { class: "count", role: "status" });
  view.rows = make("ol", { class: "rows" });
  view.pane = make("article", { class: "pane", "aria-live": "off" });
  view.search = make("input", { type: "search", placeholder: "Search legends and ids ( / )",
    "aria-label": "Search legends and ids", oninput: (event) => change(view, "search", event.target.value) });
  root.append(
    make("div", { class: "side" },
      view.search,
      make("details", { class: "filters", open: true }, make("summary", {}, "Filters"), filterForm(view)),
      view.count,
      view.rows),
    view.pane,
  );
  root.addEventListener("keydown", (event) => onKey(view, event));
  refresh(view);
  return view;
}

/** A select for each filter. */
function filterForm(view) {
  const selects = Object.entries(view.filters).map(([name, filter]) =>
    make("label", { class: `filter-${name}` }, filter.title,
      make("select", { name, onchange: (event) => change(view, name, event.target.value) },
        filter.always ? null : make("option", { value: ANYTHING }, filter.blank ?? "all"),
        filter.offers.map(([value, title]) => make("option", { value }, title)))));
  const clear = make("button", { type: "reset" }, "Clear");
  const form = make("form", { class: "filter-form" }, selects, clear);
  form.addEventListener("reset", () => {
    view.search.value = "";
    Object.assign(view.state, initialState(view.filters));
    refresh(view);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  return form;
}

/** Sets filters as if they had been chosen. */
function choose(view, values) {
  view.root.querySelector("form").reset();
  for (const [name, value] of Object.entries(values)) {
    const select = view.root.querySelector(`select[name=${name}]`);
    if (select) select.value = value;
    view.state[name] = value;
  }
  refresh(view);
}

function change(view, name, value) {
  view.state[name] = value;
  view.listed = PAGE;
  refresh(view);
}

/** Lists what passes the filters; opens the first example where none of them is open. */
function refresh(view) {
  view.list = passing(view.part, view.filters, view.state);
  view.count.textContent = `${view.list.length.toLocaleString("en")} of ${counted(view.part.examples.length, "example")}`;
  drawRows(view);
  if (!view.list.includes(view.current)) show(view, view.list[0] ?? null);
}

function drawRows(view) {
  const rows = view.list.slice(0, view.listed).map((example) => rowOf(view, example));
  const rest = view.list.length - rows.length;
  if (rest > 0) {
    const more = make("button", { type: "button", onclick: () => { view.listed += PAGE; drawRows(view); } },
      `Show ${Math.min(rest, PAGE)} more`);
    rows.push(make("li", {}, more));
  }
  view.rows.replaceChildren(...rows);
}

/** A row: the id, and a square for each system, as full as its answer is right. */
function rowOf(view, example) {
  ready(example, view.part);
  const squares = example.answers.map((answer, place) => {
    const state = answer.right === null ? "unscored" : answer.right ? "right" : "wrong";
    const said = answer.right === null ? "not scored" : `${Math.round(100 * answer.share)}% right`;
    const square = make("i", { class: `square ${state}${answer.malformed ? " malformed" : ""}`,
      title: `${view.part.systems[place].letter}: ${said}${answer.malformed ? ", malformed" : ""}` });
    square.style.setProperty("--share", `${Math.round(100 * (answer.share ?? 0))}%`);
    return square;
  });
  const wrong = example.answers.flatMap((answer, place) => (answer.right === false ? [view.part.systems[place].letter] : []));
  return make("li", {},
    make("a", { href: hashOf(view.part, example), "aria-current": example === view.current ? "true" : false },
      make("span", { class: "id", title: example.id }, idParts(example)),
      make("span", { class: "squares", "aria-hidden": "true" }, squares),
      make("span", { class: "for-ears" }, wrong.length ? `wrong: ${wrong.join(", ")}` : "")));
}

/** An id in two parts, of which the first one gives way where there is no room: articles have many figures. */
function idParts(example) {
  const inArticle = example.id.startsWith(example.group) && example.id !== example.group;
  const at = inArticle ? example.group.length : 0;
  return [make("span", { class: "article" }, example.id.slice(0, at)), make("span", {}, example.id.slice(at))];
}

function hashOf(part, example) {
  return `#example/${encodeURIComponent(part.task)}/${encodeURIComponent(wellFormed(example.id))}`;
}

/** A text that can stand in an address: halves of surrogate pairs cannot. */
function wellFormed(text) {
  return text.replace(/[\ud800-\udfff]/gu, "\ufffd");
}

/** Opens an example in the pane. */
function show(view, example, focus = false) {
  view.current = example;
  for (const link of view.rows.querySelectorAll("a")) {
    const here = example !== null && link.getAttribute("href") === hashOf(view.part, example);
    if (here) {
      link.setAttribute("aria-current", "true");
      if (link.offsetParent) scrollWithin(view.rows, link);
    } else link.removeAttribute("aria-current");
  }
  if (example === null) {
    view.pane.replaceChildren(make("p", { class: "quiet" }, "No example passes these filters."));
    return;
  }
  ready(example, view.part);
  const heading = make("h4", { tabindex: "-1" }, example.id);
  view.pane.replaceChildren(
    make("header", {}, heading, paneTools(view, example)),
    example.group === example.id ? "" : make("p", { class: "quiet" }, `Article ${plain(example.group)}`),
    systemToggles(view, example),
    key(view.part),
    ...detail(example, view.part, view.shown).flat(Infinity).filter(Boolean),
  );
  if (focus) heading.focus();
}

/** Scrolls a list to one of its rows, without moving the page. */
function scrollWithin(list, row) {
  const above = row.getBoundingClientRect().top - list.getBoundingClientRect().top;
  if (above < 0 || above > list.clientHeight - row.offsetHeight) list.scrollTop += above - list.clientHeight / 2;
}

function paneTools(view, example) {
  return make("nav", { class: "tools", "aria-label": "Examples" },
    make("button", { type: "button", title: "previous (k)", onclick: () => step(view, -1) }, "←"),
    make("button", { type: "button", title: "next (j)", onclick: () => step(view, 1) }, "→"),
    make("a", { href: hashOf(view.part, example), title: "a link to this example" }, "link"));
}

/** A switch for each system, with what it did. */
function systemToggles(view, example) {
  return make("fieldset", { class: "toggles" }, make("legend", {}, "Systems shown"),
    view.part.systems.map((system, place) => {
      const answer = example.answers[place];
      const said = answer.right === null ? "" : answer.right ? "right" : counted(answer.errors, "error");
      return make("label", {},
        make("input", { type: "checkbox", checked: view.shown.includes(place), onchange: (event) => {
          view.shown = view.part.systems.map((_, at) => at)
            .filter((at) => (at === place ? event.target.checked : view.shown.includes(at)));
          show(view, example);
        } }),
        make("b", { class: "letter" }, system.letter), " ", system.name, " ",
        make("small", { class: answer.right === false ? "wrong" : "right" }, said));
    }));
}

/** What colours, letters and signs of the lanes mean. */
function key(part) {
  const labels = part.kind === "panels" || part.kind === "hypothesis" ? [] : part.labels;
  const kinds = part.kinds.filter((kind) => kind.drawn);
  return make("details", { class: "lane-key", open: true }, make("summary", {}, "Key"),
    make("ul", {},
      labels.map((label) => make("li", {}, make("i", { class: `mark gold hue-${hueOf(label.name, part)}` }, label.short), label.name)),
      kinds.map((kind) => make("li", {}, make("i", { class: `mark ${kind.name === "missed" ? "missed" : "wrong hue-none"}` }, kind.sign),
        kind.title))));
}

function step(view, by) {
  const place = view.list.indexOf(view.current) + by;
  if (place < 0 || place >= view.list.length) return;
  if (place >= view.listed) {
    view.listed += PAGE;
    drawRows(view);
  }
  location.hash = hashOf(view.part, view.list[place]);
}

/** j and k go on and back, / searches; none of them while something is written. */
function onKey(view, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input[type=search]")) {
    if (event.key === "Escape") view.pane.querySelector("h4")?.focus();
    return;
  }
  if (event.target.matches("select, input, textarea")) return;
  const keys = { j: () => step(view, 1), k: () => step(view, -1), "/": () => view.search.focus() };
  if (keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
}
