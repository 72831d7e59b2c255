// Keeps a page in step with the head-end. Each message holds the live part anew; only elements that differ are replaced.
import { setServerNow } from "./clock.js";

const RETRY_MS = 3000;
const line = document.getElementById("line");
const seen = new Map();

for (const part of document.querySelectorAll("[data-live]")) seen.set(part.id, part.outerHTML);
for (const place of document.querySelectorAll("[data-live-from]")) follow(place.dataset.liveFrom);

function follow(url) {
  const source = new EventSource(url);
  let lost = false;
  source.addEventListener("open", () => {
    if (lost) say("Đã nối lại với máy chủ, trang đang hiện tình hình mới nhất.", 4000);
    lost = false;
  });
  source.addEventListener("now", (event) => setServerNow(Number(event.data)));
  source.addEventListener("parts", (event) => show(event.data));
  source.addEventListener("gone", () => { source.close(); location.reload(); });
  source.addEventListener("error", () => {
    if (!lost) say("Mất kết nối với máy chủ, đang nối lại…");
    lost = true;
    if (source.readyState === EventSource.CLOSED) {
      setTimeout(() => again(url), RETRY_MS);
    }
  });
  addEventListener("pagehide", () => source.close());
}

// A server that answers with an error ends an EventSource for good: ask what it is before trying anew.
async function again(url) {
  try {
    const answer = await fetch("/api/me");
    if (answer.status === 401 && !url.startsWith("/live/start")) return location.reload();
    if (answer.status >= 500) throw new Error();
    location.reload();
  } catch {
    setTimeout(() => again(url), RETRY_MS);
  }
}

function show(html) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  for (const part of fresh.content.querySelectorAll("[data-live]")) replace(part);
  const state = document.querySelector("[data-state]")?.dataset.state;
  for (const deed of document.querySelectorAll("[data-while]")) {
    deed.hidden = state !== undefined && !deed.dataset.while.split(" ").includes(state);
  }
}

function replace(part) {
  const old = document.getElementById(part.id);
  const html = part.outerHTML;
  if (!old || seen.get(part.id) === html) return;
  seen.set(part.id, html);
  if (part.dataset.live === "text") {
    old.textContent = part.textContent;
    return;
  }
  const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  if (part.tagName === "TD") part.classList.add("fresh");
  old.replaceWith(part);
  if (focused) part.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
  htmx.process(part);
  document.dispatchEvent(new CustomEvent("live:changed", { detail: part }));
}

function say(words, forMs) {
  line.textContent = words;
  line.hidden = false;
  if (forMs) setTimeout(() => { if (line.textContent === words) line.hidden = true; }, forMs);
}
