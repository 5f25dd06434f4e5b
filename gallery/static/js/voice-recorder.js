// Records a voice from the microphone, with its level and pauses. The recording becomes the file of the form. It can be
// played before it is sent, and so can a chosen file. Without this module the file field remains.

const form = document.getElementById("recorder");
const words = form?.dataset;

const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

class Recorder {
  constructor() {
    this.panel = form.querySelector(".recorder");
    this.output = form.querySelector("output");
    this.meter = form.querySelector("meter");
    this.status = form.querySelector("[role=status]");
    this.listen = form.querySelector(".recorder-listen");
    this.field = form.elements.sound;
    this.longest = Number(words.longest);
    this.isUnsent = false;
    for (const button of form.querySelectorAll(".recorder button")) {
      button.addEventListener("click", () => this[button.value]());
    }
    this.field.addEventListener("change", () => this.offer(this.field.files[0], words.chosen));
    form.addEventListener("submit", () => (this.isUnsent = false));
    addEventListener("beforeunload", (event) => this.isUnsent && event.preventDefault());
    this.panel.hidden = false;
  }

  show(...values) {
    for (const button of form.querySelectorAll(".recorder button")) button.hidden = !values.includes(button.value);
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
    form.querySelector("[value=stop]").focus();
  }

  pause() {
    this.count();
    this.recorder.pause();
    this.status.textContent = words.paused;
    this.show("resume", "stop");
    form.querySelector("[value=resume]").focus();
  }

  resume() {
    this.recorder.resume();
    this.began = performance.now();
    this.status.textContent = words.recording;
    this.show("pause", "stop");
    form.querySelector("[value=pause]").focus();
  }

  stop() {
    if (this.recorder.state !== "inactive") this.recorder.stop();
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
    if (!file) return;
    this.listen.src = URL.createObjectURL(file);
    this.listen.hidden = false;
    this.status.textContent = sentence;
  }

  hide() {
    if (this.listen.src) URL.revokeObjectURL(this.listen.src);
    this.listen.removeAttribute("src");
    this.listen.hidden = true;
    this.status.textContent = "";
  }
}

if (form && navigator.mediaDevices?.getUserMedia && window.MediaRecorder) new Recorder();
