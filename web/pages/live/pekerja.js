{# The service worker of the whole site: a script made from a template, since it names the built files. #}
// Keeps the page for times without a network and the built files, which never change under their names. No other page is
// ever kept: they may hold personal data, and what is shown of a case has to be true now. /v/luring has its own worker.
"use strict";
const KEPT = "sakpore-aplikasi-{{ edition }}";
const FILES = {{ files|tojson }};
const PAGE = {{ page|tojson }};
const ASSETS = "{{ assets_url }}/";

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(KEPT).then((kept) => kept.addAll(FILES.map((file) => new Request(file, { cache: "reload" })))),
  );
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("sakpore-aplikasi-") && name !== KEPT;
  event.waitUntil(
    Promise.all([
      caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))),
      self.registration.navigationPreload?.enable(),
    ]).then(() => self.clients.claim()),
  );
});

const visit = async (event) => {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch (away) {
    const page = await caches.match(PAGE, { cacheName: KEPT });
    if (page) return page;
    throw away;
  }
};

const built = async (request) => {
  const known = await caches.match(request.url, { cacheName: KEPT });
  if (known) return known;
  const answer = await fetch(request);
  if (answer.ok && answer.type === "basic") {
    const kept = await caches.open(KEPT);
    await kept.put(request.url, answer.clone());
  }
  return answer;
};

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  if (event.request.mode === "navigate") event.respondWith(visit(event));
  else if (pathname.startsWith(ASSETS)) event.respondWith(built(event.request));
});
