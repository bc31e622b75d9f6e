// Elements are made here and nowhere else, of text and of other elements: nothing is ever read as HTML.

/** What a page would obey instead of showing it: the same characters as in fewshot/text/visible.py. */
const OBEYED =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufff9-\ufffb\u{e0000}-\u{e007f}\ud800-\udfff]/u;

/** The escape of a control character, as fewshot/text/visible.py writes it. */
function escapeOf(sign) {
  const code = sign.codePointAt(0);
  if (code === 13) return "\\r";
  if (code < 0x100) return "\\x" + code.toString(16).padStart(2, "0");
  return code < 0x10000 ? "\\u" + code.toString(16).padStart(4, "0") : "\\U" + code.toString(16).padStart(8, "0");
}

/** A text as nodes: control characters become marks that can be read, everything else is text. */
function textNodes(text) {
  if (!OBEYED.test(text)) return [document.createTextNode(text)];
  const nodes = [];
  for (const piece of text.split(new RegExp(`(${OBEYED.source})`, "u"))) {
    if (!piece) continue;
    if (OBEYED.test(piece)) {
      const mark = document.createElement("span");
      mark.className = "control";
      mark.textContent = escapeOf(piece);
      nodes.push(mark);
    } else nodes.push(document.createTextNode(piece));
  }
  return nodes;
}

/** A text on one line without control characters, for attributes. */
function plain(text) {
  return text.replace(new RegExp(OBEYED.source, "gu"), escapeOf);
}

/**
 * An element. Properties that begin with "on" are listeners, `false` and `null` leave an attribute out; children are
 * nodes, texts, or lists of these.
 */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : plain(String(value)));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    if (child instanceof Node) element.append(child);
    else element.append(...textNodes(String(child)));
  }
  return element;
}

/** "1 error", "3 errors". */
function counted(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
