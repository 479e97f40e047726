// A button that prints the page, where a script can do that.
(() => {
  for (const place of document.querySelectorAll("[data-cetak]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "govuk-button govuk-button--secondary";
    button.textContent = place.dataset.cetak;
    button.addEventListener("click", () => window.print());
    place.before(button);
  }
})();
