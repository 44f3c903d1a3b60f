// Addresses to try. Those of the simulator are named for what they show.

const SIMULATED = [
  ["Providers", "100 Served St, Detroit, MI 48226"],
  ["No provider", "100 No Providers Ave, Detroit, MI 48226"],
  ["Several matches", "100 Ambiguous Rd, Detroit, MI 48226"],
  ["A slow search", "100 Slow Pl, Detroit, MI 48226"],
];
const REAL = [
  ["Downtown", "1420 Washington Blvd, Detroit, MI 48226"],
  ["Suburb", "11041 Southwest Summerfield Drive, Tigard, OR 97224"],
];

/** Offer addresses; `choose(address)` is called with the one that is clicked. */
export function showExamples(isSimulated, choose) {
  const all = isSimulated ? [...SIMULATED, ...REAL] : REAL;
  document.querySelector("#examples").replaceChildren(...all.map(([what, address]) => {
    const button = document.createElement("button");
    button.type = "button";
    // The whole address is heard; what is seen is short, for six of them have to fit on a phone.
    button.setAttribute("aria-label", `${what} ${address}`);
    button.append(Object.assign(document.createElement("b"), { textContent: what }), ` ${address.split(",")[0]}`);
    button.onclick = () => choose(address);
    return button;
  }));
}
