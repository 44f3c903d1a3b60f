// Event streams of all running look-ups: one for those that a worker of the server has, or several
// where they are many.

import { whyRefused } from "./server.js";

const MOST_STREAMS = 4;  // browsers allow six connections per origin
const QUIET_MISSES = 12;  // about ten seconds of asking the wrong workers
const MOST_IDS = 200;  // the server takes no more on one stream
const TOGETHER = 50;  // milliseconds in which look-ups that end are taken off their streams at once
const LOST = "Connection lost. Reconnecting…";
const RESTARTING = "The server is restarting. Reconnecting…";

// A worker of the server knows its own look-ups only; their ids say so before the dot.
const workerOf = (id) => id.slice(0, Math.max(id.indexOf("."), 0));

export class Streams {
  #streams = new Set();  // of {worker, ids, source, isOpen, isRefused, isLeaving, trouble, retry, failures, misses}
  #ending = null;  // the timer of look-ups that have ended
  #running;
  #onEvent;
  #onUnknown;
  #onChange;

  /**
   * running() returns the ids to follow; onEvent(kind, told) takes an event; onUnknown(ids) takes
   * ids that the server has forgotten; onChange() is called when `state` or `trouble` may differ.
   */
  constructor({ running, onEvent, onUnknown, onChange }) {
    this.#running = running;
    this.#onEvent = onEvent;
    this.#onUnknown = onUnknown;
    this.#onChange = onChange;
  }

  /** What keeps the news from coming, in words; "" if nothing does. */
  get trouble() {
    return [...this.#streams].map((one) => one.trouble).find(Boolean) ?? "";
  }

  /** "idle", "connecting", "open", "lost" or "refused". */
  get state() {
    if (!this.#streams.size) return "idle";
    const troubled = [...this.#streams].filter((one) => one.trouble);
    if (troubled.length) return troubled.every((one) => one.isRefused) ? "refused" : "lost";
    return [...this.#streams].every((one) => one.isOpen) ? "open" : "connecting";
  }

  /** Follow what is running now, and nothing else. */
  update() {
    clearTimeout(this.#ending);
    this.#ending = null;
    const running = new Set(this.#running());
    const changed = new Set();
    for (const stream of [...this.#streams]) {
      for (const id of [...stream.ids]) {
        if (!running.delete(id) && stream.ids.delete(id)) changed.add(stream);
      }
      if (!stream.source) changed.add(stream);
    }
    for (const id of running) {  // what no stream has
      const stream = this.#streamFor(workerOf(id));
      if (stream) changed.add(stream) && stream.ids.add(id);
    }
    for (const stream of changed) {
      if (stream.ids.size) this.#open(stream);
      else this.#drop(stream);
    }
    this.#onChange();
  }

  // Of a worker, one that has room; undefined if all have to wait until another one has ended.
  #streamFor(worker) {
    const found = [...this.#streams].find((one) => one.worker === worker && one.ids.size < MOST_IDS);
    if (found || this.#streams.size >= MOST_STREAMS) return found;
    const stream = { worker, ids: new Set(), trouble: "", isOpen: false, failures: 0, misses: 0 };
    this.#streams.add(stream);
    return stream;
  }

  #drop(stream) {
    clearTimeout(stream.retry);
    stream.source?.close();
    stream.source = null;
    this.#streams.delete(stream);
  }

  // After the last one a stream has to be closed at once: an EventSource would reconnect for ever.
  #ended() {
    const running = new Set(this.#running());
    if ([...this.#streams].some((one) => [...one.ids].every((id) => !running.has(id)))) this.update();
    else this.#ending ??= setTimeout(() => this.update(), TOGETHER);
  }

  #open(stream) {
    clearTimeout(stream.retry);
    stream.source?.close();
    const ids = [...stream.ids].sort().join(",");
    const source = new EventSource(`/events?ids=${encodeURIComponent(ids)}`);
    Object.assign(stream, { source, isLeaving: false });
    source.onopen = () => {
      Object.assign(stream, { isOpen: true, isRefused: false, failures: 0, misses: 0 });
      this.#tell(stream, "");
    };
    source.onerror = () => this.#lost(stream, source, ids);
    for (const kind of ["snapshot", "change", "providers", "done"]) {
      source.addEventListener(kind, (event) => {
        this.#onEvent(kind, JSON.parse(event.data));
        if (kind === "done") this.#ended();
      });
    }
    source.addEventListener("farewell", () => {
      stream.isLeaving = true;
      this.#tell(stream, RESTARTING);
    });
  }

  // Reached when the connection broke, which the browser mends by itself, and when the answer was
  // no stream, which it does not.
  async #lost(stream, source, ids) {
    if (source.readyState !== EventSource.CLOSED) {
      // The end of a stream that was announced is no news; another error is.
      if (!stream.isLeaving) this.#tell(stream, LOST);
      stream.isLeaving = false;
      return;
    }
    const { status, unknown, error } = await whyRefused(ids);
    if (stream.source !== source) return;  // another one was begun meanwhile
    stream.isRefused = false;
    if (unknown.length) {
      stream.source = null;
      this.#tell(stream, "");
      this.#onUnknown(unknown);
      this.update();
    } else if (status === 421 || status === 200) {
      // Another worker has them. Each connection may reach any worker, so connect until it is the
      // right one; to start them again would buy them again.
      stream.misses += 1;
      if (stream.misses > QUIET_MISSES) {
        this.#tell(stream, "Another worker of the server has your look-ups. Still trying to reach it…");
      }
      this.#retry(stream, Math.min(50 * 1.5 ** stream.misses, 3000));
    } else {
      // A 4xx is no lost connection: the server was reached, and does not take the question.
      stream.isRefused = status >= 400 && status < 500;
      this.#tell(stream, stream.isRefused ? `The server refuses to send news: ${error || status}` : LOST);
      stream.failures += 1;
      this.#retry(stream, Math.min(2 ** (stream.failures - 1), 10) * 1000);
    }
  }

  #retry(stream, milliseconds) {
    stream.retry = setTimeout(() => this.#open(stream), milliseconds);
  }

  #tell(stream, trouble) {
    stream.trouble = trouble;
    this.#onChange();
  }
}
