// Moves the thresholds of served and unserved, and counts again.
"use strict";
const thresholds = { "upper-down": data.upper[0], "upper-up": data.upper[1], "lower-down": data.lower[0], "lower-up": data.lower[1] };

// A signature has two digits for each download stop: upload stops that are reached, and that may be.
function reaches(signature, down, up) {
  const at = 2 * data.downloads.indexOf(down), stop = data.uploads.indexOf(up);
  if (stop < parseInt(signature[at], 36)) return true;
  return stop < parseInt(signature[at + 1], 36) ? null : false;
}

function serviceOf(signature) {
  const upper = reaches(signature, thresholds["upper-down"], thresholds["upper-up"]);
  const lower = reaches(signature, thresholds["lower-down"], thresholds["lower-up"]);
  if (upper) return "served";
  if (lower === false) return "unserved";
  return lower && upper === false ? "underserved" : "unknown";
}

function countAgain() {
  const counts = { served: 0, underserved: 0, unserved: 0, unknown: 0 };
  let whole = 0;
  for (const [signature, rows] of data.reaches) {
    counts[serviceOf(signature)] += rows;
    whole += rows;
  }
  let start = 0;
  for (const [name, rows] of Object.entries(counts)) {
    byId(`count-${name}`).textContent = inEnglish.format(rows);
    byId(`share-${name}`).textContent = percent(rows, whole);
    const part = document.querySelector(`#shares .${name}`), width = (100 * rows) / whole;
    part.setAttribute("x", `${start}%`);
    part.setAttribute("width", `${width}%`);
    start += width;
  }
  for (const end of ["upper", "lower"]) {
    byId(`${end}-text`).textContent =
      `${inEnglish.format(thresholds[`${end}-down`])}/${inEnglish.format(thresholds[`${end}-up`])}`;
  }
  byId("shares-status").textContent =
    Object.entries(counts).map(([name, rows]) => `${SERVICES[name]} ${inEnglish.format(rows)}`).join(", ");
  document.dispatchEvent(new Event("thresholds"));
}

function place(id) {
  const stops = id.endsWith("down") ? data.downloads : data.uploads;
  const slider = byId(id);
  slider.max = String(stops.length - 1);
  slider.value = String(stops.indexOf(thresholds[id]));
  say(id);
  return stops;
}

function say(id) {
  const text = inEnglish.format(thresholds[id]);
  byId(`${id}-value`).textContent = text;
  byId(id).setAttribute("aria-valuetext", `${text} Mbps`);
}

if (byId("thresholds")) {
  const first = { ...thresholds };
  for (const id of Object.keys(thresholds)) {
    const stops = place(id);
    byId(id).addEventListener("input", () => {
      thresholds[id] = stops[Number(byId(id).value)];
      say(id);
      countAgain();
    });
  }
  byId("reset").addEventListener("click", () => {
    Object.assign(thresholds, first);
    Object.keys(thresholds).forEach(place);
    countAgain();
  });
  byId("thresholds").addEventListener("submit", (event) => event.preventDefault());
  byId("thresholds").hidden = false;
}
