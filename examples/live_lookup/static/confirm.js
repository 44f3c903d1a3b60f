// Asks before an address is bought a second time, and says why.

import { isLost } from "./words.js";

const $ = (selector) => document.querySelector(selector);

const WHY = {
  UNCERTAIN: "The request broke off before its answer came. Hum may have taken it all the same; then this look-up is billed already.",
  TIMED_OUT: "The look-up was begun and may be billed already; its answer did not come in time.",
  EXPIRED: "The look-up was begun and may be billed already; it ended before its answer was read.",
  FAILED: "The look-up was begun and may be billed already, although no answer can be read.",
  LOST: "The server does not know this look-up (any more). It may have been begun all the same; then it is billed already.",
};
const WHY_ALL = "The server does not know these look-ups (any more). They may have been begun all the same; then they are billed already.";
const MOST_NAMED = 3;

/** Whether another look-up of the same address might be a second purchase. */
export const mayBeBought = (lookup) =>
  isLost(lookup) || (Boolean(lookup.id) && Object.hasOwn(WHY, lookup.outcome));

/** Return whether the person wants to buy one look-up, or all of several that were lost, once more. */
export function confirmPurchase(lookups, isSimulated) {
  const dialog = $("#confirm");
  for (const [place, text] of Object.entries(question(lookups, isSimulated))) {
    $(`#confirm-${place}`).textContent = text;
  }
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "buy"), { once: true });
  });
}

function question(lookups, isSimulated) {
  const [{ address, outcome }] = lookups;
  const but = isSimulated ? " Here the data are simulated, and nothing is billed." : "";
  if (lookups.length === 1) {
    return {
      title: "Buy this look-up again?",
      address,
      why: WHY[outcome],
      then: `Looking it up again may be billed a second time.${but}`,
      buy: "Look up and buy again",
    };
  }
  const named = lookups.slice(0, MOST_NAMED).map((one) => one.address);
  const more = lookups.length - named.length;
  return {
    title: `${lookups.length} look-ups were lost; look all up again?`,
    address: [...named, more && `and ${more} more`].filter(Boolean).join("; "),
    why: WHY_ALL,
    then: `Looking them up again may be billed a second time, each of them.${but}`,
    buy: "Look all up and buy again",
  };
}

$("#confirm-keep").onclick = () => $("#confirm").close("keep");
$("#confirm-buy").onclick = () => $("#confirm").close("buy");
