// Look-ups live: one POST each, one card each. This file holds the list and what a person does.

import { announce, showBar } from "./bar.js";
import { download, best } from "./best.js";
import { newCard, showCard, showWait } from "./card.js";
import { confirmPurchase, mayBeBought } from "./confirm.js";
import { showExamples } from "./examples.js";
import { isReached, isSimulated, post } from "./server.js";
import { Streams } from "./streams.js";
import { clean, isLost, money, outcomeInWords, sameAddress, speed } from "./words.js";

const STORE = "live-lookups";
const REACH_EVERY = 3000;  // milliseconds, while the page says that the server cannot be reached

const $ = (selector) => document.querySelector(selector);
// {address, id, began, agents, found, providers, outcome, message, elapsed, isBoughtAgain, card}
let lookups = [];
let simulated = null;  // as long as nobody knows
let unreached = null;  // the timer of asking whether the server is back
const streams = new Streams({
  running: () => lookups.filter((one) => !one.outcome && one.id).map((one) => one.id),
  onEvent: take,
  onUnknown: lose,
  onChange: showAll,
});

// --- look-ups ------------------------------------------------------------------------------------

/** Look an address up, or come to the card that has it. */
async function start(address) {
  const asked = lookups.find((one) => sameAddress(one.address, address) && mayBeBought(one));
  if (asked) {  // typing it anew is buying it again, as its button is
    reveal(asked);
    return again(asked);
  }
  const id = await post(address);
  let lookup = lookups.find((one) => one.id === id);
  if (!lookup) {
    lookup = { address, id, began: Date.now(), agents: {} };
    lookups.unshift(lookup);
    show(lookup);
    announce(`Looking up ${address}. It usually takes about 9 seconds.`);
  } else if (lookup.outcome) {  // the same address, answered from the first
    announce(`${lookup.address}: ${outcomeInWords(lookup)}`);
  }
  $("#try").open = false;
  follow();
  reveal(lookup);
}

/** Look up again what a person asks for; what may be billed already, after a question. */
async function again(...wanted) {
  const bought = wanted.filter(mayBeBought);
  if (bought.length && !await confirmPurchase(bought, simulated)) return;
  for (const lookup of bought) lookup.isBoughtAgain = true;  // until the server has taken it
  await Promise.all(wanted.map(startAgain));
}

async function startAgain(lookup) {
  // Its button goes away; the focus stays with the card.
  if (lookup.card.contains(document.activeElement)) lookup.card.focus({ preventScroll: true });
  Object.assign(lookup, {
    agents: {}, began: Date.now(), elapsed: null, found: null, providers: null, outcome: null, id: null,
    message: "",
  });
  show(lookup);
  save();
  try {
    lookup.id = await post(lookup.address, lookup.isBoughtAgain);
    lookup.isBoughtAgain = false;
  } catch (error) {
    Object.assign(lookup, { outcome: error.isRefusal ? "FAILED" : "LOST", message: error.message });
  }
  show(lookup);
  follow();
}

/** Tell of look-ups that the server has forgotten. Only a person may buy them again. */
function lose(unknown) {
  const forgotten = lookups.filter((one) => !one.outcome && unknown.includes(one.id));
  for (const lookup of forgotten) {
    Object.assign(lookup, { outcome: "LOST", message: "The server has forgotten this look-up." });
    show(lookup);
  }
  if (forgotten.length === 1) announce(`${forgotten[0].address}: ${outcomeInWords(forgotten[0])}`);
  else if (forgotten.length) announce(`The server has forgotten ${forgotten.length} look-ups.`);
  save();
  showAll();
}

function take(kind, told) {
  // Two spellings of one address are one look-up.
  for (const lookup of lookups.filter((one) => one.id === told.lookup)) {
    if (kind === "providers") {
      lookup.providers = told.providers;
    } else if (kind === "done") {
      Object.assign(lookup, { outcome: told.outcome, message: told.message, elapsed: told.elapsed });
      announce(`${lookup.address}: ${outcomeInWords(lookup)}${bestInWords(lookup.providers ?? [])}`);
    } else {
      Object.assign(lookup, { agents: told.agents, found: told.service_address });
    }
    show(lookup);
  }
  if (kind !== "done") return;
  save();
  showAll();
  // Until now the server could not reach the API, perhaps.
  if (simulated === null) tellWhetherSimulated();
}

