// The examples of a part as they lie in the page: unpacked once, with offsets as JavaScript counts them.

/** The value of a data element: base64 of a zlib stream of JSON (fewshot/report/page/embedding.py). */
async function unpack(element) {
  const bytes = Uint8Array.from(atob(element.textContent.trim()), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

/** A part with everything that filters and lists ask for, computed once. */
function prepared(part) {
  part.lines = [];
  part.byId = new Map();
  part.shortOf = new Map(part.labels.map((label) => [label.name, label.short]));
  part.placeOf = new Map(part.labels.map((label, place) => [label.name, place]));
  part.kindOf = new Map(part.kinds.map((kind) => [kind.name, kind]));
  part.examples.forEach((example, place) => {
    for (const line of example.lines) part.lines.push(line);
    example.place = place;
    part.byId.set(example.id, example);
    countedInUtf16(example);
    example.answers.forEach((answer) => summarise(answer, part));
    example.disagree = new Set(example.answers.map((answer) => answer.key)).size > 1;
  });
  part.groups = [...new Set(part.examples.map((example) => example.group))];
  return part;
}

/** Turns offsets that count characters into offsets that count UTF-16 units, in texts where they differ. */
function countedInUtf16(example) {
  if (!/[\ud800-\udbff][\udc00-\udfff]/.test(example.text)) return;
  const offsets = [0];
  for (const sign of example.text) offsets.push(offsets[offsets.length - 1] + sign.length);
  for (const span of spansIn(example)) {
    span.start = offsets[span.start];
    span.end = offsets[span.end];
  }
}

/** Every span that an example holds: of the gold, of answers, of their faults. */
function* spansIn(example) {
  for (const value of [example.gold, ...example.answers.map((answer) => answer.value)]) {
    if (Array.isArray(value)) yield* value;
  }
  for (const answer of example.answers) {
    for (const fault of answer.faults) yield* [...fault.gold, ...fault.predicted].filter((span) => "start" in span);
  }
}

/** What filters ask about an answer. */
function summarise(answer, part) {
  const parts = Array.isArray(answer.value) ? answer.value : Object.values(answer.value ?? {}).flat();
  const sure = parts.map((one) => one.confidence).filter((confidence) => confidence !== undefined);
  answer.parts = parts;
  answer.key = valueKey(answer.value);
  answer.least = sure.length ? Math.min(...sure) : null;
  answer.near = parts.some((one) => one.match === "near");
  answer.malformed = Object.keys(answer.problems).length > 0;
  answer.errors = answer.faults.filter((fault) => fault.scored).length;
  for (const fault of answer.faults) Object.assign(fault, part.kindOf.get(fault.kind));
}

/** Equal for equal values. */
function valueKey(value) {
  const one = (part) => [part.start, part.end, part.label, part.role, part.labels, part.text].join("\u0001");
  if (value === null) return "";
  if (Array.isArray(value)) return value.map(one).join("\u0002");
  return Object.values(value).map((members) => members.map(one).sort().join("\u0002")).join("\u0003");
}

/** A recorded prompt, turn by turn: `[role, text]`. */
function promptOf(answer, part) {
  return answer.prompt.map(([role, numbers]) => [role, numbers.map((number) => part.lines[number]).join("\n")]);
}
