// The player of a voice: instead of the browser's controls a button, the waveform as a slider, and the speed. If the
// transcript has times, the spoken passage is marked. Nothing plays automatically.

const SPEEDS = [1, 1.25, 1.5, 0.75];
const STEP = 5; // seconds, of the arrow keys

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

export function attachPlayer(player) {
  const words = player.dataset;
  const audio = player.querySelector("audio");
  const seconds = Number(words.seconds);
  const passages = [...player.parentElement.querySelectorAll(".transcript [data-start]")];

  const play = document.createElement("button");
  play.type = "button";
  play.className = "player-play";
  play.textContent = words.play;
  const place = document.createElement("input");
  Object.assign(place, { type: "range", min: 0, max: seconds, step: 0.1, value: 0, className: "player-place" });
  place.setAttribute("aria-label", words.place);
  const time = document.createElement("span");
  time.className = "player-time";
  const speed = document.createElement("button");
  speed.type = "button";
  speed.className = "player-speed quiet";
  const status = document.createElement("p");
  status.className = "player-status hint";
  status.setAttribute("role", "status");

  const show = () => {
    const at = Math.min(audio.currentTime, seconds);
    place.value = at;
    player.style.setProperty("--at", at / seconds);
    const spoken = words.spoken.replace("{at}", clock(at));
    place.setAttribute("aria-valuetext", spoken);
    time.textContent = `${clock(at)} / ${clock(seconds)}`;
    const now = at || !audio.paused ? passages.filter((each) => each.dataset.start <= at * 1000) : [];
    for (const list of new Set(passages.map((each) => each.parentElement))) {
      const current = now.filter((each) => each.parentElement === list).at(-1);
      for (const each of list.children) each.toggleAttribute("data-current", each === current && !audio.ended);
    }
  };
  const showSpeed = () => {
    speed.textContent = `${audio.playbackRate}×`;
    speed.setAttribute("aria-label", words.speed.replace("{times}", audio.playbackRate));
  };

  play.addEventListener("click", () => (audio.paused ? audio.play().catch(() => {}) : audio.pause()));
  place.addEventListener("input", () => {
    audio.currentTime = Number(place.value);
    show();
  });
  place.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!way) return;
    event.preventDefault();
    audio.currentTime = Math.max(0, Math.min(seconds, audio.currentTime + way * STEP));
    show();
  });
  speed.addEventListener("click", () => {
    audio.playbackRate = SPEEDS[(SPEEDS.indexOf(audio.playbackRate) + 1) % SPEEDS.length];
  });
  audio.addEventListener("ratechange", showSpeed);
  for (const event of ["play", "pause", "ended"]) {
    audio.addEventListener(event, () => {
      play.textContent = audio.paused ? words.play : words.pause;
      player.toggleAttribute("data-playing", !audio.paused);
      show();
    });
  }
  audio.addEventListener("timeupdate", show);
  audio.addEventListener("seeked", show);
  audio.querySelector("source:last-of-type").addEventListener("error", () => {
    status.textContent = words.failed;
  });

  audio.controls = false;
  audio.hidden = true;
  const track = document.createElement("div");
  track.className = "player-track";
  track.append(player.querySelector("svg"), place);
  player.append(play, track, time, speed, status);
  player.classList.add("is-quiet");
  showSpeed();
  show();
}

for (const player of document.querySelectorAll(".player")) attachPlayer(player);
