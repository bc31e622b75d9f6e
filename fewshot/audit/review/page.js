"use strict";
// Decisions live in the page until they are saved as decisions.json: {"accepted": [names], "rejected": [names]}.
const articles = [...document.querySelectorAll("article")];
const decisions = new Map();

function decide(article, decision) {
  if (!article || article.dataset.change !== "1") return;
  article.classList.remove("accepted", "rejected");
  if (decision) {
    article.classList.add(decision);
    decisions.set(article.dataset.name, decision);
  } else {
    decisions.delete(article.dataset.name);
  }
  const counted = ["accepted", "rejected"].map((kind) => `${names(kind).length} ${kind}`);
  document.getElementById("tally").textContent = counted.join(", ");
}

function names(kind) {
  return [...decisions].filter(([, decision]) => decision === kind).map(([name]) => name);
}

function move(by) {
  const at = articles.indexOf(document.activeElement.closest("article"));
  const next = articles[Math.min(Math.max(at + by, 0), articles.length - 1)];
  if (next) next.focus();
}

function save() {
  const content = JSON.stringify({ accepted: names("accepted"), rejected: names("rejected") }, null, 2) + "\n";
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "application/json" }));
  link.download = "decisions.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const article = document.activeElement.closest("article");
  const keys = {
    j: () => move(1), k: () => move(-1), s: save,
    a: () => { decide(article, "accepted"); move(1); },
    r: () => { decide(article, "rejected"); move(1); },
    u: () => decide(article, null),
  };
  if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
});
document.addEventListener("click", (event) => {
  const article = event.target.closest("article");
  if (event.target.matches(".accept")) decide(article, "accepted");
  else if (event.target.matches(".reject")) decide(article, "rejected");
  else if (event.target.id === "save") save();
});
