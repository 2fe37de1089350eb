"use strict";
const root = document.documentElement;
for (const b of document.querySelectorAll("[data-set]")) b.addEventListener("click", () => {
  root.lang = root.dataset.lang = b.dataset.set;
  for (const o of document.querySelectorAll("[data-set]")) o.setAttribute("aria-pressed", String(o === b));
});
document.getElementById("failed").addEventListener("click", e => {
  const on = document.body.classList.toggle("only-failed");
  e.currentTarget.setAttribute("aria-pressed", String(on));
});
const key = cell => cell.dataset.key ?? cell.textContent.trim();
for (const b of document.querySelectorAll("[data-sort]")) b.addEventListener("click", () => {
  const th = b.closest("th"), at = th.cellIndex, body = th.closest("table").tBodies[0];
  const down = th.getAttribute("aria-sort") === "ascending";
  for (const o of th.parentElement.cells) o.removeAttribute("aria-sort");
  th.setAttribute("aria-sort", down ? "descending" : "ascending");
  const rows = [...body.rows].sort((x, y) => key(x.cells[at]).localeCompare(key(y.cells[at]), undefined, {numeric: true}));
  body.append(...(down ? rows.reverse() : rows));
});
for (const a of document.querySelectorAll(".tiles a, a.behind")) a.addEventListener("click", () => { document.querySelector(a.getAttribute("href")).open = true; });
