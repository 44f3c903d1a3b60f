// One event stream for all running look-ups that a worker of the server has.

import { whyRefused } from "./server.js";

const MOST_STREAMS = 4;  // browsers allow six connections per origin
const QUIET_MISSES = 12;  // about ten seconds of asking the wrong workers
const LOST = "Connection lost. Reconnecting…";

// A worker of the server knows its own look-ups only; their ids say so before the dot.
const workerOf = (id) => id.slice(0, Math.max(id.indexOf("."), 0));

export class Streams {
  #streams = new Map();  // by worker: {ids, source, isOpen, trouble, retry, failures, misses}
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
    return [...this.#streams.values()].map((one) => one.trouble).find(Boolean) ?? "";
  }

  /** "idle", "connecting", "open" or "lost". */
  get state() {
    if (!this.#streams.size) return "idle";
    if (this.trouble) return "lost";
    return [...this.#streams.values()].every((one) => one.isOpen) ? "open" : "connecting";
  }

  /** Follow what is running now, and nothing else. */
  update() {
    const wanted = new Map();
    for (const id of this.#running()) {
      wanted.set(workerOf(id), [...(wanted.get(workerOf(id)) ?? []), id]);
    }
    for (const [worker, stream] of [...this.#streams]) {
      if (wanted.has(worker)) continue;
      clearTimeout(stream.retry);
      stream.source?.close();
      stream.source = null;
      this.#streams.delete(worker);
    }
    for (const [worker, ids] of wanted) {
      if (!this.#streams.has(worker)) {
        if (this.#streams.size >= MOST_STREAMS) continue;  // until another one has ended
        this.#streams.set(worker, { ids: "", trouble: "", isOpen: false, failures: 0, misses: 0 });
      }
      const stream = this.#streams.get(worker);
      const all = ids.sort().join(",");
      if (all !== stream.ids) this.#open(Object.assign(stream, { ids: all }));
    }
    this.#onChange();
  }

  #open(stream) {
    clearTimeout(stream.retry);
    stream.source?.close();
    const source = new EventSource(`/events?ids=${encodeURIComponent(stream.ids)}`);
    stream.source = source;
    source.onopen = () => {
      Object.assign(stream, { isOpen: true, failures: 0, misses: 0 });
      this.#tell(stream, "");
    };
    source.onerror = () => this.#lost(stream, source);
    for (const kind of ["snapshot", "change", "providers", "done"]) {
      source.addEventListener(kind, (event) => {
        this.#onEvent(kind, JSON.parse(event.data));
        // After the last one it has to be closed: an EventSource would reconnect for ever.
        if (kind === "done") setTimeout(() => this.update());
      });
    }
    source.addEventListener("farewell", () => {
      this.#tell(stream, "The server is restarting. Reconnecting…");
    });
  }

  // Reached when the connection broke, which the browser mends by itself, and when the answer was
  // no stream, which it does not.
  async #lost(stream, source) {
    if (source.readyState !== EventSource.CLOSED) return this.#tell(stream, LOST);
    const { status, unknown } = await whyRefused(stream.ids);
    if (stream.source !== source) return;  // another one was begun meanwhile
    if (unknown.length) {
      this.#tell(stream, "");
      stream.ids = "";
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
      this.#tell(stream, LOST);
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
