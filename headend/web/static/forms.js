// Forms: lawful slots fill the time, a refused field is marked, a file is measured before it is sent, progress is told.
const MOST_BYTES = 200 * 1024 * 1024;

document.addEventListener("click", (event) => {
  const slot = event.target.closest("[data-slot]");
  const day = document.getElementById("day");
  const time = document.getElementById("time");
  if (!slot || !day || !time) return;
  day.value = slot.dataset.day;
  time.value = slot.dataset.time;
  time.dispatchEvent(new Event("change", { bubbles: true }));
  time.focus();
});

// Only those clusters where it is lawful, and the law is asked again.
document.addEventListener("click", (event) => {
  const trim = event.target.closest("[data-trim]");
  if (!trim) return;
  const lawful = new Set(trim.dataset.trim.split(" "));
  const boxes = [...document.querySelectorAll("input[name=clusters]")];
  for (const box of boxes) box.checked = lawful.has(box.value);
  const first = boxes.find((box) => box.checked);
  first?.dispatchEvent(new Event("change", { bubbles: true }));
  first?.focus();
});

document.addEventListener("htmx:afterSwap", (event) => {
  const place = event.detail.target;
  // Only what this place has marked before: what is foreseen meanwhile does not take back what was answered.
  for (const old of document.querySelectorAll("[aria-invalid]")) {
    if (old.dataset.markedBy === place.id) old.removeAttribute("aria-invalid");
  }
  const onlyAsked = /\/(check|foresee)$/.test(event.detail.requestConfig.path);
  const told = place.querySelector?.("[data-field]");
  const input = told ? (place.closest("form") ?? document).querySelector(`[name="${CSS.escape(told.dataset.field)}"]`)
    : [...place.querySelectorAll?.("textarea[name=why]") ?? []].find((one) => !one.value.trim());
  if (!input || (!told && onlyAsked)) return;
  input.setAttribute("aria-invalid", "true");
  input.dataset.markedBy = place.id;
  if (!onlyAsked) input.focus();
});

document.addEventListener("htmx:sendError", (event) => {
  const place = event.detail.target;
  if (place.matches("[aria-live]")) {
    place.textContent = "Không gửi được: mất kết nối với máy chủ. Những gì đã nhập vẫn còn nguyên, hãy thử lại.";
  }
});

for (const drop of document.querySelectorAll(".drop")) choose(drop);
const form = document.querySelector("[data-upload]");
if (form) compose(form);

// A place for one file: says which one was chosen.
function choose(drop) {
  const file = drop.querySelector("input");
  const chosen = drop.querySelector("[data-chosen]");
  const empty = chosen.textContent;
  file.addEventListener("change", () => {
    const one = file.files[0];
    chosen.textContent = one ? `${one.name} (${size(one.size)})` : empty;
  });
  for (const over of ["dragenter", "dragover"]) drop.addEventListener(over, () => drop.classList.add("over"));
  for (const away of ["dragleave", "drop"]) drop.addEventListener(away, () => drop.classList.remove("over"));
}

function compose(form) {
  const file = form.elements.file;
  const answer = document.getElementById("answer");
  const foresee = () => form.dispatchEvent(new Event("foresee"));

  file.addEventListener("change", async () => {
    const one = file.files[0];
    answer.textContent = "";
    form.elements.file_ms.value = one ? await lengthMs(one) : 0;
    foresee();
  });
  form.elements.text.addEventListener("blur", foresee);

  form.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target !== form) return;
    const one = form.elements.sound.value === "file" && file.files[0];
    if (one && one.size > MOST_BYTES) {
      event.preventDefault();
      answer.textContent = "Tệp lớn quá 200 MB. Hãy cắt ngắn hoặc nén lại (MP3, M4A).";
      return;
    }
    progress(null, form.elements.sound.value === "file" ? "Đang tải lên…" : "Máy đang đọc bản tin…");
  });
  form.addEventListener("htmx:xhr:progress", (event) => {
    const { loaded, total } = event.detail;
    if (event.target !== form || form.elements.sound.value !== "file" || !total) return;
    if (loaded < total) progress(100 * loaded / total, `Đang tải lên ${Math.floor(100 * loaded / total)} %`);
    else progress(null, "Đã tải xong. Đang kiểm tra và chỉnh độ to…");
  });
  form.addEventListener("htmx:afterRequest", (event) => {
    if (event.target === form) document.getElementById("progress").hidden = true;
  });
}

function progress(percent, words) {
  const place = document.getElementById("progress");
  const bar = place.querySelector("progress");
  place.hidden = false;
  if (percent === null) bar.removeAttribute("value");
  else bar.value = percent;
  const said = place.querySelector("span");
  if (said.textContent !== words) said.textContent = words;
}

function size(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1).replace(".", ",")} MB`;
}

// What the browser knows of a file's length, 0 if nothing: only to foresee, the head-end measures for itself.
function lengthMs(file) {
  return new Promise((resolve) => {
    const probe = new Audio();
    const url = URL.createObjectURL(file);
    const end = (ms) => { URL.revokeObjectURL(url); resolve(ms); };
    probe.addEventListener("loadedmetadata", () => end(Number.isFinite(probe.duration) ? Math.round(probe.duration * 1000) : 0));
    probe.addEventListener("error", () => end(0));
    probe.preload = "metadata";
    probe.src = url;
  });
}
