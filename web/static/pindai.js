// Reads the QR code of a letter with the camera, where the browser can find codes by itself (BarcodeDetector); elsewhere
// a photo is taken and the server reads it. Without this script the forms of the page do the same.
// A code's text is a stranger's: it is compared with our address and leads to our own path or nowhere.
"use strict";
(() => {
  const place = document.getElementById("pindai");
  const photo = document.getElementById("foto");
  if (!place || !photo) return;
  const [start, stop] = ["pindai-mulai", "pindai-henti"].map((id) => document.getElementById(id));
  const picture = document.getElementById("pindai-gambar");
  const news = document.getElementById("pindai-kabar");
  const base = place.dataset.alamat;
  const PAUSE = 200; // milliseconds between two looks
  const words = {
    looking: place.dataset.kataMencari,
    foreign: place.dataset.kataAsing,
    found: place.dataset.kataTerbaca,
    refused: place.dataset.kataDitolak,
  };
  let stream = null;
  let turn = 0;

  const say = (what) => {
    if (news.textContent !== words[what]) news.textContent = words[what];
    news.classList.toggle("pindai__kabar--salah", what === "foreign" || what === "refused");
  };

  // Our own path for a code of ours, else null.
  const leadsTo = (text) => {
    const given = text.trim();
    if (given.slice(0, base.length).toLowerCase() !== base.toLowerCase()) return null;
    const rest = given.slice(base.length);
    return /^\/v\/([A-Za-z0-9_-]{4,64}\.[A-Za-z2-7]{16}|luring#[A-Z0-9:]{20,4000})$/.test(rest) ? rest : null;
  };

  const end = () => {
    turn += 1;
    if (stream) stream.getTracks().forEach((track) => track.stop());
    stream = null;
    picture.srcObject = null;
    picture.hidden = stop.hidden = true;
    start.hidden = false;
  };

  const look = async (detector, mine) => {
    if (mine !== turn) return;
    let codes = [];
    try {
      codes = await detector.detect(picture);
    } catch {
      // A frame that is not there yet; the next one comes.
    }
    if (mine !== turn) return;
    const paths = [...new Set(codes.map((code) => leadsTo(code.rawValue)).filter(Boolean))];
    if (paths.length) {
      say("found");
      end();
      window.location.assign(paths[0]);
      return;
    }
    if (codes.length) say("foreign");
    window.setTimeout(look, PAUSE, detector, mine);
  };

  const begin = async (detector) => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
    } catch {
      say("refused");
      return;
    }
    picture.srcObject = stream;
    picture.hidden = stop.hidden = false;
    start.hidden = true;
    say("looking");
    await picture.play();
    turn += 1;
    look(detector, turn);
  };

  // A phone without a detector: its camera takes a photo, which goes to the server at once.
  const offerPhoto = () => {
    start.textContent = place.dataset.kataFoto;
    start.addEventListener("click", () => {
      photo.setAttribute("capture", "environment");
      photo.addEventListener("change", () => photo.files.length && photo.form.requestSubmit(), { once: true });
      photo.click();
      photo.removeAttribute("capture");
    });
  };

  const secondary = () => photo.form.querySelector("button").classList.add("govuk-button--secondary");

  const prepare = async () => {
    const formats = "BarcodeDetector" in window ? await BarcodeDetector.getSupportedFormats().catch(() => []) : [];
    if (formats.includes("qr_code") && navigator.mediaDevices?.getUserMedia) {
      const detector = new BarcodeDetector({ formats: ["qr_code"] });
      start.addEventListener("click", () => begin(detector));
      stop.addEventListener("click", end);
      document.addEventListener("visibilitychange", () => document.hidden && stream && end());
    } else if (window.matchMedia("(pointer: coarse)").matches) {
      offerPhoto();
    } else {
      return;
    }
    secondary();
    place.hidden = false;
  };
  prepare();
})();
