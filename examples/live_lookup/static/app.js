// Look-ups live: one POST each, one card each, and one event stream for all that a worker has.

const EXAMPLES = [
  "100 Served St, Detroit, MI 48226",
  "100 No Providers Ave, Detroit, MI 48226",
  "100 Ambiguous Rd, Detroit, MI 48226",
  "100 Slow Pl, Detroit, MI 48226",
  "1420 Washington Blvd, Detroit, MI 48226",
  "11041 Southwest Summerfield Drive, Tigard, OR 97224",
];
const STATES = {
  waiting: "waiting", pending: "searching…", matched: "done", multiple: "several matches",
  failed: "nothing found",
};
const OUTCOMES = {
  SERVED: (n) => (n === 1 ? "1 provider serves this address" : `${n} providers serve this address`),
  NO_PROVIDERS: () => "No provider is reported for this address",
  AMBIGUOUS_ADDRESS: () => "Several addresses match; add a unit or a ZIP code",
  ADDRESS_NOT_FOUND: () => "No such address is known",
};
const STORE = "live-lookups";
const MOST_RESTARTS = 2;  // a look-up may be billed: never start one again for ever
const MOST_STREAMS = 4;  // browsers allow six connections per origin
const QUIET_MISSES = 12;  // about ten seconds of asking the wrong workers

const $ = (selector, root = document) => root.querySelector(selector);
let lookups = [];  // {address, id, state, agents, found, providers, outcome, message, restarts, card}
const streams = new Map();  // of each worker of the server: {ids, source, note, retry, failures, misses}

// --- talking to the server -----------------------------------------------------------------------

async function post(address) {
  const answer = await fetch("/lookups", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ address }),
  });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(sentence(told.error || `the server answered ${answer.status}`));
  return told.id;
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

async function start(address) {
  const id = await post(address);
  const known = lookups.find((lookup) => lookup.id === id);
  if (known) {  // the same address, answered from the first
    known.card.scrollIntoView({ block: "nearest" });
    known.card.focus();
    return;
  }
  const lookup = { address, id, agents: {}, restarts: 0 };
  lookups.unshift(lookup);
  show(lookup);
  listen();
}

async function startAgain(lookup, note) {
  Object.assign(lookup, { agents: {}, found: null, providers: null, outcome: null, message: note });
  show(lookup);
  try {
    lookup.id = await post(lookup.address);
    lookup.message = note;
  } catch (error) {
    lookup.outcome = "FAILED";
    lookup.message = error.message;
  }
  show(lookup);
  listen();
}

const running = () => lookups.filter((lookup) => !lookup.outcome && lookup.id);

// A worker of the server knows its own look-ups only; their ids say so before the dot.
const workerOf = ({ id }) => id.slice(0, Math.max(id.indexOf("."), 0));

function listen() {
  save();
  const wanted = new Map();
  for (const lookup of running()) {
    const worker = workerOf(lookup);
    wanted.set(worker, [...(wanted.get(worker) ?? []), lookup.id]);
  }
  for (const [worker, stream] of [...streams]) {
    if (!wanted.has(worker)) {
      clearTimeout(stream.retry);
      stream.source.close();
      stream.source = null;
      streams.delete(worker);
    }
  }
  for (const [worker, ids] of wanted) {
    if (!streams.has(worker)) {
      if (streams.size >= MOST_STREAMS) continue;  // until another one has ended
      streams.set(worker, { ids: "", source: null, note: "", retry: null, failures: 0, misses: 0 });
    }
    const stream = streams.get(worker);
    const all = ids.sort().join(",");
    if (all !== stream.ids) open(Object.assign(stream, { ids: all }));
  }
  tell();
}

function open(stream) {
  clearTimeout(stream.retry);
  stream.source?.close();
  const source = new EventSource(`/events?ids=${encodeURIComponent(stream.ids)}`);
  stream.source = source;
  source.onopen = () => {
    Object.assign(stream, { failures: 0, misses: 0 });
    note(stream, "");
  };
  source.onerror = () => lost(stream, source);
  for (const kind of ["snapshot", "change", "providers", "done"]) {
    source.addEventListener(kind, (event) => take(kind, JSON.parse(event.data)));
  }
  source.addEventListener("farewell", () => note(stream, "The server is restarting. Reconnecting…"));
}

