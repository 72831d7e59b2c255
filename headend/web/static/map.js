// The map: our own data only. Clusters wear the same sign as in the table, which is where they are read from.
const place = document.querySelector("[data-map]");
const NEAR_FROM_ZOOM = 14.5; // from here on pins have room for themselves and their names
const LETTER_PX = 7;
const LINE_PX = 15;
const map = L.map(place, { attributionControl: false, zoomControl: false, minZoom: 9, maxZoom: 18, zoomSnap: 0.5 });
L.control.zoom({ zoomInTitle: "Phóng to", zoomOutTitle: "Thu nhỏ" }).addTo(map);
L.control.scale({ imperial: false, maxWidth: 90 }).addTo(map);
const pins = new Map();
const rows = [...document.querySelectorAll("tr[data-lat]")];

for (const row of rows) {
  const pin = L.marker([Number(row.dataset.lat), Number(row.dataset.lon)], { icon: icon(row), title: title(row), keyboard: true });
  pin.on("click keypress", () => row.scrollIntoView({ block: "center" }));
  pin.addTo(map);
  pins.set(row.id, pin);
}
if (rows.length) map.fitBounds(L.latLngBounds(rows.map((row) => [Number(row.dataset.lat), Number(row.dataset.lon)])), { padding: [36, 36], maxZoom: 16.5 });

document.addEventListener("live:changed", (event) => {
  const row = event.detail.closest("tr[data-lat]");
  if (!row || !event.detail.querySelector(".state")) return;
  pins.get(row.id).setIcon(icon(row));
  pins.get(row.id).getElement().title = title(row);
});

function icon(row) {
  const drawn = document.createElement("span");
  drawn.className = "pin-face";
  drawn.append(row.querySelector(".state .glyph").cloneNode(true));
  const name = document.createElement("span");
  name.className = "pin-name";
  name.textContent = row.dataset.name.match(/\d+\s*$/)?.[0] ?? row.dataset.name;
  drawn.append(name);
  return L.divIcon({ html: drawn, className: "pin", iconSize: [30, 30] });
}

function title(row) {
  return `${row.dataset.name}: ${row.querySelector(".state").textContent.trim()}`;
}

const names = L.layerGroup().addTo(map);
const communes = await loadNames();

// The map is of use without the names around it: a line that breaks just now costs no more than them.
async function loadNames() {
  try {
    return await (await fetch("/communes.json")).json();
  } catch {
    return [];
  }
}

// As many names as fit without touching each other; the others come when one looks closer.
function label() {
  names.clearLayers();
  place.classList.toggle("far", map.getZoom() < NEAR_FROM_ZOOM);
  const taken = rows.map((row) => box([Number(row.dataset.lat), Number(row.dataset.lon)], 2));
  for (const [name, lat, lon] of communes) {
    const mine = box([lat, lon], name.length);
    if (!map.getBounds().contains([lat, lon]) || taken.some((one) => touches(one, mine))) continue;
    taken.push(mine);
    const text = document.createElement("span");
    text.textContent = name;
    L.marker([lat, lon], { icon: L.divIcon({ html: text, className: "place", iconSize: [0, 0] }), interactive: false, keyboard: false, zIndexOffset: -1000 }).addTo(names);
  }
}

function box(at, letters) {
  const point = map.latLngToContainerPoint(at);
  return { left: point.x - 8, right: point.x + letters * LETTER_PX, top: point.y - LINE_PX / 2, bottom: point.y + LINE_PX / 2 };
}

function touches(one, other) {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}

map.on("moveend", label);
label();
