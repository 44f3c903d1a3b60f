// Requests to the server, but for the event streams.

/**
 * Start a look-up, which may be billed; return its id, or throw an Error that says why not, and
 * whether the server has refused it (isRefusal): otherwise nobody knows whether it was begun.
 * isBoughtAgain: a person wants it although it may have been bought before.
 */
export async function post(address, isBoughtAgain = false) {
  let answer;
  try {
    answer = await fetch("/lookups", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ address, ...(isBoughtAgain && { retry: ["UNCERTAIN"] }) }),
    });
  } catch {
    throw Object.assign(new Error("The server cannot be reached; try again in a moment."), { isUnreached: true });
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.ok && told.id) return told.id;
  const error = new Error(sentence(told.error || `the server answered ${answer.status}`));
  throw Object.assign(error, { isRefusal: Boolean(told.error) });
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

/** Return whether the data are simulated; null as long as the server does not know. */
export async function isSimulated() {
  try {
    return (await (await fetch("/about")).json()).simulated;
  } catch {
    return null;
  }
}

/** Return whether the server answers at all. */
export const isReached = () => fetch("/about").then((answer) => answer.ok, () => false);

/** Return why there is no event stream of these ids: an EventSource does not tell. */
export async function whyRefused(ids) {
  const abort = new AbortController();
  try {
    const answer = await fetch(`/events?ids=${encodeURIComponent(ids)}`, { signal: abort.signal });
    const told = answer.ok ? {} : await answer.json().catch(() => ({}));
    return { status: answer.status, unknown: told.unknown ?? [], error: told.error ?? "" };
  } catch {
    return { status: 0, unknown: [], error: "" };
  } finally {
    abort.abort();
  }
}
