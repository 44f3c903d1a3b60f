// Everything in words: outcomes, steps, prices, speeds, times.

const USUAL_SECONDS = 9;
const LONG_SECONDS = 20;

const ANSWERS = {
  SERVED: (n) => (n === 1 ? "1 provider serves this address" : `${n} providers serve this address`),
  NO_PROVIDERS: () => "No provider is reported for this address",
  AMBIGUOUS_ADDRESS: () => "Several addresses match. Edit the address: add the unit, or check street and ZIP code.",
  ADDRESS_NOT_FOUND: () => "No such address is known. Edit the address: check number, street and ZIP code.",
};

/** Whether an outcome answers the question; asking again would find the same. */
export const isAnswer = (outcome) => Object.hasOwn(ANSWERS, outcome);

/** Whether nobody knows any more what became of a look-up. No server says so: the page does. */
export const isLost = ({ outcome }) => outcome === "LOST";

/** Whether an outcome is one that only another address can mend. */
export const needsEdit = (outcome) =>
  ["AMBIGUOUS_ADDRESS", "ADDRESS_NOT_FOUND", "INVALID_ADDRESS"].includes(outcome);

export function outcomeInWords({ outcome, providers, message }) {
  if (isAnswer(outcome)) return ANSWERS[outcome](providers?.length ?? 0);
  return message || "The look-up failed";
}

// Steps. The kind gives the colour of the mark: none of them is red, for a red step would say that
// something broke, while "no provider" is an answer and "several matches" a question.
const STEPS = {
  waiting: ["waiting", "waiting"],
  pending: ["pending", "searching…"],
  matched: ["matched", "done"],
  multiple: ["unsure", "several matches"],
  unfinished: ["skipped", "not finished"],
  skipped: ["skipped", "not reached"],
  unknown: ["skipped", "not known"],
};
const FAILED_STEPS = { geocoding: ["unsure", "no match"], internet: ["none", "no provider"] };

/** Return [kind, words] of one step of a look-up. */
export function stepInWords(agent, { agents, outcome }) {
  let status = agents[agent];
  if (!outcome) status ??= "waiting";
  else if (!status || status === "pending") status = atTheEnd(agent, outcome, status);
  if (status === "failed") return FAILED_STEPS[agent];
  return Object.hasOwn(STEPS, status) ? STEPS[status] : ["skipped", status];
}

// Some answers name no agents; their outcome tells how far they came.
function atTheEnd(agent, outcome, status) {
  if (isLost({ outcome }) || outcome === "UNCERTAIN") return "unknown";
  if (outcome === "SERVED") return "matched";
  if (outcome === "NO_PROVIDERS") return agent === "internet" ? "failed" : "matched";
  // After a question about the address nobody searches on.
  return status === "pending" && !needsEdit(outcome) ? "unfinished" : "skipped";
}

export function waitInWords(seconds, isLost) {
  const so = `${Math.max(0, Math.floor(seconds))} s`;
  if (isLost) return `${so} · no news while the connection is lost`;
  return seconds < LONG_SECONDS
    ? `${so} · usually about ${USUAL_SECONDS} s`
    : `${so} · longer than usual (about ${USUAL_SECONDS} s)`;
}

export function elapsedInWords(seconds) {
  if (seconds == null) return "";
  return `in ${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
}

export function summaryInWords(lookups) {
  const searching = lookups.filter((one) => !one.outcome).length;
  const lost = lookups.filter(isLost).length;
  const failed = lookups.filter((one) => one.outcome && !isAnswer(one.outcome)).length - lost;
  const done = lookups.length - searching - failed - lost;
  const counts = [[done, "done"], [searching, "searching"], [failed, "failed"], [lost, "lost"]];
  return counts.filter(([n]) => n).map(([n, what]) => `${n} ${what}`).join(", ");
}

export function money({ amount_cents: cents, currency }) {
  const amount = cents / 100;
  try {
    return new Intl.NumberFormat("en-US", { style: "currency", currency }).format(amount);
  } catch {  // no such currency
    return `${amount.toFixed(2)} ${currency ?? ""}`.trim();
  }
}

export const speed = (mbps) => (mbps >= 1000 ? `${mbps / 1000} Gbps` : `${mbps} Mbps`);

/** Return a text without characters that nobody sees, which might turn the others around. */
export const clean = (text) => text.replace(/[\s\p{Z}]+/gu, " ").replace(/[\p{Cc}\p{Cf}]/gu, "").trim();

/** Compare two spellings of an address by what is said, not by capitals and commas. */
export const sameAddress = (one, other) => bare(one) === bare(other);
const bare = (text) => text.toUpperCase().replace(/[^\p{L}\p{N}#]+/gu, " ").trim();

/** Return "Monthly price" for "monthly_price". */
export function label(name) {
  const words = name.replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
