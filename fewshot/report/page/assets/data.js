// The examples of a part as they lie in the page: unpacked once, with offsets as JavaScript counts them.

/** The value of a data element: base64 of a zlib stream of JSON (fewshot/report/page/embedding.py). */
async function unpack(element) {
  const packed = atob(element.textContent.trim());
  const bytes = new Uint8Array(packed.length);
  for (let at = 0; at < packed.length; at += 1) bytes[at] = packed.charCodeAt(at); // four times as fast as Uint8Array.from
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

/** A part with what its filters and its list need to know. */
function prepared(part) {
  part.lines = part.examples.flatMap((example) => example.lines);
  part.shortOf = new Map(part.labels.map((label) => [label.name, label.short]));
  part.placeOf = new Map(part.labels.map((label, place) => [label.name, place]));
  part.groups = [...new Set(part.examples.map((example) => example.group))];
  return part;
}

/** An example with its values as spans and its faults with their parts: made when it is first looked at. */
function ready(example, part) {
  if (example.ready) return example;
  example.ready = true;
  const offsets = offsetsOf(example.text);
  example.gold = valueOf(example.gold, part, offsets);
  for (const answer of example.answers) {
    answer.value = valueOf(answer.value, part, offsets, answer.sure);
    answer.faults = answer.faults.map((packed) => faultOf(packed, example.gold, answer, part));
    summarise(answer, partsOf(example.gold).length);
  }
  example.disagree = new Set(example.answers.map((answer) => answer.key)).size > 1;
  return example;
}

/** A value of spans from three numbers a span: gap, length, feature (packing.py). A hypothesis is as it was. */
function valueOf(packed, part, offsets, sure) {
  if (!Array.isArray(packed)) return packed;
  const spans = [];
  let end = 0;
  for (let at = 0; at < packed.length; at += 3) {
    const start = end + packed[at];
    end = start + packed[at + 1];
    const span = { ...part.features[packed[at + 2]], start: offsets ? offsets[start] : start, end: offsets ? offsets[end] : end };
    const confidence = sure?.[spans.length];
    if (confidence !== undefined && confidence !== null) span.confidence = confidence / 1000;
    spans.push(span);
  }
  return spans;
}

/** For each offset that counts characters the one that counts UTF-16 units; null where they are the same. */
function offsetsOf(text) {
  if (!/[\ud800-\udbff][\udc00-\udfff]/.test(text)) return null;
  const offsets = [0];
  for (const sign of text) offsets.push(offsets[offsets.length - 1] + sign.length);
  return offsets;
}

/** The parts of a value in order; those of a hypothesis with their role. */
function partsOf(value) {
  if (value === null || Array.isArray(value)) return value ?? [];
  return Object.entries(value).flatMap(([role, members]) => members.map((member) => ({ ...member, role })));
}

/** A fault with its parts, and with the title and the sign of its kind. */
function faultOf([kind, ours, theirs, scored = 1], gold, answer, part) {
  const [of, said] = [partsOf(gold), [...partsOf(answer.value), ...answer.unplaced]];
  const { name, title, sign } = part.kinds[kind];
  return { kind: name, title, sign, scored: scored === 1, gold: ours.map((at) => of[at]), predicted: theirs.map((at) => said[at]) };
}

/** What filters and lists ask about an answer. `share`: of gold and predicted parts those that are right, its F1. */
function summarise(answer, gold) {
  answer.parts = partsOf(answer.value);
  const sure = answer.parts.map((one) => one.confidence).filter((confidence) => confidence !== undefined);
  answer.least = sure.length ? Math.min(...sure) : null;
  answer.near = answer.parts.some((one) => one.match === "near");
  answer.malformed = Object.keys(answer.problems).length > 0;
  answer.errors = answer.faults.filter((fault) => fault.scored).length;
  const wrong = answer.faults.filter((fault) => fault.scored).flatMap((fault) => fault.predicted).length;
  const all = gold + answer.parts.length;
  answer.share = answer.right ? 1 : all ? (2 * (answer.parts.length - wrong)) / all : 0;
  answer.key = valueKey(answer.parts);
}

/** Equal for equal values. */
function valueKey(parts) {
  return parts.map((one) => [one.start, one.end, one.label, one.role, one.labels, one.text].join("\u0001")).sort().join("\u0002");
}

/** A recorded prompt, turn by turn: `[role, text]`. */
function promptOf(answer, part) {
  return answer.prompt.map(([role, numbers]) => [role, numbers.map((number) => part.lines[number]).join("\n")]);
}
