// Keeps what a page shows up to date: an element marked `data-hidup="<address of a stream>"` is fetched again with its
// page when the stream tells of a change. Focus, open details and what is being typed stay; a change is said politely.
"use strict";
(() => {
  const BY_ITSELF = { "X-Sakpore-Hidup": "1" };
  const FIRST_WAIT = 5000;
  const LONGEST_WAIT = 300000;
  const places = [...document.querySelectorAll("[data-hidup]")].filter((place) => place.id);
  if (!places.length || !window.EventSource) return;

  const voice = document.createElement("p");
  voice.className = "hidup__kabar";
  voice.setAttribute("role", "status");
  document.getElementById("isi")?.append(voice);
  const say = (words) => {
    voice.textContent = "";
    window.setTimeout(() => { voice.textContent = words; }, 100);
  };

  const shownAt = () => performance.getEntriesByType("navigation")[0]?.responseStart ?? 0;
  let answeredAt = shownAt();

  const isBeingFilled = (place) =>
    [...place.querySelectorAll("input, textarea, select")].some((field) => {
      if (field.type === "hidden") return false;
      if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
      if (field.tagName === "SELECT") {
        const first = [...field.options].findIndex((option) => option.defaultSelected);
        return field.selectedIndex !== Math.max(first, 0);
      }
      return field.value !== field.defaultValue;
    });

  const wayTo = (place, element) => {
    const way = [];
    for (let at = element; at && at !== place; at = at.parentElement) way.unshift([...at.parentElement.children].indexOf(at));
    return way;
  };
  const follow = (place, way) => way.reduce((at, index) => at?.children[index], place);

  const swap = (place, fresh) => {
    if (place.innerHTML === fresh.innerHTML) return false;
    if (isBeingFilled(place)) {
      say(place.dataset.kataTunggu);
      return false;
    }
    const focused = place.contains(document.activeElement) ? document.activeElement : null;
    const id = focused?.id;
    const way = focused && wayTo(place, focused);
    const tag = focused?.tagName;
    const opened = [...place.querySelectorAll("details")].map((each) => each.open);
    place.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
    [...place.querySelectorAll("details")].forEach((each, index) => { each.open = opened[index] ?? each.open; });
    if (focused) {
      const same = (id && document.getElementById(id)) || follow(place, way);
      if (same && same.tagName === tag) same.focus({ preventScroll: true });
      else {
        place.setAttribute("tabindex", "-1");
        place.focus({ preventScroll: true });
      }
    }
    place.classList.remove("hidup--baru");
    void place.offsetWidth;
    place.classList.add("hidup--baru");
    place.dispatchEvent(new CustomEvent("hidup:baru", { bubbles: true }));
    return true;
  };

  // Several streams may tell of one change; the page is fetched once for them, and once more if it changed meanwhile.
  let fetching = null;
  let again = false;
  const refresh = async () => {
    if (fetching) {
      again = true;
      return fetching;
    }
    fetching = (async () => {
      do {
        again = false;
        const begun = performance.now();
        const answer = await fetch(window.location.href, { headers: { ...BY_ITSELF, Accept: "text/html" } });
        if (!answer.ok || answer.redirected) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        answeredAt = begun;
        const changed = places.filter((place) => {
          const fresh = page.getElementById(place.id);
          return fresh && swap(place, fresh);
        });
        if (changed.length) {
          document.title = page.title;
          say(changed[0].dataset.kataBaru);
        }
      } while (again);
    })();
    try {
      await fetching;
    } catch {
      // No network: the stream comes back by itself and tells what was missed.
    } finally {
      fetching = null;
    }
  };

  class Stream {
    constructor(address, mark) {
      this.address = address;
      this.mark = mark;
      this.wait = FIRST_WAIT;
      this.isOver = false;
      this.open();
    }

    open() {
      window.clearTimeout(this.timer);
      if (this.isOver || this.source) return;
      const age = Math.max(0, Math.round(performance.now() - answeredAt));
      const ask = this.mark ? `tanda=${this.mark}` : `umur=${Math.min(age, 86400000)}`;
      const source = this.source = new EventSource(`${this.address}?${ask}`);
      const heard = (event) => {
        this.mark = event.lastEventId || this.mark;
        this.wait = FIRST_WAIT;
      };
      source.addEventListener("mulai", heard);
      source.addEventListener("berubah", (event) => {
        heard(event);
        refresh();
      });
      source.addEventListener("selesai", () => {
        this.isOver = true;
        this.close();
      });
      source.addEventListener("error", () => {
        // The browser comes back by itself after a lost connection, and not at all after a refusal.
        if (source.readyState === EventSource.CLOSED) this.later();
      });
    }

    later() {
      this.close();
      this.timer = window.setTimeout(() => this.open(), this.wait * (0.75 + Math.random() / 2));
      this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    }

    close() {
      this.source?.close();
      this.source = null;
    }
  }

  const streams = [...new Set(places.map((place) => place.dataset.hidup))].map((address) => {
    const place = places.find((each) => each.dataset.hidup === address);
    return new Stream(address, place.dataset.tanda ?? "");
  });

  // A browser allows a host few connections, so a page that nobody sees gives its own back.
  document.addEventListener("visibilitychange", () => {
    for (const stream of streams) document.hidden ? stream.close() : stream.open();
  });
  window.addEventListener("pagehide", () => { for (const stream of streams) stream.close(); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) for (const stream of streams) stream.open(); });
})();
