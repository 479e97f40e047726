// Sends the file of a form in parts, so that a bad line costs a part and not the file (tus 1.0, core).
//
// Without this script the form sends its file by itself. With it: a picture is shown, size and kind are checked before
// anything is sent, a photo over the limit is made smaller, progress is said, and after a break the sending goes on from
// what the server already has, also when the page was opened again. When all is there, the form is sent without its
// file and names the upload instead.
(() => {
  "use strict";
  const VERSION = "1.0.0";
  const FIRST_PART = 128 * 1024;
  const SMALLEST_PART = 32 * 1024;
  const LARGEST_PART = 768 * 1024;
  const LONGEST_WAIT = 30;
  const MOST_TRIES = 60;
  const PART_SECONDS = 60;
  const SIDE = 2600;

  const percent = (done, whole) => Math.floor((done / whole) * 100);
  const filled = (words, values) => words.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  const size = (bytes) =>
    bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1e6).toFixed(1).replace(".", ",")} MB`;

  class Refused extends Error {
    constructor(status, words) {
      super(words);
      this.status = status;
    }
  }
  class Cancelled extends Error {}

  // One request; fails with Refused where the server said why, with any other error where the line broke.
  const ask = (method, address, headers, body, onProgress, holder) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      if (holder) holder.request = request;
      request.open(method, address);
      request.timeout = PART_SECONDS * 1000;
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      if (onProgress) request.upload.addEventListener("progress", (event) => onProgress(event.loaded));
      request.addEventListener("load", () => {
        if (request.status < 400 || request.status === 409) return resolve(request);
        let detail = "";
        try {
          detail = JSON.parse(request.responseText).detail ?? "";
        } catch {
          // Whatever stands between us and the server answers without our words.
        }
        const isPassing = request.status >= 500 || request.status === 429 || request.status === 408;
        reject(isPassing ? new Error("later") : new Refused(request.status, detail));
      });
      for (const name of ["error", "timeout", "abort"]) request.addEventListener(name, () => reject(new Error(name)));
      request.send(body);
    });

  const wait = (seconds, holder) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, seconds * 1000);
      holder.wake = () => {
        clearTimeout(timer);
        resolve();
      };
      window.addEventListener("online", holder.wake, { once: true });
    });

  class Sending {
    constructor(form, target, file, said) {
      this.form = form;
      this.file = file;
      this.said = said;
      this.target = target;
      this.secret = form.querySelector("[name=csrf_token]").value;
      this.place = `unggah:${form.getAttribute("action")}:${file.size}:${file.lastModified}`;
      this.part = FIRST_PART;
      this.offset = 0;
      this.isCancelled = false;
    }

    headers(more = {}) {
      return { "Tus-Resumable": VERSION, "X-CSRF-Token": this.secret, Accept: "application/json", ...more };
    }

    cancel() {
      this.isCancelled = true;
      this.request?.abort();
      this.wake?.();
      this.forget();
    }

    forget() {
      try {
        sessionStorage.removeItem(this.place);
      } catch {
        // A browser that keeps nothing begins again.
      }
    }

    // Where the file goes: an upload that was begun before, else a new one.
    async find() {
      let known = null;
      try {
        known = sessionStorage.getItem(this.place);
      } catch {
        known = null;
      }
      if (known) {
        try {
          await this.look(known);
          if (this.offset) this.said("lanjut", { persen: percent(this.offset, this.file.size) });
          return known;
        } catch (error) {
          if (!(error instanceof Refused) || error.status !== 404) throw error;
          this.forget();
        }
      }
      const name = btoa(String.fromCharCode(...new TextEncoder().encode(this.file.name.slice(0, 200))));
      const answer = await ask(
        "POST", this.target,
        this.headers({ "Upload-Length": String(this.file.size), "Upload-Metadata": `filename ${name}` }), null, null, this,
      );
      const address = answer.getResponseHeader("Location");
      this.offset = 0;
      try {
        sessionStorage.setItem(this.place, address);
      } catch {
        // Then a page that is opened again begins again.
      }
      return address;
    }

    async look(address) {
      const answer = await ask("HEAD", address, this.headers(), null, null, this);
      this.offset = Number(answer.getResponseHeader("Upload-Offset"));
    }

    async next(address) {
      const begun = performance.now();
      const body = this.file.slice(this.offset, this.offset + this.part);
      const from = this.offset;
      const answer = await ask(
        "PATCH", address,
        this.headers({ "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(from) }), body,
        (loaded) => this.said("kirim", { persen: percent(Math.min(from + loaded, this.file.size), this.file.size) }), this,
      );
      this.offset = Number(answer.getResponseHeader("Upload-Offset"));
      const seconds = (performance.now() - begun) / 1000;
      this.part = Math.min(LARGEST_PART, Math.max(SMALLEST_PART, seconds < 2 ? this.part * 2 : seconds > 8 ? this.part / 2 : this.part));
    }

    // The id of the upload, once all of it is there. Throws Refused, Cancelled, or the last break of the line.
    async run() {
      let address = null;
      for (let failures = 0; ; ) {
        try {
          address ??= await this.find();
          while (this.offset < this.file.size) {
            await this.next(address);
            failures = 0;
          }
          this.forget();
          return address.split("/").pop();
        } catch (error) {
          if (this.isCancelled) throw new Cancelled();
          if (error instanceof Refused && error.status === 404 && address) {
            // It was forgotten there: all of it again.
            this.forget();
            address = null;
            this.offset = 0;
          } else if (error instanceof Refused) {
            throw error;
          }
          failures += 1;
          if (failures > MOST_TRIES) throw error;
          this.part = Math.max(SMALLEST_PART, this.part / 2);
          const seconds = Math.min(LONGEST_WAIT, 2 ** Math.min(failures - 1, 5));
          this.said("putus", { persen: percent(this.offset, this.file.size), detik: seconds }, true);
          await wait(seconds, this);
          if (this.isCancelled) throw new Cancelled();
          if (address) {
            try {
              await this.look(address);
            } catch (again) {
              if (again instanceof Refused && again.status !== 404) throw again;
            }
          }
        }
      }
    }
  }

  const isAccepted = (accept, file) => {
    const kinds = accept.split(",");
    const name = file.name.toLowerCase();
    return kinds.some((kind) => kind === file.type || (kind.startsWith(".") && name.endsWith(kind)));
  };

  const drawn = async (file, side) => {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, side / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    return canvas;
  };

  // A photo of a phone is often larger than what is taken in, and never needs to be.
  const smaller = async (accept, limit, file) => {
    if (file.size <= limit || !file.type.startsWith("image/") || !accept.includes("image/jpeg")) return file;
    for (const side of [SIDE, SIDE * 0.7]) {
      const canvas = await drawn(file, side);
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
      if (blob && blob.size <= limit) {
        const name = `${file.name.replace(/\.\w+$/, "")}.jpg`;
        return new File([blob], name, { type: "image/jpeg", lastModified: file.lastModified });
      }
    }
    return file;
  };

  const prepare = (way) => {
    const form = way.closest("form");
    const input = form.querySelector("input[type=file]");
    const words = way.dataset;
    const accept = words.terima;
    const limit = Number(words.palingBesar);
    const buttons = [...form.querySelectorAll("[data-kirim]")];
    const upload = form.querySelector("[name=unggahan]");
    let chosen = null;
    let choosing = Promise.resolve();

    const show = (text, isWrong = false, done = null, cancel = null) => {
      const shown = way.querySelector("canvas");
      way.replaceChildren();
      if (shown) way.append(shown);
      if (done !== null) {
        const bar = document.createElement("progress");
        bar.max = 100;
        bar.value = done;
        bar.setAttribute("aria-label", text);
        way.append(bar);
      }
      const line = document.createElement("p");
      line.className = `unggah__kata${isWrong ? " unggah__kata--salah" : ""}`;
      line.textContent = text;
      if (text) way.append(line);
      if (cancel) {
        const stop = document.createElement("button");
        stop.type = "button";
        stop.className = "tautan";
        stop.textContent = words.kataBatal;
        stop.addEventListener("click", cancel);
        way.append(stop);
      }
    };

    const fault = (file) => {
      if (!file) return words.kataBelum;
      if (!file.size) return words.kataKosong;
      if (!isAccepted(accept, file)) return words.kataJenis;
      const over = file.size - limit;
      return over > 0 ? filled(words.kataBesar, { lebih: size(over) }) : "";
    };

    const choose = async (file) => {
      chosen = null;
      way.replaceChildren();
      if (!file) return;
      try {
        if (isAccepted(accept, file)) chosen = await smaller(accept, limit, file);
      } catch {
        chosen = null; // A picture that cannot be opened here is judged there.
      }
      chosen ??= file;
      if (chosen.type.startsWith("image/")) {
        try {
          const canvas = await drawn(chosen, 480);
          canvas.className = "unggah__gambar";
          canvas.setAttribute("role", "img");
          canvas.setAttribute("aria-label", chosen.name);
          way.append(canvas);
        } catch {
          // Not shown; sent all the same.
        }
      }
      const wrong = fault(chosen);
      if (wrong) show(wrong, true);
      else if (chosen !== file) show(filled(words.kataKecil, { dari: size(file.size), menjadi: size(chosen.size) }));
      else show(`${chosen.name}, ${size(chosen.size)}`);
    };
    input.addEventListener("change", () => {
      upload.value = "";
      choosing = choose(input.files[0]);
    });

    const finish = (id, submitter) => {
      upload.value = id;
      input.disabled = true;
      if (submitter?.name) {
        const hidden = document.createElement("input");
        hidden.type = "hidden";
        hidden.name = submitter.name;
        hidden.value = submitter.value;
        form.append(hidden);
      }
      form.submit();
    };

    const send = async (submitter) => {
      await choosing;
      const wrong = fault(chosen);
      if (wrong) {
        show(wrong, true);
        input.focus();
        return;
      }
      for (const button of buttons) button.disabled = true;
      const sending = new Sending(form, words.unggah, chosen, (kind, values, isWrong = false) => {
        const text = filled(words[`kata${kind[0].toUpperCase()}${kind.slice(1)}`], values);
        show(text, isWrong, values.persen, () => sending.cancel());
      });
      show(filled(words.kataKirim, { persen: 0 }), false, 0, () => sending.cancel());
      try {
        const id = await sending.run();
        show(words.kataPeriksa, false, 100);
        finish(id, submitter);
        return;
      } catch (error) {
        if (error instanceof Cancelled) show(words.kataDibatalkan);
        else if (error instanceof Refused && error.status === 401) show(words.kataKeluar, true);
        else if (error instanceof Refused && error.status === 413) show(error.message || words.kataKosong, true);
        else form.submit(); // The plain way, whose page says what is wrong.
      }
      for (const button of buttons) button.disabled = false;
    };

    form.addEventListener("submit", (event) => {
      if (!input.files.length && "bolehKosong" in words) return;
      event.preventDefault();
      send(event.submitter);
    });

    if (window.matchMedia("(pointer: coarse)").matches && accept.includes("image/")) {
      const camera = document.createElement("button");
      camera.type = "button";
      camera.className = "govuk-button govuk-button--secondary";
      camera.textContent = words.kataKamera;
      camera.addEventListener("click", () => {
        input.setAttribute("capture", "environment");
        input.click();
        input.removeAttribute("capture");
      });
      input.before(camera);
    }
    // A page that comes back from the browser's memory begins with everything it can press.
    window.addEventListener("pageshow", () => {
      input.disabled = false;
      for (const button of buttons) button.disabled = false;
    });
  };

  for (const way of document.querySelectorAll("[data-unggah]")) prepare(way);
})();
