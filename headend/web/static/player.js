// One sound at a time. Links to recordings become buttons; the wave beside one shows and sets where it is.
const audio = new Audio();
audio.preload = "none";
let button = null;

const waveOf = (play) => play.parentElement.querySelector(".wave");

document.addEventListener("click", (event) => {
  const play = event.target.closest("[data-play]");
  if (play) {
    event.preventDefault();
    toggle(play);
    return;
  }
  const wave = event.target.closest(".wave");
  const beside = wave?.parentElement.querySelector("[data-play]");
  if (beside) {
    const box = wave.getBoundingClientRect();
    seek(beside, (event.clientX - box.left) / box.width);
  }
});

document.addEventListener("keydown", (event) => {
  const play = event.target.closest?.("[data-play]");
  if (play && event.key === " ") {
    event.preventDefault();
    toggle(play);
  }
});

function toggle(play) {
  if (play === button && !audio.paused) {
    audio.pause();
    return;
  }
  if (play !== button) load(play);
  audio.play();
}

function load(play) {
  rest();
  button = play;
  audio.src = play.href;
}

function seek(play, part) {
  if (play !== button) load(play);
  const go = () => { audio.currentTime = part * audio.duration; };
  if (audio.readyState > 0) go();
  else audio.addEventListener("loadedmetadata", go, { once: true });
  audio.play();
}

function rest() {
  if (!button) return;
  button.removeAttribute("aria-pressed");
  waveOf(button)?.classList.remove("running");
}

audio.addEventListener("play", () => {
  button.setAttribute("role", "button");
  button.setAttribute("aria-pressed", "true");
  if (waveOf(button)) requestAnimationFrame(follow);
});
audio.addEventListener("pause", () => button.setAttribute("aria-pressed", "false"));
audio.addEventListener("ended", rest);

function follow() {
  const wave = waveOf(button);
  if (!wave || audio.paused) return;
  wave.classList.add("running");
  const x = 1000 * audio.currentTime / (audio.duration || 1);
  const head = wave.querySelector(".head");
  head.setAttribute("x1", x);
  head.setAttribute("x2", x);
  requestAnimationFrame(follow);
}
