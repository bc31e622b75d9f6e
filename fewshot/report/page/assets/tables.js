// Tables: sorting, unfolding, copying.

/** Makes the headers of a table of systems sort it. Each system is a body of its own, so that what unfolds goes along. */
function startTable(table) {
  for (const button of table.querySelectorAll("[data-sort]")) {
    button.addEventListener("click", () => sortBy(table, button));
  }
  for (const button of table.querySelectorAll(".unfold")) {
    const more = button.closest("tbody").querySelector(".more");
    button.addEventListener("click", () => {
      more.hidden = !more.hidden;
      button.setAttribute("aria-expanded", String(!more.hidden));
    });
  }
}

/** Shows all columns, or those that fit. */
function startColumns(box) {
  const table = box.closest("section").querySelector("table.systems");
  box.addEventListener("change", () => table.classList.toggle("all-columns", box.checked));
}

/** Sorts by a column: numbers the largest first, words by the alphabet, what has no value last; once more turns round. */
function sortBy(table, button) {
  const column = Number(button.dataset.sort) + 1;
  const header = button.closest("th");
  const numbers = header.classList.contains("number");
  const before = header.getAttribute("aria-sort");
  const order = before === "none" ? (numbers ? "descending" : "ascending") : before === "ascending" ? "descending" : "ascending";
  for (const other of table.querySelectorAll("[aria-sort]")) other.setAttribute("aria-sort", "none");
  header.setAttribute("aria-sort", order);
  const valueOf = (body) => body.rows[0].cells[column].dataset.value;
  const compare = (one, other) => {
    const [a, b] = [valueOf(one), valueOf(other)];
    if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
    const bothNumbers = !Number.isNaN(Number(a)) && !Number.isNaN(Number(b));
    const difference = bothNumbers ? Number(a) - Number(b) : a.localeCompare(b, "en", { numeric: true });
    return order === "ascending" ? difference : -difference;
  };
  table.append(...[...table.tBodies].sort(compare));
}

/** Puts a text on the clipboard, and says so on the button. */
async function copy(text, button) {
  const name = button.textContent;
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    done = copyBySelection(text);
  }
  button.textContent = done ? "Copied" : "Not allowed";
  setTimeout(() => { button.textContent = name; }, 1500);
}

/** The old way, for browsers that keep the clipboard from pages on disk. */
function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

/** Offers a text as a file. */
function download(text, name, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Offers a picture as a file of its own, in the colours of paper. */
function savePicture(figure) {
  const picture = figure.querySelector("svg").cloneNode(true);
  const style = document.createElementNS("http://www.w3.org/2000/svg", "style");
  style.textContent = document.getElementById("picture-style").textContent;
  picture.prepend(style);
  download(new XMLSerializer().serializeToString(picture), `${figure.dataset.name}.svg`, "image/svg+xml");
}
