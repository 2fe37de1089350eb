// Keys for those whose day is a list: j, k, Enter, x, /, ?. Every page works without this file.
"use strict";
(() => {
  const rows = [...document.querySelectorAll("[data-rows] tbody tr")];
  let here = -1;
  const go = (to) => {
    if (!rows.length) return;
    if (here >= 0) rows[here].removeAttribute("data-here");
    here = Math.max(0, Math.min(rows.length - 1, to));
    rows[here].setAttribute("data-here", "");
    const link = rows[here].querySelector("a");
    if (link) link.focus({ preventScroll: true });
    rows[here].scrollIntoView({ block: "nearest" });
  };
  const typing = (target) => target.matches("input:not([type=checkbox]):not([type=radio]), textarea, select");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const search = document.querySelector("[data-key='/']");
    if (event.key === "j") go(here + 1);
    else if (event.key === "k") go(here - 1);
    else if (event.key === "x" && here >= 0) {
      const box = rows[here].querySelector("input[type=checkbox]");
      if (box) box.checked = !box.checked;
    } else if (event.key === "Enter" && here >= 0 && event.target.tagName !== "A" && event.target.tagName !== "BUTTON") {
      window.location.assign(rows[here].dataset.href);
    } else if (event.key === "/" && search) {
      event.preventDefault();
      search.focus();
    }
  });
  const all = document.querySelector("[data-all]");
  if (all) all.addEventListener("change", () => {
    for (const row of rows) {
      const box = row.querySelector("input[name=object]");
      if (box) box.checked = all.checked;
    }
  });
  const print = document.querySelector("[data-print]");
  if (print) print.addEventListener("click", () => window.print());
  const error = document.getElementById("error");
  if (error) { error.tabIndex = -1; error.focus(); }
})();