function take(kind, told) {
  // Two spellings of one address are one look-up.
  for (const lookup of lookups.filter((one) => one.id === told.lookup)) {
    if (kind === "providers") {
      lookup.providers = told.providers;
    } else if (kind === "done") {
      lookup.outcome = told.outcome;
      lookup.message = told.message;
      $("#news").textContent = `${lookup.address}: ${inWords(lookup)}`;
    } else {
      lookup.agents = told.agents;
      lookup.found = told.service_address;
    }
    show(lookup);
  }
  // After the last one the stream has to be closed: an EventSource would reconnect for ever.
  if (kind === "done") setTimeout(listen);
}

// Reached when the connection broke, which the browser mends by itself, and when the answer was no
// stream, which it does not.
async function lost(stream, source) {
  if (source.readyState !== EventSource.CLOSED) {
    note(stream, "Connection lost. Reconnecting…");
    return;
  }
  const { status, unknown } = await whyRefused(stream.ids);
  if (stream.source !== source) return;  // somebody has begun another one meanwhile
  if (unknown.length) {
    note(stream, "");
    startLostAgain(unknown);
    stream.ids = "";
    listen();
  } else if (status === 421 || status === 200) {
    // Another worker has them. Each connection may reach any worker, so connect until it is the
    // right one; to start them again would buy them again.
    stream.misses += 1;
    if (stream.misses > QUIET_MISSES) {
      note(stream, "Another worker of the server has your look-ups. Still trying to reach it…");
    }
    stream.retry = setTimeout(() => open(stream), Math.min(50 * 1.5 ** stream.misses, 3000));
  } else {
    note(stream, "Connection lost. Reconnecting…");
    stream.failures += 1;
    stream.retry = setTimeout(() => open(stream), Math.min(2 ** (stream.failures - 1), 10) * 1000);
  }
}

function startLostAgain(unknown) {
  for (const lookup of running().filter((one) => unknown.includes(one.id))) {
    lookup.restarts += 1;
    if (lookup.restarts > MOST_RESTARTS) {
      Object.assign(lookup, { outcome: "FAILED", message: "The server lost this look-up." });
      show(lookup);
    } else {
      lookup.id = null;
      startAgain(lookup, "The server was restarted; looking up again.");
    }
  }
}

// An EventSource does not tell why it gave up, so ask in another way.
async function whyRefused(ids) {
  const abort = new AbortController();
  try {
    const answer = await fetch(`/events?ids=${encodeURIComponent(ids)}`, { signal: abort.signal });
    return {
      status: answer.status,
      unknown: answer.status === 404 ? (await answer.json()).unknown : [],
    };
  } catch {
    return { status: 0, unknown: [] };
  } finally {
    abort.abort();
  }
}

// --- showing -------------------------------------------------------------------------------------

function note(stream, text) {
  stream.note = text;
  tell();
}

function tell() {
  $("#connection").textContent = [...streams.values()].map((one) => one.note).find(Boolean) ?? "";
}

function inWords(lookup) {
  const words = OUTCOMES[lookup.outcome];
  return words ? words(lookup.providers?.length ?? 0) : lookup.message || "The look-up failed";
}

function show(lookup) {
  if (!lookup.card) {
    lookup.card = $("#lookup").content.cloneNode(true).firstElementChild;
    lookup.card.tabIndex = -1;
    $("h2", lookup.card).textContent = lookup.address;
    $(".remove", lookup.card).setAttribute("aria-label", `Remove ${lookup.address}`);
    $(".remove", lookup.card).onclick = () => remove(lookup);
    $(".again", lookup.card).onclick = () => startAgain(lookup, "");
    $("#lookups").prepend(lookup.card);
  }
  const { card } = lookup;
  card.dataset.id = lookup.id ?? "";
  card.dataset.outcome = lookup.outcome ?? "";
  card.dataset.status = lookup.outcome ? "done" : "running";
  for (const step of card.querySelectorAll(".agent")) {
    const status = lookup.agents[step.dataset.agent] ?? (lookup.outcome ? "" : "waiting");
    // What is still pending in the end will not be looked for any more.
    step.dataset.status = lookup.outcome && status === "pending" ? "" : status;
    $(".state", step).textContent = STATES[step.dataset.status] ?? (step.dataset.status || "not needed");
  }
  const found = lookup.found?.normalized;
  $(".found", card).textContent = found && found !== lookup.address ? `Found as ${found}` : "";
  $(".outcome", card).textContent = lookup.outcome ? inWords(lookup) : lookup.message || "";
  $(".again", card).hidden = !lookup.outcome || lookup.outcome in OUTCOMES;
  $(".providers", card).replaceChildren(...(lookup.providers ?? []).map(provider));
  $("#empty").hidden = lookups.length > 0;
}

