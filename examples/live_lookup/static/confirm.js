// Asks before an address is bought a second time, and says why.

const $ = (selector) => document.querySelector(selector);

const WHY = {
  UNCERTAIN: "The request broke off before its answer came. Hum may have taken it all the same; then this look-up is billed already.",
  TIMED_OUT: "The look-up was begun and may be billed already; its answer did not come in time.",
  EXPIRED: "The look-up was begun and may be billed already; it ended before its answer was read.",
  FAILED: "The look-up was begun and may be billed already, although no answer can be read.",
};

/** Whether another look-up of the same address might be a second purchase. */
export const mayBeBought = ({ outcome, id }) => Boolean(id) && Object.hasOwn(WHY, outcome);

/** Return whether the person wants to buy it once more. */
export function confirmPurchase({ address, outcome }) {
  const dialog = $("#confirm");
  $("#confirm-address").textContent = address;
  $("#confirm-why").textContent = WHY[outcome];
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "buy"), { once: true });
  });
}

$("#confirm-keep").onclick = () => $("#confirm").close("keep");
$("#confirm-buy").onclick = () => $("#confirm").close("buy");
