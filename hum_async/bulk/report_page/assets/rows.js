// The table of the rows: search, filters, order, and as many rows at a time as can be looked at.
"use strict";
const FEW = 50, MORE = 100;
const serviceOfRow = (row) => (row[8] < 0 ? "none" : serviceOf(data.signatures[row[8]]));
const providersOf = (row) => data.providers[row[3]].map((at) => data.names[at]).join(", ");
const technologiesOf = (row) => data.technologies[row[4]].map((name) => data.technologyNames[name]).join(", ");
const reasonOf = (row) => (row.length > 9 ? data.reasons[row[9]] : "");
const collator = new Intl.Collator("en-US", { numeric: true });

// Each column: its head, the text of a cell, and by what it is sorted.
const COLUMNS = [
  { head: "Row", text: (row) => inEnglish.format(row[0]), key: (row) => row[0], number: true },
  { head: "Address", text: (row) => row[1], key: (row) => row[1], first: true },
  { head: "Outcome", text: (row) => data.outcomes[row[2]], key: (row) => row[2], small: reasonOf },
  { head: "Service", text: (row) => SERVICES[serviceOfRow(row)], key: (row) => Object.keys(SERVICES).indexOf(serviceOfRow(row)) },
  { head: "Providers", text: providersOf, key: (row) => data.providers[row[3]].length, descending: true },
  { head: "Technologies", text: technologiesOf, key: technologiesOf },
  { head: "Mbps down", text: (row) => speed(row[5]), key: (row) => row[5], number: true, descending: true },
  { head: "Mbps up", text: (row) => speed(row[6]), key: (row) => row[6], number: true, descending: true },
  { head: "From", text: (row) => (row[7] === null ? "" : dollars.format(row[7] / 100)), key: (row) => row[7], number: true },
];
const order = { column: 0, descending: false };
let limit = FEW, found = [];

function speed(mbps) {
  return mbps === null ? "" : inEnglish.format(mbps);
}

const isNothing = (key) => key === null || key === "";

function sorted(rows) {
  const { key } = COLUMNS[order.column], turn = order.descending ? -1 : 1;
  // What is empty comes last in either order.
  return rows.map((row) => [key(row), row]).sort(([one], [other]) => {
    if (isNothing(one) || isNothing(other)) return isNothing(one) - isNothing(other);
    return turn * (typeof one === "number" ? one - other : collator.compare(one, other));
  }).map(([, row]) => row);
}

function search() {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const outcome = byId("outcome").value, service = byId("by-service").value;
  found = sorted(data.rows.filter((row) => {
    if (outcome !== "" && row[2] !== Number(outcome)) return false;
    if (service !== "" && serviceOfRow(row) !== service) return false;
    if (!words.length) return true;
    const text = [row[1], providersOf(row), technologiesOf(row), reasonOf(row), data.outcomes[row[2]]].join("\n").toLowerCase();
    return words.every((word) => text.includes(word));
  }));
}

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function cell(column, row) {
  const made = column.first
    ? element("th", "", { scope: "row", role: "rowheader" })
    : element("td", "", { role: "cell" });
  made.dataset.head = column.head;
  if (column.number) made.className = "number";
  const text = column.text(row);
  if (text === "") made.classList.add("empty");
  made.append(element("bdi", text));
  const more = column.small ? column.small(row) : "";
  if (more) made.append(" ", element("small", more));
  return made;
}

function show() {
  const body = document.createDocumentFragment();
  for (const row of found.slice(0, limit)) {
    const line = element("tr", "", { role: "row" });
    line.append(...COLUMNS.map((column) => cell(column, row)));
    body.append(line);
  }
  document.querySelector("#table tbody").replaceChildren(body);
  const shown = Math.min(limit, found.length);
  byId("found").textContent = found.length
    ? `${inEnglish.format(shown)} of ${inEnglish.format(found.length)} ${found.length === 1 ? "row" : "rows"}` +
      (found.length < data.rows.length ? `, found among ${inEnglish.format(data.rows.length)}` : "")
    : "No row is like that.";
  byId("more-buttons").hidden = shown === found.length;
  byId("scroll").hidden = !found.length;
  document.querySelectorAll("#table thead th").forEach((head, at) => {
    const now = order.descending ? "descending" : "ascending";
    if (at === order.column) head.setAttribute("aria-sort", now);
    else head.removeAttribute("aria-sort");
  });
  byId("sort").value = `${order.column}${order.descending ? "-" : "+"}`;
}

function again() {
  limit = FEW;
  search();
  show();
}

function headOf(column, at) {
  const head = element("th", "", { scope: "col", role: "columnheader" });
  if (column.number) head.className = "number";
  const button = element("button", column.head, { type: "button" });
  button.addEventListener("click", () => {
    order.descending = order.column === at ? !order.descending : Boolean(column.descending);
    order.column = at;
    again();
  });
  head.append(button);
  return head;
}

if (byId("filter")) {
  document.querySelector("#table thead tr").append(...COLUMNS.map(headOf));
  COLUMNS.forEach((column, at) => {
    for (const [sign, name] of [["+", "ascending"], ["-", "descending"]]) {
      byId("sort").append(element("option", `${column.head}, ${name}`, { value: `${at}${sign}` }));
    }
  });
  byId("sort").addEventListener("change", () => {
    order.column = parseInt(byId("sort").value, 10);
    order.descending = byId("sort").value.endsWith("-");
    again();
  });
  byId("search").addEventListener("input", again);
  byId("outcome").addEventListener("change", again);
  byId("by-service").addEventListener("change", again);
  byId("filter").addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("thresholds", () => { search(); show(); });
  const grow = (rows) => {
    const first = Math.min(limit, found.length);
    limit += rows;
    show();
    // The focus goes on with the first new row.
    const line = document.querySelectorAll("#table tbody tr")[first];
    line?.querySelector("th").setAttribute("tabindex", "-1");
    line?.querySelector("th").focus();
  };
  byId("more").addEventListener("click", () => grow(MORE));
  byId("all").addEventListener("click", () => grow(found.length));
  byId("filter").hidden = false;
  again();
}
