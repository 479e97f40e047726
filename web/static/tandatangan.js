// The signing pages, made quicker: how many letters are marked, marks that outlive a look at a letter, a swipe to the
// next one, a passkey over the list, and results as they come. All but the passkey works without this.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const MARKS = "surat-ditinggalkan";

  // The list: marks and their number.
  const list = $("surat");
  if (list) {
    const boxes = [...list.querySelectorAll("input[name=surat]")];
    const button = list.querySelector(".bar button");
    const asked = new URLSearchParams(location.search);
    const kept = asked.has("tanpa") ? null : JSON.parse(sessionStorage.getItem(MARKS));
    const task = (box) => box.value.slice(0, box.value.lastIndexOf("~"));
    if (kept) for (const box of boxes) box.checked = !kept.includes(task(box));
    const count = () => {
      const marked = boxes.filter((box) => box.checked).length;
      const without = boxes.filter((box) => !box.checked).map(task);
      sessionStorage.setItem(MARKS, JSON.stringify(without));
      const query = without.length ? `?${new URLSearchParams(without.map((one) => ["tanpa", one]))}` : "";
      for (const way of list.querySelectorAll("a[data-baca]")) way.search = query;
      for (const box of boxes) box.closest(".surat").classList.toggle("surat--tinggal", !box.checked);
      if (!button) return;
      const words = button.dataset;
      button.textContent = marked === 0 ? words.tiada : marked === 1 ? words.satu : words.banyak.replace("{n}", marked);
      button.disabled = marked === 0;
    };
    list.addEventListener("change", count);
    window.addEventListener("pageshow", count);
    count();
  }

  // One letter: a swipe leads to the one before or after.
  const read = $("baca");
  if (read) {
    let from = null;
    const far = 70;
    read.addEventListener("touchstart", (event) => {
      const one = event.touches.length === 1 && !(window.visualViewport && window.visualViewport.scale > 1.05);
      from = one ? [event.touches[0].clientX, event.touches[0].clientY] : null;
    }, { passive: true });
    read.addEventListener("touchend", (event) => {
      if (!from) return;
      const [x, y] = [event.changedTouches[0].clientX - from[0], event.changedTouches[0].clientY - from[1]];
      if (Math.abs(x) < far || Math.abs(x) < 2 * Math.abs(y)) return;
      const way = document.querySelector(x < 0 ? "a[rel=next]" : "a[rel=prev]");
      if (way) location.assign(way.href);
    });
  }

  // The consent: the device signs a challenge over the list, and its answer goes with the form.
  const place = $("kunci-sandi");
  const form = $("persetujuan");
  if (form && place && window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON) {
    const [button, news, other] = [$("pakai-kunci"), $("kunci-kabar"), $("cara-kode")];
    place.hidden = false;
    if (other) {
      other.open = Boolean(document.querySelector("#kode-error"));
      $("pakai-kode").classList.add("govuk-button--secondary");
    }
    const send = (action) => {
      form.action = action;
      form.submit();
    };
    form.addEventListener("submit", (event) => {
      if (event.submitter === $("masuk-saja") && !(form.elements.kode && form.elements.kode.value)) {
        event.preventDefault();
        button.click();
      }
    });
    button.addEventListener("click", async () => {
      const code = form.elements.kode_penyedia;
      if (!form.elements.frasa.value && !(code && code.value)) {
        news.textContent = place.dataset.frasa;
        form.elements.frasa.focus();
        return;
      }
      button.disabled = true;
      news.textContent = place.dataset.tunggu;
      try {
        const tasks = [...form.querySelectorAll("input[name=surat]")].map(({ value }) => {
          const mark = value.lastIndexOf("~");
          return { task: value.slice(0, mark), seen: value.slice(mark + 1) };
        });
        const headers = { "Content-Type": "application/json", "X-CSRF-Token": form.elements.csrf_token.value };
        const answer = await fetch("/api/v1/signing/challenges", { method: "POST", headers, body: JSON.stringify({ tasks }) });
        const asked = await answer.json();
        if (!answer.ok) throw new Error(asked.detail);
        if (asked.refused.length) {
          // What was shown is not what lies there now: the page is drawn again and says so, before anything is signed.
          form.elements.frasa.value = "";
          send("/tanda-tangan/persetujuan");
          return;
        }
        const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked.public_key);
        let proof;
        try {
          proof = await navigator.credentials.get({ publicKey });
        } catch {
          throw new Error(place.dataset.gagal);
        }
        form.elements.challenge.value = asked.challenge;
        form.elements.assertion.value = JSON.stringify(proof.toJSON());
        if (form.elements.kode) form.elements.kode.value = "";
        send("/tanda-tangan/setujui");
      } catch (error) {
        news.textContent = error.message || place.dataset.gagal;
        button.disabled = false;
      }
    });
  }
  if (form) sessionStorage.removeItem(MARKS);

  // Results: the part of the page that changes is taken from the page itself, until nothing is pending.
  const results = $("hasil");
  if (results) {
    const look = async () => {
      const now = $("hasil");
      if (now.dataset.tunggu !== "ya") return;
      try {
        const answer = await fetch(now.dataset.alamat, { credentials: "same-origin" });
        if (answer.ok) {
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          const next = page.getElementById("hasil");
          if (next && next.innerHTML !== now.innerHTML) {
            // The heading stays the same element, so that it is read out when its words change.
            const [old, fresh] = [now.querySelector("h1"), next.querySelector("h1")];
            if (old.textContent !== fresh.textContent) old.textContent = fresh.textContent;
            fresh.replaceWith(old);
            now.replaceChildren(...next.childNodes);
            now.dataset.tunggu = next.dataset.tunggu;
          }
        }
      } catch {
        // The network is away for a while: the next look may find it again.
      }
      setTimeout(look, 1500);
    };
    setTimeout(look, 1500);
  }
})();
