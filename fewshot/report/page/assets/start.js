// What happens when the page is opened.

const views = new Map();

/** Unpacks a part's examples and builds its browser. */
async function startPart(section) {
  const root = section.querySelector(".browser");
  try {
    const part = prepared(await unpack(section.querySelector("script.data")));
    views.set(part.task, openBrowser(root, part));
  } catch (error) {
    root.append(make("p", { role: "alert" }, `The examples cannot be shown: ${error.message}. Use a browser of 2023 or later.`));
  }
}

/** Opens the example that the address names. */
function follow() {
  const [what, task, id] = location.hash.slice(1).split("/").map(decodeURIComponent);
  const view = views.get(task);
  if (what !== "example" || !view) return;
  const example = view.part.examples.find((one) => wellFormed(one.id) === id);
  if (!example) return;
  if (!view.list.includes(example)) {
    view.root.querySelector("form").reset();
  }
  const quiet = view.root.contains(document.activeElement) && document.activeElement.matches("a");
  show(view, example, !quiet);
  if (view.root.getBoundingClientRect().top > innerHeight) view.root.scrollIntoView();
}

/** Light or dark: as the system says, until the button says otherwise. */
function startTheme() {
  const button = document.getElementById("theme");
  const dark = () => (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const name = () => { button.textContent = dark() ? "Light" : "Dark"; };
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    name();
  });
  name();
}

/** Legends are drawn for the width that they have; paper has another. */
function redrawLegends() {
  for (const figure of document.querySelectorAll(".legend")) figure.redraw();
}

startTheme();
addEventListener("hashchange", follow);
addEventListener("beforeprint", () => { document.body.classList.add("on-paper"); redrawLegends(); });
addEventListener("afterprint", () => { document.body.classList.remove("on-paper"); redrawLegends(); });
Promise.all([...document.querySelectorAll(".part")].map(startPart)).then(() => {
  follow();
  document.documentElement.dataset.ready = "true";
});
