// Before logging out: what an inspector entered and has not sent is named, and everything that the field's pages keep on
// this phone is deleted with the log-out.
"use strict";
(() => {
  const form = document.querySelector("form[action='/keluar']");
  const warning = document.getElementById("keluar-lapangan");
  if (!form || !warning || !window.indexedDB) return;
  const DATABASE = "sakpore-lapangan";

  const unsent = async () => {
    const known = indexedDB.databases ? await indexedDB.databases() : [];
    if (!known.some((one) => one.name === DATABASE)) return 0;
    return new Promise((done) => {
      const asked = indexedDB.open(DATABASE);
      asked.onerror = () => done(0);
      asked.onsuccess = () => {
        const database = asked.result;
        if (!database.objectStoreNames.contains("isian")) {
          database.close();
          done(0);
          return;
        }
        const all = database.transaction("isian").objectStore("isian").getAll();
        all.onsuccess = () => {
          database.close();
          done(all.result.filter((one) => one.state !== "terkirim").length);
        };
        all.onerror = () => done(0);
      };
    });
  };
  const deleted = () => new Promise((done) => {
    const asked = indexedDB.deleteDatabase(DATABASE);
    asked.onsuccess = asked.onerror = asked.onblocked = done;
  });

  unsent().then((count) => { warning.hidden = count === 0; });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await deleted();
    const names = window.caches ? await caches.keys() : [];
    await Promise.all(names.filter((name) => name.startsWith("sakpore-lapangan")).map((name) => caches.delete(name)));
    form.submit();
  });
})();
