// What stays in view: how many are done, whether news still come, and what is said aloud.

import { isLost, summaryInWords } from "./words.js";

const $ = (selector) => document.querySelector(selector);
const LINES = { idle: "", connecting: "Connecting…", open: "Connected", lost: "", refused: "" };
const MOST_NEWS = 20;

export function showBar(lookups, { state, trouble }) {
  $("#bar").hidden = !lookups.length;
  $("#empty").hidden = lookups.length > 0;
  $("#summary").textContent = summaryInWords(lookups);
  const lost = lookups.filter(isLost).length;
  $("#lost").hidden = lost < 2;  // a single one has its own button
  $("#lost p").textContent = `${lost} look-ups were lost: the server does not know them any more.`;
  document.body.dataset.connection = state;
  $("#line").textContent = LINES[state];
  // Apart from the line: only trouble is worth interrupting somebody who listens.
  if ($("#connection").textContent !== trouble) $("#connection").textContent = trouble;
}

/** Say something to those who do not see the page. A log: what ends together is all said. */
export function announce(text) {
  const line = document.createElement("p");
  line.textContent = text;
  $("#news").append(line);
  while ($("#news").children.length > MOST_NEWS) $("#news").firstElementChild.remove();
}
