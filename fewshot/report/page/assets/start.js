// What happens when the page is opened.

const views = new Map(); // by task

/** Makes a part work: its table, its pictures, its examples. */
async function startPart(section) {
  section.querySelectorAll("table.systems").forEach(startTable);
  section.querySelectorAll("[data-columns]").forEach(startColumns);
  for (const button of section.querySelectorAll("[data-svg]")) {
    button.addEventListener("click", () => savePicture(button.closest("figure")));
  }
  for (const button of section.querySelectorAll("[data-command]")) {
    button.addEventListener("click", () => copy(button.parentElement.querySelector("code").textContent, button));
  }
  const root = section.querySelector(".browser");
  try {
    const data = await unpack(section.querySelector("script.data"));
    for (const button of section.querySelectorAll("[data-copy]")) {
      button.addEventListener("click", () => copy(data.copies[button.dataset.copy], button));
    }
    const view = openBrowser(root, prepared(data));
    views.set(section.dataset.task, view);
    for (const button of section.querySelectorAll("[data-first]")) {
      button.addEventListener("click", () => {
        choose(view, { first: button.dataset.first, relation: "fewer", second: button.dataset.second });
        root.scrollIntoView();
      });
    }
  } catch (error) {
    root.append(make("p", { role: "alert" }, `The examples cannot be shown: ${error.message}. They need a browser of 2023 or later.`));
  }
}

/** Shows one part, and hides the others. */
function openPart(task) {
  for (const section of document.querySelectorAll(".part")) section.hidden = section.dataset.task !== task;
  for (const link of document.querySelectorAll(".parts a")) {
    if (link.dataset.part === task) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const figure of document.querySelectorAll(".legend")) figure.redraw();
}

/** Goes where the address says: to a part, or to an example of it. */
function follow() {
  const [what, task, id] = location.hash.slice(1).split("/").map(decoded);
  const view = views.get(task);
  if (!view || (what !== "part" && what !== "example")) return;
  openPart(task);
  if (what === "part") return;
  const example = view.part.examples.find((one) => wellFormed(one.id) === id);
  if (!example) return;
  if (!view.list.includes(example)) view.root.querySelector("form").reset();
  const chosenInList = view.rows.contains(document.activeElement);
  show(view, example, !chosenInList);
  if (view.root.getBoundingClientRect().top > innerHeight) view.root.scrollIntoView();
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

/** Light or dark: as the system says, until the button says otherwise. */
function startTheme() {
  const button = document.getElementById("theme");
  const chosen = () => document.documentElement.dataset.theme;
  const dark = () => (chosen() ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const name = () => { button.textContent = dark() ? "Light" : "Dark"; };
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    name();
  });
  name();
}

/** Legends are drawn for the width that they have; paper has another, and ends somewhere. */
function drawForPaper(paper) {
  document.querySelectorAll(".paper").forEach((copy) => copy.remove());
  document.body.classList.toggle("on-paper", paper);
  if (!paper) return;
  for (const figure of document.querySelectorAll(".part:not([hidden]) .legend")) {
    const copy = make("div", { class: "paper" }, figure.onPaper());
    figure.after(copy);
    copy.querySelectorAll(".legend").forEach((line) => line.redraw());
  }
}

startTheme();
addEventListener("hashchange", follow);
addEventListener("beforeprint", () => drawForPaper(true));
addEventListener("afterprint", () => drawForPaper(false));
Promise.all([...document.querySelectorAll(".part")].map(startPart)).then(() => {
  openPart(document.querySelector(".part").dataset.task);
  follow();
  document.documentElement.dataset.ready = "true";
});
