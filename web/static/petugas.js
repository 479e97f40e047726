// The keyboard in lists of tasks: while a line has the focus, J and K (or the arrows) go to the next and the one before,
// X marks it, Enter opens it as any link. Without the focus in the list no key means anything.
(() => {
  const show = () => document.querySelector(".papan-tik")?.classList.add("papan-tik--siap");
  show();
  // The list is brought up to date while it is read, so the page listens, and not the list.
  document.addEventListener("hidup:baru", show);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const row = event.target.closest(".kotak-masuk tbody tr");
    if (!row) return;
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    if (step) {
      const near = step > 0 ? row.nextElementSibling : row.previousElementSibling;
      const link = near && near.querySelector("a.baris");
      if (link) {
        event.preventDefault();
        link.focus();
      }
    } else if (event.key === "x") {
      const box = row.querySelector("input[type=checkbox]");
      if (box) box.checked = !box.checked;
    }
  });
})();
