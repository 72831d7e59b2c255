// What pages do beyond what the server renders. Each module finds its own elements; none is needed to read a page.
import "./live.js";
import "./clock.js";
import "./player.js";
import "./forms.js";

if (document.querySelector("[data-map]")) import("./map.js");