function bestInWords(providers) {
  const { fastest: [fast], cheapest: [cheap] } = best(providers);
  const told = fast ? `, up to ${speed(download(fast))}` : "";
  return cheap ? `${told}, from ${money(cheap.min_price)} a month` : told;
}

function follow() {
  save();
  streams.update();
}

// --- showing -------------------------------------------------------------------------------------

function show(lookup) {
  if (!lookup.card) {
    lookup.card = newCard(lookup.address, {
      edit: () => edit(lookup), remove: () => remove(lookup), again: () => again(lookup),
    });
    $("#lookups").prepend(lookup.card);
  }
  showCard(lookup);
  showWait(lookup, Date.now(), streams.state === "lost");
}

function showAll() {
  showBar(lookups, streams);
  tick();
}

function tick() {
  for (const lookup of lookups) showWait(lookup, Date.now(), streams.state === "lost");
}

/** Bring a look-up into view. Where it would be hidden by the form or a keyboard, go there. */
function reveal({ card }) {
  const isSmall = matchMedia("(max-width: 40rem), (pointer: coarse)").matches;
  if (isSmall || document.activeElement !== $("#address")) card.focus({ preventScroll: true });
  card.scrollIntoView({ block: isSmall ? "start" : "nearest" });
}

// --- what a person does --------------------------------------------------------------------------

function edit({ address }) {
  const input = $("#address");
  input.value = address;
  complain("");
  input.focus();
  input.setSelectionRange(address.length, address.length);
  $("#form").scrollIntoView({ block: "nearest" });
}

function remove(lookup) {
  const next = lookup.card.nextElementSibling ?? lookup.card.previousElementSibling ?? $("#address");
  lookups = lookups.filter((one) => one !== lookup);
  lookup.card.remove();
  follow();
  next.focus();
}

function complain(problem) {
  $("#problem").textContent = problem;
  if (problem) $("#address").setAttribute("aria-invalid", "true");
  else $("#address").removeAttribute("aria-invalid");
}

/** Return whether the look-up could be started; if not the page says why. */
async function submit(address) {
  complain("");
  try {
    await start(address);
    return true;
  } catch (error) {
    complain(error.message);
    if (error.isUnreached) forgiveLater(error.message);
    return false;
  }
}

/** Take back that the server cannot be reached, as soon as it can. */
function forgiveLater(problem) {
  clearTimeout(unreached);
  unreached = setTimeout(async () => {
    if ($("#problem").textContent !== problem) return;
    if (!await isReached()) forgiveLater(problem);
    else if ($("#problem").textContent === problem) complain("");
  }, REACH_EVERY);
}

$("#form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const input = $("#address");
  const address = clean(input.value);
  if (!address) complain("Type an address: street, city, state and ZIP code.");
  else if (await submit(address)) {
    if (clean(input.value) === address) input.value = "";
    return;
  }
  input.focus();
});

$("#lost-again").addEventListener("click", async () => {
  const lost = lookups.filter(isLost);
  await again(...lost);
  if (!isLost(lost[0])) lost[0].card.focus();
});

async function choose(address) {
  if (!await submit(address)) $("#address").focus();
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
    for (const lookup of lookups.filter((one) => !one.id && !one.outcome)) {
      Object.assign(lookup, { outcome: "LOST", message: "The page was left before the server answered." });
    }
    [...lookups].reverse().forEach(show);
  } catch { /* as above */ }
  $("#try").open = !lookups.length;
  follow();
}

async function tellWhetherSimulated() {
  simulated = await isSimulated();
  $("#simulated").hidden = !simulated;
  $("#tag").hidden = !simulated;
  $("#billed").hidden = simulated === true;
  showExamples(simulated === true, choose);
}

restore();
tellWhetherSimulated();
setInterval(tick, 1000);
