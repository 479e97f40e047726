// Checks an offline code of a field card on the phone itself: COSE_Sign1 (RFC 9052) with ES256, by WebCrypto, against the
// office's published keys. The code stands in the address's fragment and is never sent. What this page cannot know it
// says: whether the permit was issued, revoked or replaced.
"use strict";
(() => {
  const place = document.getElementById("luring");
  if (!place) return;
  const $ = (id) => document.getElementById(id);
  const KEYS = "/.well-known/sakpore-keys.json";
  const PREFIX = "SKP1:";
  const [EXP, IAT, CTI] = [4, 6, 7];
  const [NUMBER, TITLE, HOLDER, LETTER_DATE, LINES, PRACTICE] = [-65537, -65538, -65539, -65540, -65541, -65542];
  const WIB = 7 * 3600;
  const words = (name) => place.dataset[`kata${name[0].toUpperCase()}${name.slice(1)}`].split("|");
  const VERDICTS = {
    real: ["", "done"],
    expired: ["soon", "soon"],
    practice: ["paused", "paused"],
    false: ["bad", "bad"],
    none: ["unknown", "unknown"],
    keyless: ["unknown", "unknown"],
  };

  const base32 = (text) => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const bytes = [];
    let [bits, held] = [0, 0];
    for (const letter of text) {
      const value = alphabet.indexOf(letter);
      if (value < 0) throw new Error("base32");
      held = (held << 5) | value;
      bits += 5;
      if (bits >= 8) {
        bits -= 8;
        bytes.push((held >> bits) & 255);
        held &= (1 << bits) - 1;
      }
    }
    return Uint8Array.from(bytes);
  };

  // The part of CBOR (RFC 8949) that a code uses; anything else throws.
  const cbor = (bytes) => {
    let at = 0;
    const take = (count) => {
      if (count > bytes.length - at) throw new Error("cbor: short");
      at += count;
      return bytes.subarray(at - count, at);
    };
    const size = (info) => {
      if (info < 24) return info;
      if (info > 27) throw new Error("cbor: length");
      const value = take(1 << (info - 24)).reduce((sum, byte) => sum * 256 + byte, 0);
      if (!Number.isSafeInteger(value)) throw new Error("cbor: number");
      return value;
    };
    const item = (depth) => {
      if (depth > 8) throw new Error("cbor: depth");
      const head = take(1)[0];
      const [major, info] = [head >> 5, head & 31];
      if (major === 7) {
        if (info === 20 || info === 21) return info === 21;
        if (info === 22) return null;
        throw new Error("cbor: simple");
      }
      const count = size(info);
      if (major === 0) return count;
      if (major === 1) return -1 - count;
      if (major === 2) return take(count);
      if (major === 3) return new TextDecoder("utf-8", { fatal: true }).decode(take(count));
      if (major === 4) return Array.from({ length: Math.min(count, bytes.length) }, () => item(depth + 1));
      if (major === 6) return { tag: count, value: item(depth + 1) };
      const map = new Map();
      for (let n = 0; n < count; n += 1) {
        const key = item(depth + 1);
        if (map.has(key)) throw new Error("cbor: key twice");
        map.set(key, item(depth + 1));
      }
      return map;
    };
    const value = item(0);
    if (at !== bytes.length) throw new Error("cbor: rest");
    return value;
  };

  const header = (major, count) => {
    if (count < 24) return [(major << 5) | count];
    return count < 256 ? [(major << 5) | 24, count] : [(major << 5) | 25, count >> 8, count & 255];
  };
  const byteString = (bytes) => [...header(2, bytes.length), ...bytes];

  // ["Signature1", protected, h'', payload]: what was signed (RFC 9052, 4.4).
  const signed = (guarded, payload) =>
    Uint8Array.from([
      ...header(4, 4), ...header(3, 10), ...new TextEncoder().encode("Signature1"),
      ...byteString(guarded), ...byteString([]), ...byteString(payload),
    ]);

  const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  // The claims of a code that one of the keys signed; throws for every other text.
  const read = async (text, keys) => {
    if (!text.startsWith(PREFIX)) throw new Error("prefix");
    const message = cbor(base32(text.slice(PREFIX.length)));
    if (message.tag !== 18 || message.value.length !== 4) throw new Error("not COSE_Sign1");
    const [guarded, , payload, signature] = message.value;
    const head = cbor(guarded);
    if (head.size !== 2 || head.get(1) !== -7) throw new Error("algorithm");
    const jwk = keys.find((one) => one.kid === hex(head.get(4)));
    if (!jwk || jwk.revoked) throw new Error("key");
    const { kty, crv, x, y } = jwk;
    const way = { name: "ECDSA", namedCurve: "P-256" };
    const key = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, way, false, ["verify"]);
    const proof = { name: "ECDSA", hash: "SHA-256" };
    if (!(await crypto.subtle.verify(proof, key, signature, signed(guarded, payload)))) throw new Error("signature");
    const claims = cbor(payload);
    const made = claims.get(IAT);
    if (made < jwk.nbf || (jwk.exp !== undefined && made > jwk.exp)) throw new Error("outside the key's time");
    return {
      code: new TextDecoder().decode(claims.get(CTI)),
      number: claims.get(NUMBER),
      title: claims.get(TITLE),
      holder: claims.get(HOLDER),
      letter_date: claims.get(LETTER_DATE),
      valid_until: claims.has(EXP) ? isoDay(claims.get(EXP) - 1) : null,
      is_over: claims.has(EXP) && claims.get(EXP) * 1000 <= Date.now(),
      lines: claims.get(LINES),
      practice: claims.get(PRACTICE) === true,
    };
  };

  // Where the browser has no WebCrypto (an address without https), the office checks.
  const ask = async (text) => {
    const answer = await fetch("/api/v1/verifications/field-codes", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ code: text }),
    });
    if (!answer.ok) throw new Error("keyless");
    const told = await answer.json();
    if (!told.genuine) throw new Error("signature");
    return { ...told, code: told.verification_code };
  };

  const isoDay = (seconds) => new Date((seconds + WIB) * 1000).toISOString().slice(0, 10);
  const inWords = (iso) => {
    const day = new Date(`${iso}T00:00:00Z`);
    const [weekdays, months] = [words("weekdays"), words("months")];
    return `${weekdays[day.getUTCDay()]} ${day.getUTCDate()} ${months[day.getUTCMonth()]} ${day.getUTCFullYear()}`;
  };

  const show = (verdict, claims) => {
    const [kind, shape] = VERDICTS[verdict];
    const [word, sentence] = words(verdict);
    place.className = kind ? `putusan putusan--${kind}` : "putusan";
    for (const each of place.querySelectorAll("[data-bentuk]")) each.hidden = each.dataset.bentuk !== shape;
    $("luring-kata").textContent = word;
    $("luring-kalimat").textContent = sentence;
    $("luring-peringatan").hidden = $("luring-isi").hidden = !claims;
    if (!claims) return;
    const [number, title, holder, letterDate, validUntil] = words("rows");
    const rows = [
      [number, claims.number], [title, claims.title], [holder, claims.holder], ...claims.lines,
      [letterDate, inWords(claims.letter_date)],
      [validUntil, claims.valid_until ? inWords(claims.valid_until) : ""],
    ];
    $("luring-fakta").replaceChildren(
      ...rows.filter(([, value]) => value).map(([label, value]) => {
        const [row, term, fact] = ["div", "dt", "dd"].map((name) => document.createElement(name));
        term.textContent = label;
        fact.textContent = value;
        row.append(term, fact);
        return row;
      }),
    );
    $("luring-sekarang").href = `/v/${encodeURIComponent(claims.code)}`;
  };

  const published = async () => {
    const answer = await fetch(KEYS);
    if (!answer.ok) throw new Error("keyless");
    return (await answer.json()).keys;
  };

  const check = async () => {
    if (window.location.hash.length < 2) return show("none");
    try {
      const text = decodeURIComponent(window.location.hash.slice(1));
      const claims = window.crypto?.subtle ? await read(text, await published()) : await ask(text);
      show(claims.practice ? "practice" : claims.is_over ? "expired" : "real", claims);
    } catch (wrong) {
      show(wrong instanceof TypeError && !navigator.onLine || wrong.message === "keyless" ? "keyless" : "false");
    }
  };

  window.addEventListener("hashchange", check);
  check();
  // Keeps this page and the keys on the phone for the next time without a network; says so once they are kept.
  navigator.serviceWorker?.register("/v/luring/pekerja.js", { scope: "/v/luring" }).then(
    (ours) => {
      const worker = ours.active ?? ours.waiting ?? ours.installing;
      const tell = () => { if (worker.state === "activated") $("luring-tersimpan").hidden = false; };
      worker.addEventListener("statechange", tell);
      tell();
    },
    () => {},
  );
})();
