// Opens the map that can be moved, on demand: Leaflet and the permits are fetched with the first click alone. Without this
// script the sketch and the list say the same.
"use strict";
(() => {
  const place = document.getElementById("peta");
  const open = document.getElementById("peta-buka");
  if (!place || !open) return;
  const news = document.getElementById("peta-kabar");
  const { leaflet, isi, ubin, kredit, kataArah, kataDaftar, kataGagal, kataPerbesar, kataPerkecil } = place.dataset;

  const load = (address) =>
    new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = done;
      script.onerror = failed;
      document.head.append(script);
    });

  const link = (words, address) => {
    const made = document.createElement("a");
    made.textContent = words;
    made.href = address;
    return made;
  };

  // Names come from forms that people filled in: they are set as text, never as markup.
  const about = ({ title, holder, address, line, place: position }) => {
    const box = document.createElement("div");
    const name = document.createElement("strong");
    name.textContent = `${line}. ${holder}`;
    box.append(name);
    for (const words of [title, address].filter(Boolean)) {
      const row = document.createElement("p");
      row.textContent = words;
      box.append(row);
    }
    const ways = document.createElement("p");
    ways.append(link(kataArah, `/peta/arah?ke=${position}`), " · ", link(kataDaftar, `#izin-${line}`));
    box.append(ways);
    return box;
  };

  const draw = (shapes) => {
    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    place.replaceChildren();
    place.classList.add("peta--hidup");
    const map = L.map(place, { zoomControl: false, scrollWheelZoom: false });
    L.control.zoom({ zoomInTitle: kataPerbesar, zoomOutTitle: kataPerkecil }).addTo(map);
    map.attributionControl.setPrefix("Leaflet");
    if (ubin) L.tileLayer(ubin, { maxZoom: 19, attribution: kredit.replace(/[<>&]/g, "") }).addTo(map);
    const ground = L.geoJSON(shapes, {
      filter: ({ properties }) => properties.part !== "permit",
      interactive: false,
      style: ({ properties }) => properties.part === "river"
        ? { color: colour("--nila-500"), weight: 3, fill: false }
        : { color: colour("--sogan-700"), weight: 2, fillColor: colour("--sogan-50"), fillOpacity: ubin ? 0 : 1 },
    }).addTo(map);
    const pins = L.geoJSON(shapes, {
      filter: ({ properties }) => properties.part === "permit",
      pointToLayer: ({ properties }, at) => L.marker(at, {
        icon: L.divIcon({ className: "peta__titik", html: String(Number(properties.line)), iconSize: [30, 30] }),
        title: `${properties.line}. ${properties.holder}`,
        alt: `${properties.line}. ${properties.holder}`,
      }).bindPopup(about(properties)),
    }).addTo(map);
    map.fitBounds((pins.getLayers().length > 1 ? pins : ground).getBounds(), { padding: [30, 30], maxZoom: 16 });
  };

  open.addEventListener("click", async () => {
    open.disabled = true;
    try {
      const [answer] = await Promise.all([fetch(isi), load(leaflet)]);
      if (!answer.ok) throw new Error(String(answer.status));
      draw(await answer.json());
      open.hidden = true;
      news.textContent = "";
    } catch {
      open.disabled = false;
      news.textContent = kataGagal;
    }
  });
  open.hidden = false;
})();
