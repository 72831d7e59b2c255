// The head-end's clock, which in a demonstration is not this machine's.
let aheadMs = Number(document.body.dataset.now) - Date.now();
const HANOI = { timeZone: "Asia/Ho_Chi_Minh", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false };
const FIRST_MINUTE = 300;
const LAST_MINUTE = 1260;

export function setServerNow(nowMs) {
  aheadMs = nowMs - Date.now();
}

function length(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < 60) return `${seconds} giây`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} phút ${String(seconds % 60).padStart(2, "0")} giây`;
  return `${Math.floor(seconds / 3600)} giờ ${Math.floor((seconds % 3600) / 60)} phút`;
}

function tick() {
  const nowMs = Date.now() + aheadMs;
  const now = new Date(nowMs);
  for (const clock of document.querySelectorAll("[data-clock]")) clock.textContent = now.toLocaleTimeString("vi-VN", HANOI);
  for (const count of document.querySelectorAll("[data-countdown]")) {
    const leftMs = Number(count.dataset.countdown) - nowMs;
    count.textContent = leftMs > 0 ? `còn ${length(leftMs)}` : "";
  }
  for (const mark of document.querySelectorAll("[data-air-from]")) {
    const from = Number(mark.dataset.airFrom);
    const x = Math.round(1000 * Math.min(1, Math.max(0, (nowMs - from) / (Number(mark.dataset.airTo) - from))));
    mark.setAttribute("x1", x);
    mark.setAttribute("x2", x);
  }
  const [hour, minute] = now.toLocaleTimeString("vi-VN", HANOI).split(":").map(Number);
  const part = (hour * 60 + minute - FIRST_MINUTE) / (LAST_MINUTE - FIRST_MINUTE);
  for (const mark of document.querySelectorAll("[data-now-line]")) {
    const x = `${(100 * Math.min(1, Math.max(0, part))).toFixed(2)}%`;
    mark.setAttribute("x1", x);
    mark.setAttribute("x2", x);
    mark.classList.add("placed");
  }
}

setTimeout(tick); // after live.js has taken down what the server sent
setInterval(tick, 1000);
document.addEventListener("live:changed", tick);
