{# The service worker of the offline check: a script made from a template, since it names the built files. #}
// Keeps the page of the offline check, its files and the office's keys on the phone. The network comes first for the page
// and the keys, so that a retired or revoked key is known as soon as it can be; without a network the kept ones answer.
"use strict";
const KEPT = "sakpore-luring-{{ edition }}";
const FILES = {{ files|tojson }};
const SECONDS = 4;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(KEPT).then((kept) => kept.addAll(FILES.map((file) => new Request(file, { cache: "reload" })))),
  );
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("sakpore-luring-") && name !== KEPT;
  event.waitUntil(
    caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

const fresh = async (request, path) => {
  const kept = await caches.open(KEPT);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(SECONDS * 1000) });
    if (answer.ok) await kept.put(path, answer.clone());
    return answer.ok ? answer : (await kept.match(path)) ?? answer;
  } catch (away) {
    const known = await kept.match(path);
    if (known) return known;
    throw away;
  }
};

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin || !FILES.includes(pathname)) return;
  event.respondWith(
    pathname.startsWith("{{ assets_url }}/")
      ? caches.match(pathname).then((known) => known ?? fetch(event.request))
      : fresh(event.request, pathname),
  );
});
