{# The service worker of the field's pages: a script made from a template, since it names the built files. #}
// Keeps the pages of the field on the phone. The network comes first; without one, what is kept answers. It sends nothing
// and reads nothing that was entered: that is the page's own script.
"use strict";
const KEPT = "sakpore-lapangan-{{ edition }}";
const PAGES = "sakpore-lapangan-halaman";
const FILES = {{ files|tojson }};
const AWAY = "{{ away }}";
const SCOPE = "{{ scope }}";
const SECONDS = 5;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(KEPT).then((kept) => kept.addAll(FILES.map((file) => new Request(file, { cache: "reload" })))),
  );
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("sakpore-lapangan-") && name !== KEPT && name !== PAGES;
  event.waitUntil(
    caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

const freshPage = async (request, path) => {
  const kept = await caches.open(PAGES);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(SECONDS * 1000) });
    // A task that is gone or somebody else's is none to keep; a log-in is led to as it is.
    if (answer.ok) await kept.put(path, answer.clone());
    else if (answer.status === 403 || answer.status === 404) await kept.delete(path);
    return answer.status < 500 ? answer : (await kept.match(path)) ?? answer;
  } catch (gone) {
    return (await kept.match(path)) ?? (await caches.match(AWAY)) ?? Promise.reject(gone);
  }
};

const freshPicture = async (request) => {
  try {
    return await fetch(request);
  } catch (gone) {
    const known = await (await caches.open(PAGES)).match(request.url);
    return known ?? Promise.reject(gone);
  }
};

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  if (FILES.includes(pathname)) {
    event.respondWith(caches.match(pathname).then((known) => known ?? fetch(event.request)));
  } else if (event.request.mode === "navigate" && (pathname === SCOPE || pathname.startsWith(`${SCOPE}/`))) {
    event.respondWith(freshPage(event.request, pathname));
  } else if (event.request.destination === "image" && pathname.startsWith("/kasus/")) {
    event.respondWith(freshPicture(event.request));
  }
});
