// Asks the device for a passkey (WebAuthn level 2) and hands its answer to the form, which is then sent as usual.
// A form says with data-kunci what is wanted: "buat" makes a passkey, "pakai" lets one consent or log in.
"use strict";
(() => {
  const able = Boolean(window.PublicKeyCredential && navigator.credentials);
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  class Refused extends Error {}

  const begin = async (form, address, body) => {
    const headers = { "Content-Type": "application/json", Accept: "application/json" };
    headers["X-CSRF-Token"] = form.elements.csrf_token.value;
    const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(body) });
    const found = await answer.json();
    if (!answer.ok) throw new Refused(found.detail);
    return found;
  };

  const common = (made, response) => ({
    id: made.id, rawId: text(made.rawId), type: made.type, clientExtensionResults: {}, response,
  });

  const make = async (given) => {
    const publicKey = {
      ...given, challenge: bytes(given.challenge), user: { ...given.user, id: bytes(given.user.id) },
      excludeCredentials: named(given.excludeCredentials),
    };
    const made = await navigator.credentials.create({ publicKey });
    const answer = made.response;
    const transports = answer.getTransports ? answer.getTransports() : [];
    const sha256 = await crypto.subtle.digest("SHA-256", answer.attestationObject);
    const json = common(made, {
      clientDataJSON: text(answer.clientDataJSON), attestationObject: text(answer.attestationObject), transports,
    });
    return { json, sha256: [...new Uint8Array(sha256)].map((one) => one.toString(16).padStart(2, "0")).join("") };
  };

  const use = async (given) => {
    const publicKey = { ...given, challenge: bytes(given.challenge), allowCredentials: named(given.allowCredentials) };
    const made = await navigator.credentials.get({ publicKey });
    const answer = made.response;
    const response = {
      clientDataJSON: text(answer.clientDataJSON), authenticatorData: text(answer.authenticatorData),
      signature: text(answer.signature),
    };
    if (answer.userHandle) response.userHandle = text(answer.userHandle);
    return common(made, response);
  };

  const proofOf = (form) => (form.elements.proof ? form.elements.proof.value : "assertion");
  const filled = (form) =>
    [...form.querySelectorAll("input:not([type=hidden]):not([type=radio])")].every((one) => one.closest("[hidden]") || one.value);

  const ask = async (form, say) => {
    const { elements: fields, dataset } = form;
    const begun = await begin(form, dataset.mulai, {});
    fields.request.value = begun.request;
    say("kataTunggu");
    if (dataset.kunci === "pakai") {
      if (!begun.public_key.challenge) throw new Refused(dataset.kataTidakBisa);
      fields.assertion.value = JSON.stringify(await use(begun.public_key));
      return;
    }
    const made = await make(begun.public_key);
    fields.credential.value = JSON.stringify(made.json);
    if (!fields.proof || proofOf(form) !== "assertion") return;
    const address = dataset.setuju.replace("{permintaan}", begun.request);
    const older = await begin(form, address, { attestation_sha256: made.sha256 });
    say("kataLama");
    fields.assertion.value = JSON.stringify(await use(older.public_key));
  };

  const prepare = (form) => {
    const news = form.querySelector(".kunci__kabar");
    const button = form.querySelector("button[type=submit]");
    const say = (word) => { news.textContent = form.dataset[word] || word; };

    form.addEventListener("submit", async (event) => {
      const device = form.dataset.kunci === "buat" || proofOf(form) === "assertion";
      // The server says which field is missing; the device is asked only when everything is there.
      if (!device || !filled(form)) return;
      event.preventDefault();
      if (!able) {
        say("kataTidakBisa");
        return;
      }
      button.disabled = true;
      try {
        await ask(form, say);
        form.submit();
      } catch (error) {
        button.disabled = false;
        say(error instanceof Refused ? error.message : error instanceof TypeError ? "kataJaringan" : "kataBatal");
      }
    });

    const show = () => {
      for (const radio of form.querySelectorAll("input[type=radio][name=proof]")) {
        const more = document.getElementById(radio.dataset.ariaControls || `conditional-${radio.id}`);
        if (more) more.hidden = !radio.checked;
      }
    };
    form.addEventListener("change", show);
    show();
  };

  for (const need of document.querySelectorAll("[data-kunci-perlu]")) {
    if (able) need.hidden = true;
    else need.querySelector("p").textContent = need.dataset.kataTidakBisa;
  }
  for (const form of document.querySelectorAll("form[data-kunci]")) {
    if (able) form.hidden = false;
    prepare(form);
  }
})();
