// Adds a button that opens the printer's dialogue; without this script the browser's own menu does the same.
"use strict";
for (const button of document.querySelectorAll("[data-cetak]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
