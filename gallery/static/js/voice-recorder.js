// Records a voice from the microphone, with its level and pauses. The recording becomes the file of the form. It can be
// played before it is sent, and so can a chosen file. In the form of a work it is sent to the draft while the partner
// types. Without this module the file field remains.

import { timedFetch } from "./timed-fetch.js";
import { attachPlayer } from "./voice.js";
import { attachWorkForm } from "./work-form.js";

const SEND_LIMIT = 120_000; // ms

const place = document.getElementById("recorder");
const words = place?.dataset;

const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

class Recorder {
  constructor() {
    this.form = place.closest("form");
    this.panel = place.querySelector(".recorder");
    this.output = place.querySelector("output");
    this.meter = place.querySelector("meter");
    this.status = place.querySelector(".recorder-status");
    this.listen = place.querySelector(".recorder-listen");
    this.field = place.querySelector("[type=file]");
    this.longest = Number(words.longest);
    this.isUnsent = false;
    for (const button of place.querySelectorAll(".recorder button")) {
      button.addEventListener("click", () => this[button.value]());
    }
    this.field.addEventListener("change", () => this.offer(this.field.files[0], words.chosen));
    if (words.sendTo) this.sendWithForm();
    else this.form.addEventListener("submit", () => (this.isUnsent = false));
    addEventListener("beforeunload", (event) => (this.isUnsent || this.isRecording) && event.preventDefault());
    this.panel.hidden = !(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);
  }

  show(...values) {
    for (const button of place.querySelectorAll(".recorder button")) button.hidden = !values.includes(button.value);
  }

  async record() {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      this.status.textContent = words.refused;
      return;
    }
    this.stream = stream;
    this.seconds = 0;
    this.chunks = [];
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    this.recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: 96_000 });
    this.recorder.addEventListener("dataavailable", (event) => this.chunks.push(event.data));
    this.recorder.addEventListener("stop", () => this.finished());
    this.hide();
    this.watchLevel(stream);
    this.isFull = false;
    this.recorder.start(1000);
    this.tick();
    this.status.textContent = words.recording;
    this.show("pause", "stop");
    place.querySelector("[value=stop]").focus();
  }

  get isRecording() {
    return Boolean(this.recorder) && this.recorder.state !== "inactive";
  }

  pause() {
    this.count();
    this.recorder.pause();
    this.status.textContent = words.paused;
    this.show("resume", "stop");
    place.querySelector("[value=resume]").focus();
  }

  resume() {
    this.recorder.resume();
    this.began = performance.now();
    this.status.textContent = words.recording;
    this.show("pause", "stop");
    place.querySelector("[value=pause]").focus();
  }

  stop() {
    if (this.isRecording) this.recorder.stop();
  }

  again() {
    this.record();
  }

  // The time that was recorded, without pauses.
  tick() {
    this.began = performance.now();
    this.ticking = setInterval(() => {
      if (this.recorder.state === "recording") this.count();
    }, 200);
  }

  count() {
    const moment = performance.now();
    this.seconds += (moment - this.began) / 1000;
    this.began = moment;
    const whole = Math.floor(this.seconds);
    this.output.textContent = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
    if (this.seconds < this.longest - 1 || this.isFull) return;
    this.isFull = true;
    this.stop();
  }

  watchLevel(stream) {
    this.context = new AudioContext();
    const analyser = this.context.createAnalyser();
    this.context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const draw = () => {
      if (this.context.state === "closed") return;
      analyser.getFloatTimeDomainData(samples);
      const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      this.meter.value = this.recorder.state === "recording" ? Math.sqrt(loudest) : 0;
      requestAnimationFrame(draw);
    };
    draw();
  }

  finished() {
    clearInterval(this.ticking);
    for (const track of this.stream.getTracks()) track.stop();
    this.context.close();
    this.meter.value = 0;
    const type = this.recorder.mimeType.split(";")[0];
    const file = new File(this.chunks, `${words.name}.${type.split("/")[1]}`, { type });
    const files = new DataTransfer();
    files.items.add(file);
    this.field.files = files.files;
    this.show("again");
    this.offer(file, this.isFull ? words.full : words.done);
    this.isUnsent = true;
    this.listen.focus();
  }

  offer(file, sentence) {
    this.hide();
    this.isUnsent = Boolean(file && words.sendTo);
    if (!file) return;
    this.listen.src = URL.createObjectURL(file);
    this.listen.hidden = false;
    this.status.textContent = sentence;
    this.showSending(true);
  }

  // In the form of a work, its own button sends the recording. Sending the form sends the recording first.
  sendWithForm() {
    attachWorkForm(this.form);
    this.field.removeAttribute("name");
    this.button = place.querySelector(".recorder-send");
    this.button.addEventListener("click", () => this.send());
    this.discard = place.querySelector(".recorder-discard");
    this.discard.addEventListener("click", () => this.drop());
    for (const part of place.closest("section").querySelectorAll(".without-script")) part.hidden = true;
    place.closest("details").hidden = false;
    this.form.addEventListener(
      "submit",
      async (event) => {
        if (!this.isUnsent && !this.isRecording) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        if (this.isRecording) this.stop(); // it is heard first
        else if (await this.send()) this.form.requestSubmit(event.submitter);
      },
      { capture: true },
    );
  }

  showSending(isShown) {
    if (words.sendTo) this.button.hidden = this.discard.hidden = !isShown;
  }

  // The form goes without the recording.
  drop() {
    this.isUnsent = false;
    this.field.value = "";
    this.hide();
    this.show("record");
  }

  // Returns whether the recording is in the work.
  async send() {
    this.button.disabled = true;
    this.status.textContent = words.sending;
    const sentence = await this.post().catch(() => words.broken);
    this.button.disabled = false;
    if (sentence) {
      place.closest("details").open = true;
      this.status.textContent = sentence;
      this.status.scrollIntoView({ block: "center" });
      return false;
    }
    this.drop();
    this.status.textContent = words.arrived;
    return true;
  }

  // Sends the recording as the page of the voice does, and shows what came of it. Returns why it was not taken, or "".
  async post() {
    const work = await this.form.autosave.draft();
    if (!work) return words.broken;
    const body = new FormData();
    body.set("person", this.form.dataset.person);
    body.set("sound", this.field.files[0]);
    const answer = await timedFetch(words.sendTo.replace("/0/", `/${work}/`), { method: "POST", body }, SEND_LIMIT);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = answer.ok && page.querySelector(".work-voice");
    const isSignedOut = answer.ok || answer.status === 401; // the page to sign in, or somebody else has signed in
    const reason = page.querySelector(".field-error")?.textContent;
    if (!now && reason && answer.status < 500) this.drop(); // it would be refused again
    if (!now) return reason ?? (isSignedOut ? words.signedOut : words.broken);
    const section = place.closest("section");
    section.querySelector(".voice-state").replaceWith(now.querySelector(".voice-state"));
    for (const player of section.querySelectorAll(".player")) attachPlayer(player);
    if (!section.querySelector("[name=transcript]:not([type=hidden])"))
      section.querySelector(".voice-texts").replaceWith(now.querySelector(".voice-texts"));
    section.querySelector(".voice-page").replaceWith(now.querySelector(".voice-page"));
    return "";
  }

  hide() {
    this.showSending(false);
    if (this.listen.src) URL.revokeObjectURL(this.listen.src);
    this.listen.removeAttribute("src");
    this.listen.hidden = true;
    this.status.textContent = "";
  }
}

if (place) new Recorder();
