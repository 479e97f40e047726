// Adds a button to each password field that shows what was typed. Before a form is sent the field is a password again,
// so that browsers keep it as one.
"use strict";
(() => {
  for (const place of document.querySelectorAll(".sandi")) {
    const field = place.querySelector("input");
    if (!field) continue;
    const words = place.dataset;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sandi__lihat";
    button.setAttribute("aria-controls", field.id);

    const show = (shown) => {
      field.type = shown ? "text" : "password";
      button.textContent = shown ? words.kataTutup : words.kataLihat;
      button.setAttribute("aria-label", `${button.textContent}: ${words.kataApa}`);
    };

    button.addEventListener("click", () => show(field.type === "password"));
    if (field.form) field.form.addEventListener("submit", () => show(false));
    show(false);
    const row = document.createElement("div");
    row.className = "sandi__baris";
    field.before(row);
    row.append(field, button);
  }
})();