function provider(told) {
  const card = $("#provider").content.cloneNode(true).firstElementChild;
  $("h3", card).textContent = told.name;
  $(".initials", card).textContent = told.name.split(/\s+/).slice(0, 2).map((word) => word[0]).join("");
  const price = told.min_price;
  $(".price", card).textContent = price ? `from ${money(price)} a month` : "";
  fact(card, "Technology", [...new Set(told.offerings.map((one) => one.technology))]);
  fact(card, "Download", speed(told.offerings.map((one) => one.max_download_mbps)));
  fact(card, "Upload", speed(told.offerings.map((one) => one.max_upload_mbps)));
  $(".promo", card).textContent = told.promos.map((promo) => promo.text).find(Boolean) ?? "";
  if (told.telephone) link(card, `tel:${told.telephone.replace(/[^+\d]/g, "")}`, told.telephone);
  if (/^https?:\/\//i.test(told.url ?? "")) {
    const anchor = link(card, told.url, told.button_label || "Website");
    Object.assign(anchor, { target: "_blank", rel: "noopener noreferrer" });
  }
  return card;
}

function fact(card, name, values) {
  const text = values.filter(Boolean).join(", ");
  if (!text) return;
  const term = document.createElement("dt");
  const detail = document.createElement("dd");
  term.textContent = name;
  detail.textContent = text;
  $("dl", card).append(term, detail);
}

function link(card, href, text) {
  const anchor = document.createElement("a");
  anchor.href = href;
  anchor.textContent = text;
  $(".links", card).append(anchor);
  return anchor;
}

function money({ amount_cents: cents, currency }) {
  return new Intl.NumberFormat("en-US", { style: "currency", currency }).format(cents / 100);
}

function speed(all) {
  const best = Math.max(0, ...all.filter((mbps) => mbps != null));
  if (!best) return [];
  return [best >= 1000 ? `up to ${best / 1000} Gbps` : `up to ${best} Mbps`];
}

function remove(lookup) {
  lookups = lookups.filter((one) => one !== lookup);
  lookup.card.remove();
  $("#empty").hidden = lookups.length > 0;
  $("#address").focus();
  listen();
}

// --- beginning -----------------------------------------------------------------------------------

// A reload of the page shows the same look-ups again; the server tells how they stand.
function save() {
  try {
    const kept = lookups.map(({ card, ...lookup }) => lookup);
    sessionStorage.setItem(STORE, JSON.stringify(kept));
  } catch { /* private mode, or full: then a reload begins empty */ }
}

function restore() {
  try {
    lookups = JSON.parse(sessionStorage.getItem(STORE)) ?? [];
    [...lookups].reverse().forEach(show);
  } catch { /* as above */ }
  for (const lookup of lookups.filter((one) => !one.id && !one.outcome)) startAgain(lookup, "");
  listen();
}

async function submit(address) {
  $("#problem").textContent = "";
  $("#address").removeAttribute("aria-invalid");
  try {
    await start(address);
    return true;
  } catch (error) {
    $("#problem").textContent = error instanceof TypeError
      ? "The server cannot be reached; try again in a moment."
      : error.message;
    return false;
  }
}

$("#form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const input = $("#address");
  if (!input.value.trim()) {
    $("#problem").textContent = "Type an address: street, city, state and ZIP code.";
  } else if (await submit(input.value.trim())) {
    input.value = "";
    return;
  }
  input.setAttribute("aria-invalid", "true");
  input.focus();
});

for (const address of EXAMPLES) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = address;
  button.onclick = () => submit(address);
  $("#examples").append(button);
}

restore();
