// The card of one look-up: what is known of it now, and what can be done about it.

import { best, download, marks } from "./best.js";
import { providerItem } from "./provider.js";
import {
  clean, elapsedInWords, isAnswer, money, needsEdit, outcomeInWords, sameAddress, speed, stepInWords, waitInWords,
} from "./words.js";

const $ = (selector, root) => root.querySelector(selector);
const shown = new WeakMap();  // of each card, the providers that it shows

/** Return a new card; `does` holds what its buttons do: {edit, remove, again}. */
export function newCard(address, does) {
  const card = document.querySelector("#lookup").content.cloneNode(true).firstElementChild;
  card.tabIndex = -1;
  card.setAttribute("aria-label", address);
  $("h2", card).textContent = address;
  for (const [name, act] of Object.entries(does)) {
    const button = $(`.${name}`, card);
    button.setAttribute("aria-label", `${button.textContent} ${name === "again" ? "for " : ""}${address}`);
    button.onclick = act;
  }
  return card;
}

/** Make the card of a look-up show how it stands. */
export function showCard(lookup) {
  const { card, outcome } = lookup;
  card.dataset.id = lookup.id ?? "";
  card.dataset.outcome = outcome ?? "";
  card.dataset.status = outcome ? "done" : "running";
  for (const step of card.querySelectorAll(".agent")) {
    const [kind, words] = stepInWords(step.dataset.agent, lookup);
    step.dataset.status = kind;
    $(".state", step).textContent = words;
  }
  const found = clean(lookup.found?.normalized ?? "");
  $(".found", card).textContent = found && !sameAddress(found, lookup.address) ? `Found as ${found}` : "";
  $(".outcome", card).textContent = outcome ? outcomeInWords(lookup) : lookup.message || "";
  $(".took", card).textContent = isAnswer(outcome) && !needsEdit(outcome) ? elapsedInWords(lookup.elapsed) : "";
  // A refused address would be refused again.
  $(".again", card).hidden = !outcome || isAnswer(outcome) || needsEdit(outcome);
  $(".edit", card).classList.toggle("primary", needsEdit(outcome));
  if (shown.get(card) !== lookup.providers) showProviders(card, lookup.providers ?? []);
  shown.set(card, lookup.providers);
}

/** Show how long a running look-up has been going. */
export function showWait({ card, outcome, began }, now, isLost) {
  const text = outcome ? "" : waitInWords((now - began) / 1000, isLost);
  if ($(".clock", card).textContent !== text) $(".clock", card).textContent = text;
}

function showProviders(card, providers) {
  $(".providers", card).replaceChildren(...providers.map((one) => providerItem(one, marks(one, providers))));
  $(".more", card).hidden = !providers.length;
  const { fastest, cheapest } = best(providers);
  showBest($(".speed", card), fastest, (one) => `up to ${speed(download(one))}`);
  showBest($(".least", card), cheapest, (one) => `from ${money(one.min_price)} a month`);
}

function showBest(line, [first, ...level], inWords) {
  line.hidden = !first;
  if (!first) return;
  const names = document.createElement("span");
  names.textContent = level.length ? `${first.name} and ${level.length} more` : first.name;
  $("dd", line).replaceChildren(inWords(first), " ", names);
}
