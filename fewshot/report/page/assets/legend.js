// A legend with lanes below each of its lines: one for the gold value, one for each system, marks where spans are.

const LANE = 15; // pixels from one lane to the next
const SAME_LINE = 8; // pixels by which the boxes of one line may differ in height

/** A figure of a legend. `lanes`: `{letter, title, marks: [{start, end, text, title, classes}]}`. */
function legendFigure(example, lanes) {
  const text = make("span", { class: "legend-text" }, example.text);
  const marks = make("div", { class: "lanes", "aria-hidden": "true" });
  const figure = make("div", { class: "legend", lang: "en" }, text, marks);
  figure.style.setProperty("--lanes", lanes.length);
  figure.redraw = () => marks.replaceChildren(...drawnLanes(figure, text, lanes));
  figure.onPaper = () => paperLines(example, text, lanes);
  new ResizeObserver(figure.redraw).observe(figure);
  return figure;
}

/**
 * The same for paper: a figure for each line as it is broken now, since a page may end between any two of them and
 * marks would not move along.
 */
function paperLines(example, text, lanes) {
  return linesOf(nodePlaces(text), example.text).map(({ start, end }) => {
    const cut = lanes.map((lane) => ({
      ...lane,
      marks: lane.marks
        .filter((mark) => mark.start < end && mark.end > start)
        .map((mark) => ({ ...mark, start: Math.max(mark.start, start) - start, end: Math.min(mark.end, end) - start })),
    }));
    return legendFigure({ text: example.text.slice(start, end) }, cut);
  });
}

/** Where the lines of a text begin and end, as the browser broke them: between two words, or within a very long one. */
function linesOf(places, text) {
  const lines = [];
  let bottom = null;
  const look = (start, end) => {
    const box = lineBoxes(rangeOf(places, start, Math.min(end, start + 1)))[0];
    if (!box) return;
    if (bottom === null || Math.abs(box.bottom - bottom) > SAME_LINE) lines.push({ start, end });
    lines[lines.length - 1].end = end;
    bottom = box.bottom;
  };
  for (const word of text.matchAll(/\s*\S+\s*/g)) {
    const start = word.index + word[0].search(/\S/);
    if (word[0].length < 40) look(start, word.index + word[0].length);
    else for (let at = start; at < word.index + word[0].length; at += 1) look(at, at + 1);
  }
  return lines;
}

/** Marks of all lanes, placed where the browser put the characters, and the lanes' letters where a line has marks. */
function drawnLanes(figure, text, lanes) {
  const frame = figure.getBoundingClientRect();
  const places = nodePlaces(text);
  const marked = [];
  const bars = lanes.flatMap((lane, number) =>
    lane.marks.flatMap((mark) =>
      lineBoxes(rangeOf(places, mark.start, mark.end)).map((box, place) => {
        marked.push(box.bottom);
        return barOf(mark, box, place === 0, frame, number);
      })));
  const lines = lineBoxes(rangeOf(places, 0, places.length));
  const letters = lines
    .filter((line) => marked.some((bottom) => Math.abs(bottom - line.bottom) < SAME_LINE))
    .flatMap((line) => lanes.map((lane, number) => {
      const letter = make("b", { title: lane.title }, lane.letter);
      letter.style.top = `${line.bottom - frame.top + number * LANE}px`;
      return letter;
    }));
  return [...letters, ...bars];
}

/** The bar of a mark on one line; its text where it fits, at the first line only. */
function barOf(mark, box, first, frame, number) {
  const width = box.right - box.left;
  const fits = first && width >= 6 * mark.text.length + 4;
  const bar = make("i", { class: mark.classes, title: mark.title }, fits ? mark.text : "");
  bar.style.left = `${box.left - frame.left}px`;
  bar.style.width = `${Math.max(4, width - 1)}px`;
  bar.style.top = `${box.bottom - frame.top + number * LANE}px`;
  return bar;
}

/** For each offset of the text the node that holds it. A control character is shown as a mark of several letters. */
function nodePlaces(text) {
  const runs = [];
  let length = 0;
  for (const child of text.childNodes) {
    const mark = child.nodeType === Node.ELEMENT_NODE;
    const size = mark ? (child.textContent.startsWith("\\U") ? 2 : 1) : child.length;
    runs.push({ start: length, end: length + size, node: child, mark });
    length += size;
  }
  return { runs, length };
}

function rangeOf(places, start, end) {
  const range = document.createRange();
  const first = places.runs.find((run) => start < run.end) ?? places.runs[places.runs.length - 1];
  const last = places.runs.find((run) => end <= run.end) ?? places.runs[places.runs.length - 1];
  if (first.mark) range.setStartBefore(first.node);
  else range.setStart(first.node, start - first.start);
  if (last.mark) range.setEndAfter(last.node);
  else range.setEnd(last.node, end - last.start);
  return range;
}

/** The boxes of a range, one for each line that it touches. */
function lineBoxes(range) {
  const boxes = [];
  for (const rect of range.getClientRects()) {
    if (rect.width === 0) continue;
    const last = boxes[boxes.length - 1];
    if (last && Math.abs(last.bottom - rect.bottom) < SAME_LINE) {
      last.left = Math.min(last.left, rect.left);
      last.right = Math.max(last.right, rect.right);
    } else boxes.push({ left: rect.left, right: rect.right, bottom: rect.bottom });
  }
  return boxes;
}
