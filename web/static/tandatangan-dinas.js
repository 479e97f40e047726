// An agency's officer consents with a passkey instead of a one-time code: the device signs a challenge over the very
// letter that is shown (WebAuthn). Without this script, or without a passkey, the form takes the code.
"use strict";
(() => {
  const form = document.getElementById("tanda-tangan");
  if (!form || !window.PublicKeyCredential?.parseRequestOptionsFromJSON) return;
  const news = document.getElementById("tanda-kabar");
  const passphrase = document.getElementById("frasa");
  const { tugas: task, seen } = form.dataset;
  const say = (words) => { news.textContent = words; };

  const ask = async (path, body, key) => {
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": form.elements.csrf_token.value };
    if (key) headers["Idempotency-Key"] = key;
    const answer = await fetch(`/api/v1/signing/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    const given = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(given.detail || news.dataset.gagal);
    return given;
  };

  const consent = async () => {
    if (!passphrase.value) {
      say(news.dataset.frasa);
      passphrase.focus();
      return;
    }
    say(news.dataset.tunggu);
    try {
      const asked = await ask("challenges", { tasks: [{ task, seen }] });
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked.public_key);
      const proof = await navigator.credentials.get({ publicKey });
      const body = { challenge: asked.challenge, assertion: proof.toJSON(), passphrase: passphrase.value };
      await ask("activations", body, form.elements.kunci.value);
      passphrase.value = "";
      window.location.assign(`/permintaan/${task}`);
    } catch (wrong) {
      say(wrong.name === "Error" ? wrong.message : news.dataset.gagal);
    }
  };

  document.getElementById("dengan-kunci").hidden = false;
  document.getElementById("kunci-sandi").addEventListener("click", consent);
})();
