// One example: its legend with lanes, what every system says of each span, what had no place, prompts and answers.

/** The pane of an example. `shown`: the places of the systems that are drawn. */
function detail(example, part, shown) {
  const systems = shown.map((place) => ({ system: part.systems[place], answer: example.answers[place] }));
  const spans = Array.isArray(example.gold) || systems.some(({ answer }) => Array.isArray(answer.value));
  return [
    spans
      ? legendFigure(example, lanesOf(example, part, systems))
      : [make("p", { class: "plain-legend" }, example.text), hypothesisTable(example, systems)],
    notPlaced(systems),
    spans ? spanTable(example, part, systems) : null,
    make("div", { class: "answers" }, systems.map((one) => answerBlock(one, part))),
  ];
}

/** A lane for the gold value, if there is one, and one for each system. */
function lanesOf(example, part, systems) {
  const lanes = [];
  if (example.gold !== null) {
    const marks = example.gold.map((span, place) => mark(span, part, null, "gold", place));
    lanes.push({ letter: "gold", title: "gold", marks });
  }
  for (const { system, answer } of systems) {
    const faults = faultsBySpan(answer);
    const marks = (answer.value ?? []).map((span, place) =>
      mark(span, part, faults.get(spanKey(span)), example.gold === null ? "gold" : "right", place),
    );
    for (const fault of answer.faults.filter(isMissed)) marks.push(mark(fault.gold[0], part, fault, "", 0));
    lanes.push({ letter: system.letter, title: `${system.letter} ${system.name}`, marks });
  }
  return lanes;
}

/** The fault of each predicted span that is wrong. */
function faultsBySpan(answer) {
  return new Map(answer.faults.flatMap((fault) => fault.predicted.map((part) => [spanKey(part), fault])));
}

/** Whether a fault is of gold that nobody has an answer to. */
function isMissed(fault) {
  return fault.gold.length === 1 && fault.predicted.length === 0;
}

function spanKey(span) {
  return [span.start, span.end, span.label, span.role ?? ""].join("\u0001");
}

/**
 * How a span is drawn: filled where it is right, hatched with a sign where it is wrong, dotted where it is missed.
 * `place`: among the spans of its lane; panels, which lie side by side, alternate in shade.
 */
function mark(span, part, fault, state, place) {
  const name = nameOf(span, part, place);
  const missed = fault && isMissed(fault);
  const kind = fault ? (missed ? "missed" : "wrong") : state;
  const sign = fault ? `${fault.sign} ` : "";
  const sure = span.confidence === undefined ? "" : `, confidence ${span.confidence.toFixed(2)}`;
  const near = span.match === "near" ? ", near match" : "";
  return {
    start: span.start,
    end: span.end,
    text: missed ? fault.sign : sign + name.short,
    title: (fault ? `${fault.title}: ` : "") + name.long + sure + near,
    classes: `mark ${kind} hue-${name.hue}${span.match === "near" ? " near" : ""}`,
  };
}

/** The name of a span: its role or its label, or the letters of a panel. */
function nameOf(span, part, place = 0) {
  if (part.kind === "panels") {
    const letters = (span.labels ?? []).join(",") || "–";
    return { short: letters, long: `panel ${letters}`, hue: place % 2 ? "panel-odd" : "panel" };
  }
  const name = part.kind === "roles" ? span.role || "no role" : span.label;
  return { short: part.shortOf.get(name) ?? name.slice(0, 3), long: name, hue: hueOf(name, part) };
}

/** The number of a label's colour. There are nine: marks carry letters, so that two labels may share one. */
function hueOf(name, part) {
  const place = part.placeOf.get(name);
  return place === undefined ? "none" : place % 9;
}

/** A table of the spans that somebody marks: what gold and each system say of it. */
function spanTable(example, part, systems) {
  const rows = spanRows(example, systems);
  if (!rows.length) return null;
  const wrong = rows.filter((row) => row.faulty).length;
  const table = () => make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Spans" },
    make("table", { class: "spans" },
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Text"), make("th", { scope: "col" }, "Gold"),
        systems.map(({ system }) => make("th", { scope: "col", title: system.name }, system.letter)))),
      make("tbody", {}, rows.map((row) => spanRow(row, example, part)))));
  return fold(`The same as a table: ${counted(rows.length, "span")}, ${wrong} that somebody has wrong`, table);
}

/** A fold whose content is made when it is opened. */
function fold(title, content) {
  const details = make("details", { class: "fold" }, make("summary", {}, title));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(...[content()].flat());
  });
  return details;
}

