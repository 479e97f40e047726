// Inspections and minutes without a network. What is entered is kept in this phone's IndexedDB, under the account that
// entered it, and is sent by the JSON routes when there is a network: each photo and the decision under a key that was made
// once and is kept with the entry, so that a lost answer or a second tap sends once. After sending, it is deleted here; so
// it is with log-out (`lapangan-keluar.js`). Without this script the same forms send at once.
"use strict";
(() => {
  const place = document.getElementById("lapangan");
  if (!place || !window.indexedDB) return;
  const DATABASE = "sakpore-lapangan";
  const PAGES = "sakpore-lapangan-halaman";
  const LONGEST_SIDE = 2000; // pixels
  const AGAIN = 20_000; // milliseconds between two tries
  const ROUGH = 100; // metres
  const $ = (id) => document.getElementById(id);
  const kata = $("lapangan-kata").dataset;
  const { tugas: task, akun: owner, seen, jenis: kind } = place.dataset;
  const form = $("laporan");
  const isOpen = place.dataset.terbuka === "ya" && form !== null;
  const here = `${owner} ${task}`;
  const word = (name, facts = {}) =>
    Object.entries(facts).reduce((text, [key, value]) => text.replaceAll(`{${key}}`, value), kata[`kata${name}`]);
  const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  // What is kept on the phone: `isian`, one entry for each account and task, and `gambar`, its pictures. ------------------
  const opened = new Promise((done, fail) => {
    const asked = indexedDB.open(DATABASE, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("isian", { keyPath: "id" });
      asked.result.createObjectStore("gambar", { keyPath: "id" }).createIndex("isian", "isian");
    };
    asked.onsuccess = () => {
      asked.result.onversionchange = () => asked.result.close();
      done(asked.result);
    };
    asked.onerror = () => fail(asked.error);
  });
  const kept = async (name, mode, work) => {
    const database = await opened;
    return new Promise((done, fail) => {
      const change = database.transaction(name, mode);
      const asked = work(change.objectStore(name));
      change.oncomplete = () => done(asked && asked.result);
      change.onerror = change.onabort = () => fail(change.error);
    });
  };
  const put = (name, value) => kept(name, "readwrite", (all) => all.put(value));
  const drop = (name, id) => kept(name, "readwrite", (all) => all.delete(id));
  const entryOf = (id) => kept("isian", "readonly", (all) => all.get(id));
  const entries = () => kept("isian", "readonly", (all) => all.getAll());
  const picturesOf = async (id) =>
    (await kept("gambar", "readonly", (all) => all.index("isian").getAll(id))).sort((a, b) => a.n - b.n);
  const forget = async (id) => {
    for (const picture of await picturesOf(id)) await drop("gambar", picture.id);
    await drop("isian", id);
  };

  // What the page says --------------------------------------------------------------------------------------------------
  const say = (state, detail = "") => {
    const panel = $("keadaan");
    panel.hidden = !state;
    if (!state) return;
    const name = state[0].toUpperCase() + state.slice(1);
    panel.className = `keadaan keadaan--${state}`;
    $("keadaan-kata").textContent = kata[`kata${name}`];
    $("keadaan-rinci").textContent = detail || kata[`kata${name}Rinci`] || "";
    $("kirim-sekarang").hidden = !(state === "antre" || (state === "bentrok" && isOpen));
    $("ubah-isian").hidden = !(["antre", "bentrok", "masuk"].includes(state) && isOpen);
    $("hapus-isian").hidden = !(state === "bentrok" || (state === "antre" && isOpen));
    $("masuk-lagi").hidden = state !== "masuk";
  };
  const freeze = (frozen) => {
    for (const field of document.querySelectorAll("#laporan :is(input, textarea, button), #foto-kirim :is(input, button), .foto :is(input, button)")) {
      field.disabled = frozen;
    }
    for (const canvas of document.querySelectorAll(".gores canvas")) canvas.dataset.beku = frozen ? "ya" : "";
    if ($("kirim")) $("kirim").hidden = frozen;
  };

  // Sending -------------------------------------------------------------------------------------------------------------
  class Away extends Error {}
  class LoggedOut extends Error {}
  class Refused extends Error {
    constructor(problem, status) {
      super(problem.detail || word("Tolak"));
      this.code = problem.code || String(status);
    }
  }
  const ask = async (method, path, { body, json, key, token } = {}) => {
    const headers = { Accept: "application/json" };
    if (json) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    if (token) headers["X-CSRF-Token"] = token;
    let answer;
    try {
      answer = await fetch(`/api/v1${path}`, { method, headers, body: json ? JSON.stringify(json) : body, cache: "no-store" });
    } catch {
      throw new Away();
    }
    const given = await answer.json().catch(() => null);
    if (answer.status === 401) throw new LoggedOut();
    if (answer.status >= 500 || answer.status === 429 || given === null) throw new Away();
    if (!answer.ok) throw new Refused(given, answer.status);
    return { ...given, http: answer.status };
  };

  const decisionOf = (entry, pictures) => {
    const { fields } = entry;
    const sent = pictures.map((one) => one.sha256);
    if (entry.kind === "inspection") {
      const [latitude, longitude, accuracy_metres] = ["lintang", "bujur", "ketelitian"].map((name) => numberOf(fields[name]));
      return {
        kind: "inspected", seen: entry.seen, photos: [...new Set([...fields.foto, ...sent])],
        position: { latitude, longitude, accuracy_metres }, findings: fields.temuan.trim(), present: namesOf(fields.hadir),
      };
    }
    const scans = pictures.filter((one) => one.name !== "tanda-tangan.png");
    const scan = scans.length ? scans[scans.length - 1].sha256 : fields.pindaian;
    const drawn = (name) => pictures.find((one) => one.of === name)?.sha256;
    const signatures = entry.people
      .filter((one) => one.way !== "menolak")
      .map((one) => (one.way === "layar"
        ? { name: one.name, way: "screen", image: drawn(one.name) }
        : { name: one.name, way: "paper", image: scan }));
    const refused = Object.fromEntries(entry.people.filter((one) => one.way === "menolak").map((one) => [one.name, one.reason]));
    return { kind: "minutes_signed", seen: entry.seen, signatures, refused };
  };

  const decide = async (entry, body, token) => {
    const path = `/tasks/${encodeURIComponent(entry.task)}`;
    for (let turn = 0; turn < 5; turn += 1) {
      try {
        const answer = await ask("POST", `${path}/decision`, { json: body, key: entry.key, token });
        if (answer.http !== 202) return;
      } catch (wrong) {
        if (!(wrong instanceof Refused) || !(await isMine(entry, path, wrong))) throw wrong;
        return;
      }
      await new Promise((done) => { window.setTimeout(done, 2000); });
    }
    throw new Away();
  };

  // Whether the task is closed by what was sent from here before, whose answer was lost.
  const isMine = async (entry, path, refused) => {
    if (refused.code !== "task-closed" || !entry.tried || entry.edited) return false;
    const now = await ask("GET", path);
    return now.decision === (entry.kind === "inspection" ? "inspected" : "minutes_signed") && now.decided_by_name === entry.name;
  };

  const send = async (entry, tell) => {
    const login = await ask("GET", "/sessions/current");
    if (login.actor.id !== entry.owner) throw new Refused({ detail: word("OrangLain") }, 403);
    const token = login.csrf_token;
    const pictures = await picturesOf(entry.id);
    for (const [n, picture] of pictures.entries()) {
      if (picture.sha256) continue;
      tell("kirim", word("Foto", { n: n + 1, m: pictures.length }));
      const body = new FormData();
      body.append("kind", picture.kind);
      body.append("file", picture.blob, picture.name);
      const path = `/tasks/${encodeURIComponent(entry.task)}/attachments`;
      picture.sha256 = (await ask("POST", path, { body, key: picture.key, token })).sha256;
      await put("gambar", picture);
    }
    tell("kirim");
    entry.name = login.actor.name;
    // Kept before it is sent: should the answer be lost, the next try knows that the task may be closed by this one.
    await put("isian", { ...entry, tried: true });
    await decide(entry, decisionOf(entry, pictures), token);
    await forget(entry.id);
    await put("isian", { id: entry.id, owner: entry.owner, task: entry.task, state: "terkirim" });
  };

  let [running, wanted] = [false, false];
  const sendAll = async () => {
    wanted = running;
    if (running) return;
    running = true;
    const work = async () => {
      for (const entry of await entries()) {
        if (entry.state !== "antre" || entry.owner !== owner) continue;
        const tell = entry.id === here ? say : () => {};
        try {
          await send(entry, tell);
          tell("terkirim");
          if (entry.id === here && navigator.onLine) window.location.reload();
        } catch (wrong) {
          await failed(entry.id, wrong, tell);
          if (wrong instanceof Away || wrong instanceof LoggedOut) return;
        }
      }
    };
    try {
      if (navigator.locks) await navigator.locks.request(DATABASE, { ifAvailable: true }, (lock) => lock && work());
      else await work();
    } finally {
      running = false;
      await list();
    }
    if (wanted) await sendAll();
  };

  const failed = async (id, wrong, tell) => {
    if (wrong instanceof Away) return tell("antre");
    if (wrong instanceof LoggedOut) return tell("masuk");
    const entry = await entryOf(id);
    const detail = wrong instanceof Refused ? wrong.message : word("Tolak");
    if (entry) await put("isian", { ...entry, state: "bentrok", detail: wrong.code === "stale-version" ? word("Berubah") : detail });
    return tell("bentrok", wrong.code === "stale-version" ? word("Berubah") : detail);
  };

  // The list of tasks: which are on this phone, which wait there. -------------------------------------------------------
  const list = async () => {
    const lines = document.querySelectorAll(".kunjungan > li");
    if (!lines.length) return;
    const cache = window.caches ? await caches.open(PAGES) : null;
    const mine = new Map((await entries()).map((one) => [one.id, one]));
    for (const line of lines) {
      const entry = mine.get(`${owner} ${line.dataset.tugas}`);
      const path = new URL(line.querySelector("a").href).pathname;
      const ready = cache && (await cache.match(path));
      const words = line.querySelector(".kunjungan__siap");
      words.hidden = false;
      words.textContent = entry && ["antre", "bentrok"].includes(entry.state) ? word("Menunggu")
        : entry?.state === "draf" ? word("Ditulis") : ready ? word("Siap") : word("BelumSiap");
    }
  };

  // Keeps the pages of open tasks for the way, and drops what is over.
  const carry = async () => {
    if (!window.caches || !navigator.onLine) return;
    const cache = await caches.open(PAGES);
    const keep = async (address) => {
      const answer = await fetch(address, { cache: "no-store" }).catch(() => null);
      if (!answer?.ok || answer.redirected) return;
      const text = await answer.clone().text();
      await cache.put(new URL(address).pathname, answer);
      // The minutes are signed by those who can read them: their pictures come along.
      for (const picture of new DOMParser().parseFromString(text, "text/html").querySelectorAll("img[data-bawa]")) {
        const source = new URL(picture.getAttribute("src"), window.location.origin).href;
        const drawn = await fetch(source).catch(() => null);
        if (drawn?.ok) await cache.put(source, drawn);
      }
    };
    if (task) {
      if (!isOpen) {
        await cache.delete(window.location.pathname);
        return;
      }
      await keep(window.location.origin + window.location.pathname);
      return;
    }
    const wanted = [...document.querySelectorAll("a[data-bawa]")].map((link) => link.href);
    const unsent = (await entries()).filter((one) => one.state !== "terkirim").map((one) => `/lapangan/${one.task}`);
    for (const request of await cache.keys()) {
      const { pathname } = new URL(request.url);
      const still = pathname === "/lapangan" || pathname.startsWith("/kasus/") || unsent.includes(decodeURIComponent(pathname));
      if (!still && !wanted.some((address) => new URL(address).pathname === pathname)) await cache.delete(request);
    }
    await keep(`${window.location.origin}/lapangan`);
    for (const address of wanted) await keep(address);
  };

  // The form of one task --------------------------------------------------------------------------------------------------
  const numberOf = (text) => {
    const plain = (text || "").trim().replace("\u2212", "-").replace(",", ".");
    return plain && Number.isFinite(Number(plain)) ? Number(plain) : null;
  };
  const namesOf = (text) => [...new Set((text || "").split("\n").map((line) => line.trim()).filter(Boolean))];
  const TEXTS = ["lintang", "bujur", "ketelitian", "temuan", "hadir"];
  const people = () => [...document.querySelectorAll(".hadir")];
  const scanOf = () => document.querySelector("input[name=pindaian]:checked")?.value ?? "";

  const read = () => {
    const fields = Object.fromEntries(TEXTS.filter((name) => $(name)).map((name) => [name, $(name).value]));
    fields.foto = [...document.querySelectorAll("input[name=foto]:checked")].map((box) => box.value);
    fields.pindaian = scanOf();
    const chosen = people().map((one) => ({
      name: one.dataset.nama,
      way: one.querySelector("input[type=radio]:checked")?.value ?? "",
      reason: one.querySelector("textarea").value.trim(),
    }));
    return { fields, people: chosen };
  };
  const fill = (entry) => {
    for (const name of TEXTS) if ($(name) && entry.fields[name] !== undefined) $(name).value = entry.fields[name];
    for (const one of people()) {
      const known = (entry.people || []).find((each) => each.name === one.dataset.nama);
      if (!known) continue;
      const radio = [...one.querySelectorAll("input[type=radio]")].find((each) => each.value === known.way);
      if (radio) radio.checked = true;
      one.querySelector("textarea").value = known.reason;
    }
  };

  let entry = null; // of this task and account
  let saving = Promise.resolve();
  const save = (changes = {}) => {
    saving = saving.then(async () => {
      entry = { id: here, owner, task, kind, seen, state: "draf", tried: false, edited: false, ...entry, ...read(), ...changes };
      await put("isian", entry);
    });
    return saving;
  };
  const saveDraft = async () => {
    if (entry && entry.state !== "draf") return;
    await save();
    say("draf");
  };

  const shrunk = async (file) => {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
    if (!picture) return null;
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    // Written anew: what the camera put beside the picture, such as where and by which phone, stays behind.
    return new Promise((done) => { canvas.toBlob(done, "image/jpeg", 0.85); });
  };
  const addPictures = async (files) => {
    $("foto-kabar").textContent = "";
    for (const file of files) {
      const isPdf = kind === "sign_minutes" && file.type === "application/pdf";
      const blob = isPdf ? file : await shrunk(file);
      if (!blob) {
        $("foto-kabar").textContent = word("FotoBuruk");
        continue;
      }
      const n = Date.now();
      const name = isPdf ? "halaman.pdf" : `foto-${n}.jpg`;
      const which = kind === "inspection" ? "photo" : "minutes-signature";
      await put("gambar", { id: `${here} ${newKey()}`, isian: here, n, kind: which, key: newKey(), name, blob, sha256: null });
    }
    await saveDraft();
    await showPictures();
  };
  const showPictures = async () => {
    for (const old of document.querySelectorAll("#foto-daftar > [data-gambar]")) old.remove();
    const pictures = (await picturesOf(here)).filter((one) => !one.of);
    for (const [n, picture] of pictures.entries()) {
      const line = document.createElement("li");
      line.dataset.gambar = picture.id;
      const canvas = document.createElement("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", word("FotoKe", { n: n + 1 }));
      const drawn = await createImageBitmap(picture.blob).catch(() => null);
      if (drawn) {
        [canvas.width, canvas.height] = [240, Math.round((240 * drawn.height) / drawn.width)];
        canvas.getContext("2d").drawImage(drawn, 0, 0, canvas.width, canvas.height);
        drawn.close();
      }
      const away = document.createElement("button");
      away.type = "button";
      away.textContent = word("FotoBuang");
      away.addEventListener("click", async () => {
        await drop("gambar", picture.id);
        await showPictures();
      });
      line.append(canvas, away);
      $("foto-daftar").append(line);
    }
  };

  // Where the phone is ----------------------------------------------------------------------------------------------------
  const locate = () => {
    const news = $("posisi-kabar");
    news.textContent = word("Posisi");
    navigator.geolocation.getCurrentPosition(
      async ({ coords }) => {
        $("lintang").value = coords.latitude.toFixed(6).replace(".", ",");
        $("bujur").value = coords.longitude.toFixed(6).replace(".", ",");
        $("ketelitian").value = String(Math.ceil(coords.accuracy));
        news.textContent = word(coords.accuracy > ROUGH ? "PosisiKasar" : "PosisiAda", { m: Math.ceil(coords.accuracy) });
        await saveDraft();
      },
      () => { news.textContent = word("PosisiTolak"); },
      { enableHighAccuracy: true, timeout: 30_000, maximumAge: 0 },
    );
  };

  // Signatures drawn with a finger ----------------------------------------------------------------------------------------
  const blank = (canvas) => {
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    canvas.dataset.isi = "";
  };
  const drawable = async (person) => {
    const name = person.dataset.nama;
    const part = person.querySelector(".gores");
    const canvas = part.querySelector("canvas");
    const field = part.querySelector(".gores__bidang");
    const pen = canvas.getContext("2d");
    person.querySelector(".govuk-radios").prepend(part);
    part.hidden = false;
    const show = () => { field.hidden = !part.querySelector("input").checked; };
    person.addEventListener("change", show);
    blank(canvas);
    let last = null;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (canvas.dataset.beku) return;
      canvas.setPointerCapture(event.pointerId);
      last = at(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!last) return;
      const next = at(event);
      [pen.lineWidth, pen.lineCap, pen.strokeStyle] = [5, "round", "#14213d"];
      pen.beginPath();
      pen.moveTo(...last);
      pen.lineTo(...next);
      pen.stroke();
      last = next;
      canvas.dataset.isi = "ya";
    });
    const lift = async () => {
      if (!last) return;
      last = null;
      if (!canvas.dataset.isi) return;
      const blob = await new Promise((done) => { canvas.toBlob(done, "image/png"); });
      await put("gambar", {
        id: `${here} gores ${name}`, isian: here, n: 0, kind: "minutes-signature", key: newKey(), name: "tanda-tangan.png",
        of: name, blob, sha256: null,
      });
      await saveDraft();
    };
    canvas.addEventListener("pointerup", lift);
    canvas.addEventListener("pointercancel", lift);
    part.querySelector(".gores__hapus").addEventListener("click", async () => {
      if (canvas.dataset.beku) return;
      blank(canvas);
      await drop("gambar", `${here} gores ${name}`);
    });
    const known = (await picturesOf(here)).find((one) => one.of === name);
    if (known) {
      const drawn = await createImageBitmap(known.blob);
      pen.drawImage(drawn, 0, 0);
      canvas.dataset.isi = "ya";
    }
    return show;
  };

  // What is missing, as the office would say it -----------------------------------------------------------------------------
  const missing = async () => {
    const { fields, people: chosen } = read();
    const pictures = await picturesOf(here);
    const wrong = [];
    if (kind === "inspection") {
      const wanted = Number(place.dataset.foto);
      if (fields.foto.length + pictures.length < wanted) wrong.push(["file", word("KurangFoto", { n: wanted })]);
      const within = (name, most) => { const value = numberOf(fields[name]); return value !== null && Math.abs(value) <= most; };
      if (!within("lintang", 90)) wrong.push(["lintang", word("Lintang")]);
      if (!within("bujur", 180)) wrong.push(["bujur", word("Bujur")]);
      if (!within("ketelitian", 100_000) || numberOf(fields.ketelitian) < 0) wrong.push(["ketelitian", word("Ketelitian")]);
      if (!fields.temuan.trim() || fields.temuan.length > 4000) wrong.push(["temuan", word("Temuan")]);
      const names = namesOf(fields.hadir);
      if (!names.length || names.length > 30 || names.some((name) => name.length > 200)) wrong.push(["hadir", word("Hadir")]);
      return wrong;
    }
    for (const [n, one] of chosen.entries()) {
      const facts = { nama: one.name };
      if (!one.way) wrong.push([`cara-${n}`, word("Cara", facts)]);
      if (one.way === "menolak" && (!one.reason || one.reason.length > 500)) wrong.push([`alasan-${n}`, word("Alasan", facts)]);
      if (one.way === "layar" && !pictures.some((each) => each.of === one.name)) wrong.push([`cara-${n}`, word("Gores", facts)]);
    }
    const paper = chosen.some((one) => one.way === "kertas");
    if (paper && !fields.pindaian && !pictures.some((one) => !one.of)) wrong.unshift(["file", word("Pindaian")]);
    return wrong;
  };
  const complain = (wrong) => {
    const box = $("galat");
    box.replaceChildren();
    if (!wrong.length) return;
    const [summary, title, lines] = ["div", "h2", "ul"].map((name) => document.createElement(name));
    summary.className = "govuk-error-summary";
    summary.tabIndex = -1;
    title.className = "govuk-error-summary__title";
    title.textContent = word("Salah");
    lines.className = "govuk-list govuk-error-summary__list";
    for (const [field, words] of wrong) {
      const [line, link] = ["li", "a"].map((name) => document.createElement(name));
      link.href = `#${field}`;
      link.textContent = words;
      line.append(link);
      lines.append(line);
    }
    summary.append(title, lines);
    box.append(summary);
    summary.focus();
  };

  const queue = async () => {
    const wrong = await missing();
    complain(wrong);
    if (wrong.length) return;
    await save({ state: "antre", seen, key: entry?.key && !entry.edited ? entry.key : newKey() });
    freeze(true);
    say("antre");
    $("keadaan").focus();
    await sendAll();
  };

  const prepareForm = async () => {
    $("file").multiple = kind === "inspection";
    $("foto-simpan").hidden = true;
    $("file").addEventListener("change", async () => {
      await addPictures([...$("file").files]);
      $("file").value = "";
    });
    $("foto-kirim").addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      queue();
    });
    const shows = await Promise.all(people().map(drawable));
    if ($("ambil-posisi") && navigator.geolocation) {
      $("ambil-posisi").hidden = false;
      $("ambil-posisi").addEventListener("click", locate);
    }
    entry = (await entryOf(here)) ?? null;
    if (entry) fill(entry);
    shows.forEach((show) => show());
    await showPictures();
    if (entry && entry.state !== "draf") {
      freeze(true);
      say(entry.state, entry.detail);
    } else if (entry) say("draf");
    let timer = 0;
    form.addEventListener("input", () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(saveDraft, 250);
    });
    window.addEventListener("pagehide", () => { if (timer && entry?.state === "draf") save(); });
    $("ubah-isian").addEventListener("click", async () => {
      await save({ state: "draf", detail: "", edited: Boolean(entry.tried) });
      freeze(false);
      say("draf");
    });
  };

  // Loads the page again once the office's list says that the task is over.
  const overAtTheOffice = async () => {
    const path = `/tasks/${encodeURIComponent(task)}`;
    for (let turn = 0; turn < 60; turn += 1) {
      const now = await ask("GET", path).catch(() => null);
      if (now && now.status !== "open") {
        window.location.reload();
        return;
      }
      await new Promise((done) => { window.setTimeout(done, 1000); });
    }
  };

  const prepare = async () => {
    const sent = task ? await entryOf(here) : null;
    if (sent?.state === "terkirim") {
      // A task that is decided never opens again; the office's own list trails behind by a moment.
      if (isOpen) freeze(true);
      say("terkirim");
      if (isOpen) overAtTheOffice();
      else if (navigator.onLine) await drop("isian", here);
    } else if (isOpen) await prepareForm();
    else if (sent) {
      // The task is over: what was entered can still be read, copied and deleted.
      entry = sent;
      say(sent.state === "draf" ? "bentrok" : sent.state, sent.detail);
      $("keadaan-isian").hidden = !sent.fields?.temuan;
      $("keadaan-isian").textContent = sent.fields?.temuan ?? "";
    }
    $("kirim-sekarang").addEventListener("click", async () => {
      const waiting = await entryOf(here);
      if (waiting?.state === "bentrok") await put("isian", { ...waiting, state: "antre", seen });
      if (task && waiting) entry = { ...waiting, state: "antre", seen };
      await sendAll();
    });
    $("hapus-isian").addEventListener("click", async () => {
      if (!window.confirm(word("Yakin"))) return;
      await forget(here);
      window.location.reload();
    });
    $("keadaan-lain").hidden = !(await entries()).some((one) => one.owner !== owner && one.state !== "terkirim");
    await sendAll();
    window.addEventListener("online", sendAll);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) sendAll(); });
    window.setInterval(() => { if (navigator.onLine) sendAll(); }, AGAIN);
    place.dataset.siap = "ya";
    await navigator.serviceWorker?.register("/lapangan/pekerja.js", { scope: "/lapangan" }).then(() => navigator.serviceWorker.ready).catch(() => null);
    await carry();
    await list();
    place.dataset.dibawa = "ya";
  };
  prepare();
})();
