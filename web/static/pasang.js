// The worker of the installed app: it shows what can still be done where there is no network.
"use strict";
(() => {
  if (!("serviceWorker" in navigator)) return;
  // After the page itself, so that it takes nothing from what is read first.
  window.addEventListener("load", () => { navigator.serviceWorker.register("/pekerja.js", { scope: "/" }).catch(() => {}); });
})();