/** One row for each place that gold or a system marks; a fault stands in the row of the gold span that it is about. */
function spanRows(example, systems) {
  const rows = new Map();
  const row = (span) => {
    const key = `${span.start}\u0001${span.end}`;
    if (!rows.has(key)) {
      rows.set(key, { start: span.start, end: span.end, gold: null, cells: systems.map(() => []), faulty: false });
    }
    return rows.get(key);
  };
  for (const span of example.gold ?? []) row(span).gold = span;
  systems.forEach(({ answer }, place) => {
    const faults = faultsBySpan(answer);
    for (const span of answer.value ?? []) {
      const fault = faults.get(spanKey(span));
      const at = row(fault?.gold[0] ?? span);
      at.cells[place].push({ span, fault });
      at.faulty ||= fault !== undefined;
    }
    for (const fault of answer.faults.filter(isMissed)) {
      row(fault.gold[0]).faulty = true;
      row(fault.gold[0]).cells[place].push({ span: null, fault });
    }
  });
  return [...rows.values()].sort((one, other) => one.start - other.start || one.end - other.end);
}

function spanRow(row, example, part) {
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, surface(example.text, row.start, row.end)),
    make("td", {}, row.gold ? nameOf(row.gold, part).long : "–"),
    row.cells.map((cell) => make("td", {}, cell.map(({ span, fault }) => spanCell(span, fault, row, example, part)))),
  );
}

/** What a system says of a row's place. */
function spanCell(span, fault, row, example, part) {
  if (!span) return make("span", { class: "said missed" }, `${fault.sign} ${fault.title}`);
  const elsewhere = span.start !== row.start || span.end !== row.end;
  const more = [
    nameOf(span, part).long,
    elsewhere ? `“${surface(example.text, span.start, span.end)}”` : "",
    span.confidence === undefined ? "" : span.confidence.toFixed(2),
    span.match === "near" ? "near match" : "",
  ];
  const said = more.filter(Boolean).join(" ");
  if (!fault) return make("span", { class: "said right" }, `✓ ${said}`);
  return make("span", { class: "said wrong" }, `${fault.sign} ${fault.title}: ${said}`);
}

/** A surface, its middle left out where it is as long as a sentence. */
function surface(text, start, end) {
  const cut = text.slice(start, end);
  return cut.length <= 60 ? cut : `${cut.slice(0, 36)} … ${cut.slice(-18)}`;
}

/** What systems name and no text has, each name once. */
function notPlaced(systems) {
  const some = systems.filter(({ answer }) => answer.unplaced.length > 0);
  if (!some.length) return null;
  return make(
    "section",
    { class: "unplaced" },
    make("h5", {}, "Named, and found nowhere in the legend"),
    make("ul", {}, some.map(({ system, answer }) =>
      make("li", {}, make("b", { class: "letter" }, system.letter), " ", [...tally(answer).values()].map(({ member, count, copied }) =>
        make("span", { class: "chip" }, member.text, make("small", {}, member.label, count > 1 ? ` ×${count}` : "",
          copied ? " copied from a demonstration" : "")))))),
  );
}

/** How often an answer has each name that has no place, and whether a demonstration has it. */
function tally(answer) {
  const copied = new Set(answer.faults.filter((fault) => fault.kind === "copied").flatMap((fault) => fault.predicted.map(memberKey)));
  const names = new Map();
  for (const member of answer.unplaced) {
    const key = memberKey(member);
    names.set(key, { member, count: (names.get(key)?.count ?? 0) + 1, copied: copied.has(key) });
  }
  return names;
}

/** The prompt and the answer of a system as they were recorded, made when they are asked for. */
function answerBlock({ system, answer }, part) {
  const problems = Object.entries(answer.problems).map(([kind, count]) => `${kind.replaceAll("_", " ")} ${count}`);
  return make(
    "section",
    { class: "answer" },
    make("h5", {}, make("b", { class: "letter" }, system.letter), " ", system.name,
      problems.length ? make("span", { class: "problem" }, `malformed: ${problems.join(", ")}`) : null),
    answer.outputs.length
      ? fold("Raw answer", () => answer.outputs.map((output) => make("pre", { tabindex: "0" }, output)))
      : null,
    answer.prompt.length
      ? fold("Raw prompt", () => promptOf(answer, part).map(([role, text]) =>
          make("div", {}, make("h6", {}, role), make("pre", { tabindex: "0" }, text))))
      : null,
    answer.outputs.length || answer.prompt.length ? null : make("p", { class: "quiet" }, "This system gives spans and no text."),
  );
}
