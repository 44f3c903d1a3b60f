"""Breaks important lines one by one, and checks that a test notices each: no test of its own.

    python tests/mutants.py [-j WORKERS] [--nearest] [NAME ...]

Each mutant replaces one piece of text, which must occur exactly once in its file, in a copy of the
repository. The nearest tests are run first; if they pass, so are those among them that are slow,
and the whole default suite. It ends with 1 if a mutant survives, or if the table no longer fits
the code.
"""

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

import attrs

ROOT = Path(__file__).parent.parent
HANGS_AFTER = 60
"""Seconds after which a test hangs, as some mutants do."""
NO_TESTS = 5
"""How pytest ends if there is no test to run, such as no slow one."""


@attrs.frozen
class Mutant:
    """One deliberate mistake.

    Attributes:
        name: What breaks.
        file: Where, below `hum_async`.
        old: The text that is replaced.
        new: What it is replaced by.
        tests: The nearest tests, below `tests`.
    """

    name: str
    file: str
    old: str
    new: str
    tests: str


MUTANTS = [
    # --- the simulator of other people's tests ----------------------------------------------------
    Mutant(
        "control-answers-a-foreign-origin",
        "simulator/_visitors.py",
        "if any(origin.casefold() != own for origin in origins):",
        "if False:",
        "simulator/test_simulator_control.py",
    ),
    Mutant(
        "control-answers-any-host",
        "simulator/_visitors.py",
        "if len(hosts) != 1 or not _names_this_machine(hosts[0]):",
        "if len(hosts) != 1:",
        "simulator/test_simulator_control.py",
    ),
    Mutant(
        "clock-moves-beyond-the-last-date",
        "simulator/_clock.py",
        'require("seconds", seconds, at_most=left)',
        'require("seconds", seconds)',
        "simulator/test_simulator_control.py",
    ),
    Mutant(
        "unanswered-post-may-come-again",
        "simulator/_assertions.py",
        "elif record.token is not None or not record.status:",
        "elif record.token is not None:",
        "simulator/test_simulator_assertions.py",
    ),
    Mutant(
        "pause-of-a-429-is-not-kept-in-mind",
        "simulator/_http_app.py",
        "pause=pause_of(answer.headers) if answer.status == _TOO_MANY else None",
        "pause=None",
        "simulator/test_simulator_assertions.py",
    ),
    # --- readers ----------------------------------------------------------------------------------
    Mutant(
        "cancelled-reader-rests",
        "_polling/stream.py",
        "        except asyncio.CancelledError:\n            self._source.rest()\n",
        "        except asyncio.CancelledError:\n",
        "test_leaving_readers.py",
    ),
    Mutant(
        "stream-whose-loop-is-left-rests",
        "_polling/stream.py",
        "        self._turns.left()\n",
        "        pass\n",
        "test_leaving_readers.py",
    ),
    Mutant(
        "reader-cancelled-between-items-rests",
        "_polling/stream.py",
        "if mine and not self._reading:",
        "if False:",
        "test_leaving_readers.py",
    ),
    Mutant(
        "reader-that-comes-back-is-polled-for",
        "_polling/poller.py",
        "        for entry in [entry for entry in self._parked if mailbox in entry.mailboxes]:\n"
        "            self._unpark(entry)\n",
        "",
        "test_leaving_readers.py",
    ),
    # --- the limit --------------------------------------------------------------------------------
    Mutant(
        "pause-holds-requests",
        "_limits/pacing.py",
        "return ready if ready > until else until",
        "return ready",
        "limits/test_pacing.py",
    ),
    Mutant(
        "late-refusal-is-heeded",
        "limiter.py",
        "if self._controller.gate.until <= loop.time():",
        "if True:",
        "test_limiter.py",
    ),
    Mutant(
        "pause-only-moves-ahead",
        "_limits/pacing.py",
        "self.until = max(self.until, now + seconds)",
        "self.until = now + seconds",
        "limits/test_pacing.py",
    ),
    Mutant(
        "first-after-a-pause-goes-alone",
        "_limits/pacing.py",
        "self._pacer.restart(now + min(1.5 * (adaptive.round_trip or 0.0), 1.0))",
        "pass",
        "limits/test_pacing.py limits/test_discovery.py",
    ),
    Mutant(
        "pause-is-bounded",
        "_limits/pacing.py",
        "seconds = min(max(seconds, 0.0), MAX_PAUSE)\n"
        "        seconds = min(seconds + jitter * min(0.1 * seconds, 1.0), MAX_PAUSE)\n",
        "seconds = max(seconds, 0.0)\n",
        "limits/test_pacing.py",
    ),
    Mutant(
        "cancelled-waiter-gives-back",
        "limiter.py",
        "self._controller.give_back()",
        "pass",
        "test_limiter.py",
    ),
    Mutant(
        "first-come-first-served",
        "limiter.py",
        "waiter = (slot.order, next(",
        "waiter = (-slot.order, next(",
        "test_limiter.py",
    ),
    Mutant(
        "urgent-ones-first",
        "_limits/priorities.py",
        "        return first\n",
        "        return waiting[-1]\n",
        "limits/test_priorities.py",
    ),
    Mutant(
        "no-priority-starves",
        "_limits/priorities.py",
        "if self._owed[most] >= self._WHOLE:",
        "if False:",
        "limits/test_priorities.py",
    ),
    Mutant(
        "people-do-not-wait-for-a-jobs-turn",
        "_purchases/ledger.py",
        "if self.hand_over is not None and priority < self.priority:",
        "if False:",
        "bulk/test_bulk_ledger.py",
    ),
    Mutant(
        "a-late-token-is-no-uncertainty",
        "web/_hub_lookups.py",
        "self.record(work, ends=not self.queue.is_sending(work))",
        "self.record(work)",
        "web/test_hub_ledger.py",
    ),
    Mutant(
        "jobs-are-not-urgent",
        "bulk/job_engine.py",
        "urgency = sender.priority_of(Priority.BULK, options.priority)",
        "urgency = sender.priority_of(Priority.INTERACTIVE)",
        "test_urgency.py",
    ),
    Mutant(
        "limiter-is-told-once",
        "_api/sender.py",
        "            refused=refused,\n",
        "            refused=False,\n",
        "test_limiter.py",
    ),
    Mutant(
        "default-limiter-hears-of-refusals",
        "_limits/interface.py",
        "        if refused:\n            self.throttled(retry_after)",
        "        self.throttled(retry_after)",
        "test_limiter.py",
    ),
    Mutant(
        "discovery-cuts",
        "_limits/discovery.py",
        "self._set_rate(max(rate * factor, throughput * self.GENTLE_CUT_FACTOR))",
        "self._set_rate(rate)",
        "limits/test_discovery.py",
    ),
    Mutant(
        "discovery-grows-if-used",
        "_limits/discovery.py",
        "if utilized and now >= self._hold_ends:",
        "if now >= self._hold_ends:",
        "limits/test_discovery.py",
    ),
    Mutant(
        "old-refusals-do-not-cut",
        "_limits/discovery.py",
        "if sent is not None and sent < self._last_cut:",
        "if False:",
        "limits/test_discovery.py",
    ),
    Mutant(
        "rate-headers-are-heeded",
        "_limits/pacing.py",
        "return min(adaptive.rate, max(self._told_rate, adaptive.SLOWEST))",
        "return adaptive.rate",
        "limits/test_pacing.py",
    ),
    Mutant(
        "spent-quota-pauses",
        "_limits/pacing.py",
        "if told.remaining == 0 and told.reset:",
        "if False:",
        "limits/test_pacing.py",
    ),
    Mutant(
        "rest-of-a-quota-lasts-to-its-end",
        "_limits/rate_limit_headers.py",
        "return left if whole is None else min(whole, left)",
        "return left if whole is None else whole",
        "limits/test_rate_limit_headers.py",
    ),
    Mutant(
        "retry-after-date-by-the-servers-clock",
        "_limits/rate_limit_headers.py",
        'served = http_date(headers.get("date", "")) or now\n    return',
        "served = now\n    return",
        "limits/test_retry_after.py",
    ),
    # --- one request ------------------------------------------------------------------------------
    Mutant(
        "throttled-request-keeps-its-place",
        "_api/sender.py",
        "                    throttles += 1\n                    continue",
        "                    throttles += 1\n                    slot = self.limiter.slot()\n"
        "                    continue",
        "test_client.py",
    ),
    Mutant(
        "throttles-are-no-tries",
        "_api/sender.py",
        "if is_throttle(error) and throttles < self.retry.throttles:",
        "if False:",
        "test_client.py",
    ),
    Mutant(
        "post-is-not-sent-twice",
        "_api/retry.py",
        "    if not creates:\n        return passes(error)\n",
        "    return passes(error)\n",
        "api/test_retry.py",
    ),
    Mutant(
        "post-after-timeout-is-uncertain",
        "_api/retry.py",
        "return isinstance(error, TransportError | ResponseError)\n\n\ndef refuses",
        "return isinstance(error, ResponseError)\n\n\ndef refuses",
        "api/test_retry.py",
    ),
    Mutant(
        "503-with-retry-after-throttles",
        "_api/retry.py",
        "and error.retry_after is not None",
        "and False",
        "api/test_retry.py",
    ),
    Mutant(
        "410-is-gone",
        "_api/endpoints.py",
        "    HTTPStatus.GONE: SessionGone,\n",
        "",
        "test_client.py",
    ),
    Mutant(
        "closed-twice-is-closed",
        "_api/endpoints.py",
        "also=(HTTPStatus.NOT_FOUND, HTTPStatus.GONE)",
        "also=(HTTPStatus.NOT_FOUND,)",
        "test_client.py",
    ),
    Mutant(
        "tokens-are-encoded",
        "_api/endpoints.py",
        'segment = quote(token, safe="")',
        "segment = quote(token)",
        "test_client_urls.py test_client.py",
    ),
    Mutant(
        "degrees-are-hidden",
        "_api/endpoints.py",
        "secrets=(*filter(None, parts), *degrees),",
        "secrets=(*filter(None, parts),),",
        "test_client.py",
    ),
    Mutant(
        "request-id-is-clean",
        "_api/endpoints.py",
        "safe_request_id(request_id, (key, *request.secrets)) if request_id else None",
        "request_id or None",
        "test_client.py",
    ),
    Mutant(
        "tokens-are-hidden",
        "_redact.py",
        "for pattern in (_FULL_ADDRESS, _STREET, _PLACE, _TOKEN_LIKE):",
        "for pattern in (_FULL_ADDRESS, _STREET, _PLACE):",
        "test_redact.py",
    ),
    Mutant(
        "a-changed-protocol-gives-its-connection-back",
        "transport.py",
        "content.is_eof() and response.closed and",
        "content.is_eof() and",
        "api/test_answers_over_sockets.py",
    ),
    Mutant(
        "no-frame-holds-the-path",
        "transport.py",
        "        del path, body, options, response, kept\n",
        "",
        "test_transport.py test_client.py",
    ),
    Mutant(
        "no-answer-is-taken-that-nobody-asked-for",
        "_network/connections.py",
        "if protocol.should_close or connection in self._condemned:",
        "if connection in self._condemned:",
        "network/test_connections.py",
    ),
    Mutant(
        "dropped-connections-carry-nothing",
        "_network/connections.py",
        "if protocol.should_close or connection in self._condemned:",
        "if protocol.should_close:",
        "network/test_connections.py",
    ),
    Mutant(
        "an-attempt-is-one-request",
        "_network/connections.py",
        "                raise BrokenExchangeError(type(exc).__name__) from exc",
        "                raise",
        "network/test_connections.py",
    ),
    Mutant(
        "no-frame-of-the-constructor-holds-the-key",
        "client.py",
        "        del api_key\n",
        "",
        "test_secrets_in_frames.py",
    ),
    Mutant(
        "loopback-is-never-proxied",
        "_network/proxies.py",
        "    if is_loopback(host):\n        return None\n",
        "",
        "network/test_proxies.py",
    ),
    Mutant(
        "redirects-are-refused",
        "transport.py",
        '"allow_redirects": False',
        '"allow_redirects": True',
        "test_transport.py",
    ),
    Mutant(
        "bodies-are-capped", "transport.py", "if size > MAX_BODY:", "if False:", "test_transport.py"
    ),
    Mutant(
        "packed-bodies-are-capped",
        "transport.py",
        'return "Content-Encoding" in response.headers',
        "return False",
        "test_transport.py",
    ),
    Mutant(
        "plain-http-is-refused",
        "transport.py",
        'if parts.scheme == "http" and not',
        "if False and not",
        "test_transport.py",
    ),
    Mutant(
        "bad-tls-certainly-had-no-effect",
        "transport.py",
        'return ConnectFailed(f"no safe TLS',
        'return TransportError(f"no safe TLS',
        "test_transport.py",
    ),
    Mutant(
        "cookies-are-not-kept",
        "transport.py",
        "cookie_jar=aiohttp.DummyCookieJar(),",
        "",
        "test_transport.py",
    ),
    Mutant(
        "dc-is-no-state",
        "_api/addresses.py",
        'if state == "DC" and not (parts["zip"] and parts["city"]):',
        "if False:",
        "api/test_addresses.py",
    ),
    # --- polling ----------------------------------------------------------------------------------
    Mutant(
        "budget-stands-still-in-a-pause",
        "_api/sender.py",
        "return now, now - paused if paused else now",
        "return now, now",
        "polling/test_poller.py",
    ),
    Mutant(
        "budget-stands-still-in-our-queue",
        "_polling/session_poll.py",
        "self._spent += passed if passed < most else most",
        "self._spent += passed",
        "polling/test_poller.py",
    ),
    Mutant(
        "budget-is-charged",
        "_polling/session_poll.py",
        "            self._spent += active - self._charged_until\n        self._charged_until",
        "            pass\n        self._charged_until",
        "polling/test_session_poll.py",
    ),
    Mutant(
        "one-poll-at-the-deadline",
        "_polling/session_poll.py",
        "    if gap >= left:\n        return left\n",
        "    if gap >= left:\n        return gap\n",
        "polling/test_session_poll.py",
    ),
    Mutant(
        "404-has-a-grace",
        "_polling/session_poll.py",
        "return not self._known and self.session is None and since_first < NOT_FOUND_GRACE",
        "return False",
        "polling/test_session_poll.py test_client.py",
    ),
    Mutant(
        "throttled-poll-costs-no-budget",
        "_polling/session_poll.py",
        "        self._chargeable = 0.0\n\n    def answered",
        "\n    def answered",
        "polling/test_session_poll.py",
    ),
    Mutant(
        "due-polls-first",
        "_polling/poller.py",
        "return entry.throttled or now - entry.sent_at >= OFTEN_ENOUGH",
        "return False",
        "test_watcher.py",
    ),
    Mutant(
        "throttled-poll-first",
        "_polling/poller.py",
        "return entry.throttled or now",
        "return now",
        "polling/test_poller.py",
    ),
    Mutant(
        "ended-token-is-not-polled",
        "_polling/poller.py",
        "        if ended:\n            del self._entries[entry.token]\n"
        "            entry.mailboxes = ()\n        else:",
        "        if True:",
        "test_watcher.py",
    ),
    Mutant(
        "one-terminal-update",
        "_polling/mailbox.py",
        "            self._ended.add(token)\n",
        "",
        "polling/test_mailbox.py",
    ),
    Mutant(
        "terminal-update-is-not-merged-away",
        "_polling/mailbox.py",
        "self._updates[token] = merged(missed, update) if missed else update",
        "self._updates[token] = missed or update",
        "polling/test_mailbox.py",
    ),
    Mutant(
        "readers-are-woken",
        "_polling/mailbox.py",
        "            self._ended.add(token)\n        self.wake()",
        "            self._ended.add(token)",
        "polling/test_mailbox.py",
    ),
    Mutant(
        "another-value-is-no-time",
        "_polling/response_store.py",
        "    if b'\"' in other[begin:end]:\n        return False\n",
        "",
        "polling/test_response_store.py",
    ),
    Mutant(
        "packed-answers-come-back",
        "_polling/response_store.py",
        "decompressobj(self._WINDOW, zdict=self._first)",
        "decompressobj(self._WINDOW)",
        "polling/test_watched_session.py",
    ),
    Mutant(
        "budget-of-a-packed-token-is-charged",
        "_polling/watched_session.py",
        "        self._chargeable = self._planned\n",
        "",
        "polling/test_watched_token.py",
    ),
    Mutant(
        "a-packed-answer-that-differs-is-read",
        "_polling/watched_session.py",
        "if kept is None or processing is not self._processing:",
        "if kept is None:",
        "polling/test_watched_session.py",
    ),
    Mutant(
        "cancellation-is-not-swallowed",
        "_tasks.py",
        "    if interrupted is not None:\n        raise interrupted\n",
        "",
        "test_tasks.py",
    ),
    # --- purchases --------------------------------------------------------------------------------
    Mutant(
        "no-lease-runs-out-while-the-server-is-away",
        "_purchases/postgres/schema.py",
        '"pg_postmaster_start_time() > clock_timestamp() - make_interval(secs => w.lease)))"',
        '"false))"',
        "purchases/test_postgres_workers.py",
    ),
    Mutant(
        "the-dead-write-nothing-as-themselves",
        "_purchases/postgres/changes.py",
        "WHERE id = $1 AND NOT lost AND ended_at IS NULL AND batch < $2 RETURNING id",
        "WHERE id = $1 AND batch < $2 RETURNING id",
        "purchases/test_postgres_workers.py",
    ),
    Mutant(
        "a-batch-is-written-once",
        "_purchases/postgres/changes.py",
        'state["lost"] or state["batch"] < batch.number',
        "True",
        "purchases/test_postgres_workers.py",
    ),
    Mutant(
        "a-late-token-opens-its-purchase-again",
        "_purchases/postgres/changes.py",
        "worker = $1, outcome = NULL, result = NULL",
        "worker = $1",
        "purchases/test_postgres_workers.py",
    ),
    Mutant(
        "the-bound-counts-all-workers",
        "_purchases/postgres/changes.py",
        "self.spent - await jobs.spent(self._db, self._batch.job))",
        "self.spent)",
        "purchases/test_postgres_workers.py",
    ),
    Mutant(
        "only-the-purchase-that-was-seen-is-replaced",
        "_purchases/postgres/changes.py",
        "(u.number = 0 OR p.id = u.number) AND",
        "true AND",
        "purchases/test_postgres_workers.py",
    ),
    Mutant(
        "an-old-claim-sends-no-post",
        "_lookups/recording.py",
        "if not self.store.may_send():",
        "if False:",
        "lookups/test_claims.py",
    ),
    Mutant(
        "intent-before-post",
        "_lookups/recording.py",
        "await self.store.record(Asked(self.digest, self.instead_of, self.replaces))",
        "self.store.record(Asked(self.digest, self.instead_of, self.replaces))",
        "bulk/test_job_engine.py",
    ),
    Mutant(
        "uncertain-is-bought-again-when-asked",
        "_lookups/recording.py",
        "self._ledger.rules(lookup.retried).action(entry)",
        "self._ledger.rules().action(entry)",
        "lookups/test_ledger.py",
    ),
    Mutant(
        "what-broke-off-meanwhile-is-not-bought-again",
        "_lookups/recording.py",
        "return not shared.requests and shared.outcome in lookup.retried",
        "return shared.outcome in lookup.retried",
        "lookups/test_ledger.py",
    ),
    Mutant(
        "token-before-poll",
        "_lookups/recording.py",
        "await self.store.record(Opened(self.digest, lookup.token, lookup.requests))",
        "self.store.record(Opened(self.digest, lookup.token, lookup.requests))",
        "bulk/test_job_engine.py",
    ),
    Mutant(
        "result-before-delete",
        "_lookups/recording.py",
        "        try:\n            await self.store.record(Settled(self.digest, result,",
        "        try:\n            self.store.record(Settled(self.digest, result,",
        "bulk/test_job_engine.py",
    ),
    Mutant(
        "delete-after-the-reader",
        "bulk/job_purchases.py",
        "            self._results.put(last, lookup)\n",
        "            self._results.put(last)\n            self.queue.close(lookup)\n",
        "bulk/test_bulk_order.py",
    ),
    Mutant(
        "uncertain-counts-as-bought",
        "bulk/job_spending.py",
        "self._not_billed += result.token is None and result.outcome is not Outcome.UNCERTAIN",
        "self._not_billed += result.token is None",
        "bulk/test_bulk_resume.py bulk/test_bulk_outcomes.py",
    ),
    Mutant(
        "max-sessions-holds",
        "bulk/job_spending.py",
        "return self._limit.may_buy(self.sessions)",
        "return True",
        "bulk/test_bulk_resume.py",
    ),
    Mutant(
        "max-cost-holds",
        "bulk/spending_limit.py",
        "return self._spending.sessions + left // (self._price or 1)",
        "return self._spending.sessions + left // (self._price or 1) + 1",
        "purchases/test_prices.py",
    ),
    Mutant(
        "what-is-asked-for-at-midnight-counts-for-both-days",
        "bulk/spending_limit.py",
        "self._before_today = self._cost(spent - asking)",
        "self._before_today = self._cost(spent)",
        "purchases/test_prices.py",
    ),
    Mutant(
        "data-sets-of-other-kinds-are-not-compared",
        "bulk/diff/compare.py",
        "if not any_data and not comparable(old, new):",
        "if not any_data and comparable(old, new) is None:",
        "bulk/test_diff.py",
    ),
    Mutant(
        "same-address-is-bought-once",
        "bulk/job_purchases.py",
        "        if purchase is None:\n            return False\n",
        "        return False\n",
        "bulk/test_bulk_order.py",
    ),
    Mutant(
        "zip4-is-the-same-address",
        "_addresses/usps_key.py",
        'zip5 = (address.zip or "")[:5]',
        'zip5 = address.zip or ""',
        "bulk/test_bulk_order.py api/test_addresses.py",
    ),
    Mutant(
        "job-stops-rather-than-wait-long",
        "bulk/job_purchases.py",
        "if asked is None or most is None or asked <= most or not self._opened().durable:",
        "if True:",
        "bulk/test_bulk_pause.py",
    ),
    Mutant(
        "commits-are-on-disk",
        "_purchases/sqlite/journal.py",
        "PRAGMA synchronous = FULL",
        "PRAGMA synchronous = NORMAL",
        "purchases/test_sqlite_journal.py",
    ),
    Mutant(
        "one-purchase-by-index",
        "_purchases/sqlite/schema.py",
        "CREATE UNIQUE INDEX one_purchase",
        "CREATE INDEX one_purchase",
        "purchases/test_sqlite_journal.py",
    ),
    Mutant(
        "journal-is-one-transaction",
        "_purchases/sqlite/journal.py",
        'self._db.execute("ROLLBACK")',
        'self._db.execute("COMMIT")',
        "purchases/test_sqlite_journal.py",
    ),
    Mutant(
        "unanswered-post-is-uncertain",
        "_purchases/resume_rules.py",
        "ResumeAction.ADOPT if entry.token is not None else ResumeAction.WRITE_OFF",
        "ResumeAction.ADOPT if entry.token is not None else ResumeAction.BUY",
        "purchases/test_resume_rules.py",
    ),
    Mutant(
        "open-session-is-adopted",
        "_purchases/resume_rules.py",
        "ResumeAction.ADOPT if entry.token is not None else ResumeAction.WRITE_OFF",
        "ResumeAction.WRITE_OFF",
        "purchases/test_resume_rules.py",
    ),
    Mutant(
        "old-results-are-not-reused",
        "_purchases/resume_rules.py",
        'return "too old"',
        "return None",
        "purchases/test_resume_rules.py",
    ),
    Mutant(
        "gone-when-adopted-begins-anew",
        "_lookups/lookup.py",
        "update is not None and gone and self._adopted",
        "False",
        "lookups/test_lookup.py",
    ),
    Mutant(
        "budget-goes-on-at-the-other-endpoint",
        "_lookups/lookup.py",
        "self._look_at(other, now, active, spent=poll.spent(active))",
        "self._look_at(other, now, active)",
        "lookups/test_lookup.py",
    ),
    Mutant(
        "very-late-polls-first",
        "bulk/slot_scheduling.py",
        "overdue = late is not None and late > self.OVERDUE",
        "overdue = False",
        "bulk/test_slot_scheduling.py",
    ),
    Mutant(
        "polls-before-deletes",
        "_lookups/slot_order.py",
        "        if late is not None:\n            return SlotUse.POLL\n        if closing:\n"
        "            return SlotUse.CLOSE\n",
        "        if closing:\n            return SlotUse.CLOSE\n        if late is not None:\n"
        "            return SlotUse.POLL\n",
        "lookups/test_queue.py",
    ),
    Mutant(
        "abandoned-session-is-closed",
        "_lookups/queue.py",
        "        self._in_progress.discard(lookup)\n        self.close(lookup)",
        "        self._in_progress.discard(lookup)",
        "lookups/test_queue.py web/test_hub.py",
    ),
    # --- telemetry --------------------------------------------------------------------------------
    Mutant(
        "telemetry-names-the-route",
        "_api/sender.py",
        "seconds, route = asyncio.get_running_loop().time() - sent, request.route",
        "seconds, route = asyncio.get_running_loop().time() - sent, f'GET {request.path}'",
        "canaries/test_canaries.py",
    ),
    Mutant(
        "no-text-repeats-a-secret",
        "_plain.py",
        "    return _cleared(value, found) if found else value",
        "    return value",
        "test_cleared.py",
    ),
    Mutant(
        "tokens-are-filtered-out-of-urls",
        "otel.py",
        '            parts[place] = "{token}"',
        "            pass",
        "telemetry/test_http_spans.py",
    ),
    Mutant(
        "a-span-ends-with-its-look-up",
        "_telemetry.py",
        "            operation.settle(outcome, error)\n            operation.end()",
        "            operation.settle(outcome, error)",
        "telemetry/test_spans.py",
    ),
    # --- the web ----------------------------------------------------------------------------------
    Mutant(
        "events-hold-no-security-token",
        "web/_event_writer.py",
        "hidden = (result.token, *(provider.security_token for provider in result.providers))",
        "hidden = (result.token,)",
        "web/test_secrets.py",
    ),
    Mutant(
        "events-hold-no-key",
        "web/_event_writer.py",
        "(self._key, *hidden)",
        "tuple(hidden)",
        "web/test_secrets.py web/test_hub.py",
    ),
    Mutant(
        "replay-goes-on-where-it-was",
        "web/_replay_buffer.py",
        'index = bisect_right(self._events, position, key=attrgetter("position"))',
        'index = bisect_right(self._events, position, key=attrgetter("position")) + 1',
        "web/test_replay_buffer.py",
    ),
    Mutant(
        "missed-too-much-gets-the-snapshot",
        "web/_replay_buffer.py",
        "if position < self._dropped_until:",
        "if False:",
        "web/test_replay_buffer.py",
    ),
    Mutant(
        "nobody-is-told-of-one-look-up-before-all-are-known",
        "web/_subscription.py",
        "if self._next and not self._unknown:",
        "if self._next:",
        "web/test_several_workers.py",
    ),
    Mutant(
        "an-id-that-no-worker-gave-is-unknown",
        "web/_shared_keeper.py",
        "if self._ids is None or not self._ids.knows(lookup_id):",
        "if self._ids is None:",
        "web/test_several_workers.py",
    ),
    Mutant(
        "what-is-heard-again-is-kept-once",
        "web/_replay_buffer.py",
        "event.position <= self.last",
        "False",
        "web/test_replay_buffer.py",
    ),
    Mutant(
        "what-another-process-has-is-polled-no-more",
        "_lookups/queue.py",
        "            self._let_go.add(lookup)\n",
        "            pass\n",
        "web/test_several_workers.py",
    ),
    Mutant(
        "events-are-taken-from-the-owner-alone",
        "_purchases/postgres/event_log.py",
        "AND worker = ANY($3::bigint[]) AND NOT ended\nORDER BY id FOR UPDATE",
        "AND $3::bigint[] IS NOT NULL AND NOT ended\nORDER BY id FOR UPDATE",
        "purchases/test_event_log.py",
    ),
    Mutant(
        "ids-of-another-process-mean-nothing",
        "web/_event_writer.py",
        "if found is None or found[1] != self._epoch:",
        "if found is None:",
        "web/test_hub.py",
    ),
    Mutant(
        "hub-answers-the-same-address-once",
        "web/_registry.py",
        "if lookup is None or not self._reuse_for:",
        "if True:",
        "web/test_hub.py",
    ),
    Mutant(
        "hub-buys-no-running-look-up-twice",
        "web/_registry.py",
        "if lookup.outcome is None:\n            return lookup",
        "if False:\n            return lookup",
        "web/test_hub.py",
    ),
    Mutant(
        "stale-entries-are-read-again",
        "bulk/row_intake.py",
        "if digest in begun:",
        "if False:",
        "bulk/test_bulk_races.py",
    ),
    Mutant(
        "copied-once",
        "bulk/row_intake.py",
        "if entry.copied and self._copied.first(digest, 1) is None:",
        "if entry.copied:",
        "bulk/test_bulk_resume.py",
    ),
    Mutant(
        "refused-replacement-restores-the-result",
        "_purchases/sqlite/journal.py",
        "if change.restores:",
        "if False:",
        "bulk/test_bulk_resume.py",
    ),
    Mutant(
        "failures-are-not-reused",
        "web/_registry.py",
        "return lookup if fresh and lookup.outcome in _ANSWERS else None",
        "return lookup if fresh else None",
        "web/test_hub.py",
    ),
    Mutant(
        "hub-is-bounded",
        "web/_hub_lookups.py",
        "return self.registry.running >= self._max_running",
        "return False",
        "web/test_hub.py",
    ),
    Mutant(
        "an-application-has-one-hub",
        "web/_lifespan.py",
        "if isinstance(known, SessionHub) and not known.closed:",
        "if False:",
        "web/test_frameworks.py",
    ),
    Mutant(
        "mounted-applications-find-the-hub",
        "web/starlette.py",
        "yield {_STATE: hub}",
        "yield {}",
        "web/test_frameworks.py",
    ),
    Mutant(
        "a-stream-is-described-as-its-events",
        "web/fastapi.py",
        '"responses": _EVENTS_RESPONSES',
        '"responses": {}',
        "web/test_openapi.py",
    ),
    Mutant(
        "what-another-worker-has-is-not-unknown",
        "web/hub.py",
        "if elsewhere := tuple(filter(self._registry.is_elsewhere, unknown)):",
        "if elsewhere := ():",
        "web/test_workers.py",
    ),
    Mutant(
        "what-a-dead-worker-had-is-unknown",
        "web/_worker_tag.py",
        "and _began(pid) == began",
        "and pid > 0",
        "web/test_workers.py",
    ),
    Mutant(
        "who-waits-to-be-collected-is-dead",
        "web/_worker_tag.py",
        'if state in {b"Z", b"X"}',
        "if not state",
        "web/test_workers.py",
    ),
    Mutant(
        "the-wrong-workers-connection-ends",
        "web/http.py",
        'if http_version.startswith("1"):',
        "if False:",
        "web/test_workers.py",
    ),
    Mutant(
        "a-sites-own-name-reaches-this-machine",
        "web/page_guard.py",
        'name.endswith(".localhost")',
        'name.endswith("localhost")',
        "web/test_page_guard.py",
    ),
    Mutant(
        "a-page-of-another-site-may-post",
        "web/page_guard.py",
        'if scope["type"] == "http" and scope["method"] in _READING:',
        'if scope["type"] == "http":',
        "web/test_page_guard.py",
    ),
    # --- odd answers ------------------------------------------------------------------------------
    Mutant(
        "another-sessions-answer-is-refused",
        "_api/decoding.py",
        "    _check_whose(answer, token)\n    found",
        "    found",
        "api/test_decoding.py",
    ),
    Mutant(
        "a-foreign-answer-drops-connections",
        "_api/sender.py",
        "            if isinstance(self.transport, DropsConnections):",
        "            if False:",
        "api/test_answers_over_sockets.py",
    ),
    Mutant(
        "another-sessions-error-ends-nothing",
        "_api/sender.py",
        "        if request.token is not None and not refused:",
        "        if False:",
        "api/test_answers_over_sockets.py",
    ),
    Mutant(
        "what-has-arrived-is-seen-before-a-post",
        "_network/connections.py",
        "            await asyncio.sleep(0)\n",
        "            pass\n",
        "network/test_connections.py",
    ),
    Mutant(
        "every-other-4xx-passes-for-a-get",
        "_api/statuses.py",
        "return status not in _LASTING",
        "return status >= 500",
        "api/test_statuses.py",
    ),
    Mutant(
        "408-does-not-repeat-a-post",
        "_api/statuses.py",
        "        HTTPStatus.TOO_EARLY,  # RFC 8470",
        "        HTTPStatus.REQUEST_TIMEOUT,\n        HTTPStatus.TOO_EARLY,  # RFC 8470",
        "api/test_statuses.py bulk/test_bulk_sending_again.py",
    ),
    Mutant(
        "unknown-4xx-is-uncertain-for-a-post",
        "_api/statuses.py",
        "    return PostEffect.UNCERTAIN\n\n\ndef may_pass",
        "    return PostEffect.NOT_TAKEN\n\n\ndef may_pass",
        "api/test_statuses.py",
    ),
    Mutant(
        "a-failed-look-up-is-not-closed",
        "_lookups/lookup.py",
        "self.token is not None and outcome not in UNANSWERED",
        "self.token is not None",
        "bulk/test_bulk_odd_answers.py",
    ),
    Mutant(
        "a-failed-look-up-is-taken-up",
        "_purchases/resume_rules.py",
        "if entry.can_be_taken_up:",
        "if False:",
        "purchases/test_resume_rules.py bulk/test_bulk_odd_answers.py",
    ),
    Mutant(
        "numbers-fit-64-bits",
        "_api/reading.py",
        "    if _may_hold_large(text):",
        "    if False:",
        "api/test_decoding.py bulk/test_bulk_odd_answers.py",
    ),
    Mutant(
        "numbers-of-a-poll-fit-64-bits",
        "_api/decoding.py",
        "    if not text_alone:",
        "    if False:",
        "api/test_decoding.py",
    ),
    Mutant(
        "an-unstorable-result-fails-its-own-row",
        "_purchases/group_commit.py",
        "        except ResponseError as exc:\n            refused[each.done] = exc",
        "        except KeyError as exc:\n            refused[each.done] = exc",
        "bulk/test_bulk_odd_answers.py",
    ),
    Mutant(
        "a-paid-session-is-kept-whatever-the-rest",
        "_api/decoding.py",
        "    if token is None:\n        raise fault",
        "    if True:\n        raise fault",
        "api/test_decoding.py",
    ),
    Mutant(
        "the-beginning-of-a-paid-answer-is-kept",
        "_api/endpoints.py",
        "        keeps_part=True,\n",
        "",
        "api/test_answers_over_sockets.py",
    ),
    Mutant(
        "two-tokens-are-none",
        "_api/reading.py",
        "if len(found) == 1 else None",
        "if found else None",
        "api/test_answers_over_sockets.py",
    ),
    Mutant(
        "a-level-of-service-needs-both-speeds",
        "bulk/coverage.py",
        " or (up is not None and up < level.upload)",
        "",
        "bulk/test_bulk_coverage.py",
    ),
    Mutant(
        "what-is-not-known-is-not-false",
        "bulk/coverage.py",
        "return False if self.known and None not in answers else None",
        "return False",
        "bulk/test_bulk_coverage.py",
    ),
    Mutant(
        "a-map-has-longitude-first",
        "bulk/result_columns.py",
        "return round(longitude, 7), round(latitude, 7)",
        "return round(latitude, 7), round(longitude, 7)",
        "bulk/test_bulk_geo.py",
    ),
    Mutant(
        "an-output-is-not-told-what-came-later",
        "bulk/results/reading.py",
        "return whole.outcome == told.outcome and moments[0] == moments[1]",
        "return whole.outcome == told.outcome",
        "cli/test_cli_read_results.py",
    ),
    Mutant(
        "json-of-a-result-holds-no-secret",
        "models.py",
        "without=frozenset() if secrets else SECRETS",
        "without=frozenset()",
        "test_notebook.py",
    ),
    Mutant(
        "html-of-a-result-is-escaped",
        "_notebook.py",
        "return html.escape(str(value), quote=True)",
        "return str(value)",
        "test_notebook.py",
    ),
    Mutant(
        "a-result-is-bound-to-its-address",
        "_purchases/codec.py",
        'found in {b"", _checksum(blob, digest)}',
        "True",
        "purchases/test_sqlite_journal.py",
    ),
    Mutant(
        "a-token-is-bound-to-its-address",
        "_purchases/sqlite/journal.py",
        "            check_tokens(self.path, self._db, entries)\n",
        "",
        "purchases/test_damaged_journals.py",
    ),
    Mutant(
        "a-journal-is-checked-when-it-is-opened",
        "_purchases/sqlite/journal.py",
        "                check_sound(path, self._db)\n",
        "",
        "purchases/test_damaged_journals.py",
    ),
    Mutant(
        "rows-that-no-journal-has-are-damage",
        "_purchases/sqlite/soundness.py",
        "    for fault in _faults(db):\n",
        "    for fault in ():\n",
        "purchases/test_damaged_journals.py",
    ),
    Mutant(
        "an-empty-file-is-no-journal",
        "_purchases/sqlite/schema.py",
        "    if not header:\n",
        "    if not header:\n        return None\n    if False:\n",
        "cli/test_cli_jobs.py purchases/test_sqlite_journal.py",
    ),
    Mutant(
        "202-says-how-long-to-wait",
        "_lookups/queue.py",
        "least = least_wait(response, wall_clock=wall_clock)",
        "least = None",
        "bulk/test_bulk_odd_answers.py",
    ),
    Mutant(
        "202-says-how-long-to-wait-between-polls",
        "_polling/session_poll.py",
        "least = 0.0 if least is None else min(least, MAX_WAIT)",
        "least = 0.0",
        "bulk/test_bulk_odd_answers.py",
    ),
    Mutant(
        "one-refused-address-stops-no-job",
        "bulk/refused_posts.py",
        "        self._in_a_row = 0\n\n",
        "        pass\n\n",
        "bulk/test_bulk_odd_answers.py",
    ),
    Mutant(
        "a-refused-address-stays-open",
        "bulk/job_purchases.py",
        "        purchase.had_no_effect()\n        self.refused.refused(",
        "        self.refused.refused(",
        "bulk/test_bulk_odd_answers.py",
    ),
    # --- cancelled in the middle ------------------------------------------------------------------
    Mutant(
        "an-entrance-that-is-cancelled-leaves-nothing-open",
        "client.py",
        "                await self.aclose()\n                raise\n",
        "                raise\n",
        "test_cancelled_steps.py",
    ),
    Mutant(
        "a-closing-that-is-cancelled-closes",
        "_purchases/ledger.py",
        "        await wait_for_tasks([closing])\n",
        "        await closing\n",
        "test_cancelled_steps.py",
    ),
    Mutant(
        "who-is-cancelled-waits-for-its-tasks",
        "_tasks.py",
        "        except asyncio.CancelledError as exc:\n            interrupted = exc\n",
        "        except asyncio.CancelledError:\n            raise\n",
        "test_cancelled_steps.py",
    ),
    Mutant(
        "a-job-that-is-cancelled-waits-for-its-thread",
        "bulk/requalify/job.py",
        "        await run_in_thread(self._carry_over)\n",
        "        await asyncio.to_thread(self._carry_over)\n",
        "bulk/test_cancelled_file_jobs.py",
    ),
    Mutant(
        "a-lock-on-windows-is-given-up-before-its-file-is-closed",
        "_purchases/sqlite/lock.py",
        "                _unlock(self._stream)\n",
        "                pass\n",
        "purchases/test_other_locks.py",
    ),
    # --- the files of a job -----------------------------------------------------------------------
    Mutant(
        "the-journal-knows-a-file-before-its-name",
        "bulk/files/compose.py",
        "        before_naming([file for file in sealed if file is not None])\n",
        "",
        "bulk/test_bulk_crash.py",
    ),
    Mutant(
        "a-file-edited-meanwhile-stays",
        "bulk/files/own_files.py",
        "        self.check()\n        for file in sealed:",
        "        for file in sealed:",
        "bulk/test_own_files.py",
    ),
    # --- names of outputs -------------------------------------------------------------------------
    Mutant(
        "descriptors-are-never-replaced",
        "bulk/tables/_streams.py",
        "    if descriptor_of(target) is not None:\n        return True\n",
        "",
        "cli/test_cli_files.py",
    ),
    Mutant(
        "a-terminal-is-left-a-file",
        "cli/_output_name.py",
        "    if sys.stdout is None or not sys.stdout.isatty():\n",
        "    if True:\n",
        "cli/test_cli_output_name.py",
    ),
    Mutant(
        "names-beside-are-cut",
        "bulk/files/outputs.py",
        "    if len(encoded) <= _LONGEST_STEM:\n",
        "    if True:\n",
        "cli/test_cli_files.py",
    ),
]


@contextmanager
def a_copy(place: Path) -> Iterator[Path]:
    """Copy the repository, with a Python in it that finds the copy before everything else."""
    skipped = shutil.ignore_patterns(".*", "__pycache__", "site", "dist", "build")
    shutil.copytree(ROOT, place, ignore=skipped)
    shutil.copytree(ROOT / ".ci", place / ".ci")
    shutil.copytree(ROOT / ".github", place / ".github")
    venv.create(place / ".venv", symlinks=True)
    inside = sysconfig.get_path("purelib", vars={"base": str(place / ".venv")})
    paths = [str(place), *(path for path in sys.path if path.endswith("site-packages"))]
    (Path(inside) / "first.pth").write_text("\n".join(paths), encoding="utf-8")
    yield place
    shutil.rmtree(place)


def run_tests(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a copy."""
    command = [
        str(place / ".venv" / "bin" / "python"), "-m", "pytest", "-q", "-x", "-n", "0",
        "-p", "no:cacheprovider", "--no-header", "--tb=no", f"--timeout={HANGS_AFTER}",
    ]  # fmt: skip
    # A path in the environment would come before the copy.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(  # noqa: S603  our own tests
        [*command, *arguments],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def paths_of(mutant: Mutant) -> list[str]:
    return [f"tests/{path}" for path in mutant.tests.split()]


def outcome_of(mutant: Mutant, place: Path, *, nearest: bool) -> str:
    """Return what becomes of a mutant: how it is killed, that it survives, or what is wrong."""
    path = place / "hum_async" / mutant.file
    source = path.read_text(encoding="utf-8")
    if (count := source.count(mutant.old)) != 1:
        return f"UNFIT      its text occurs {count} times in {mutant.file}"
    write(path, source.replace(mutant.old, mutant.new))
    try:
        suites = {
            "": paths_of(mutant),
            "(by slow tests) ": ["-m", "slow", *paths_of(mutant)],
            "(by the whole suite) ": [],
        }
        for nearness, tests in list(suites.items())[: 2 if nearest else None]:
            ended = run_tests(place, *tests)
            if ended.returncode == NO_TESTS:
                continue
            if ended.returncode == 1:
                by = [line for line in ended.stdout.splitlines() if line.startswith("FAILED")]
                return f"KILLED     {nearness}{''.join(by[:1])[7:110]}"
            if ended.returncode:
                return f"UNFIT      pytest ends with {ended.returncode}: {ended.stdout[-200:]!r}"
        return "SURVIVED"
    finally:
        write(path, source)


def write(path: Path, source: str) -> None:
    """Write a source file, with another time than before: bytecode goes by seconds and size."""
    before = path.stat().st_mtime
    path.write_text(source, encoding="utf-8")
    os.utime(path, (before + 2, before + 2))


def main() -> int:
    """Try the mutants; return 1 if one survives or does not fit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="mutants to try (default: all)")
    parser.add_argument("-j", type=int, default=os.cpu_count() or 1, help="tried side by side")
    parser.add_argument("--nearest", action="store_true", help="run the nearest tests alone")
    options = parser.parse_args()
    unknown = set(options.names) - {mutant.name for mutant in MUTANTS}
    if unknown:
        parser.error(f"no such mutant: {', '.join(sorted(unknown))}")
    chosen = [mutant for mutant in MUTANTS if not options.names or mutant.name in options.names]
    bad: list[str] = []
    places: SimpleQueue[Path] = SimpleQueue()
    with (
        tempfile.TemporaryDirectory(prefix="mutants-") as folder,
        ThreadPoolExecutor(options.j) as pool,
    ):
        copies = [a_copy(Path(folder) / str(number)) for number in range(options.j)]
        for copy in copies:
            places.put(copy.__enter__())

        def attempt(mutant: Mutant) -> str:
            place, began = places.get(), time.monotonic()
            try:
                found = outcome_of(mutant, place, nearest=options.nearest)
            finally:
                places.put(place)
            return f"{mutant.name:38} {time.monotonic() - began:4.0f} s  {found}"

        place = places.get()
        nearest = sorted({path for mutant in chosen for path in paths_of(mutant)})
        whole = run_tests(place, *nearest)
        places.put(place)
        if whole.returncode:
            sys.stdout.write(f"the tests fail without any mutant:\n{whole.stdout}{whole.stderr}\n")
            return 1
        for tried in as_completed([pool.submit(attempt, mutant) for mutant in chosen]):
            line = tried.result()
            if "  KILLED " not in line:
                bad.append(line)
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    sys.stdout.writelines(f"{line}\n" for line in bad)
    sys.stdout.write(f"{len(chosen)} mutants, {len(chosen) - len(bad)} killed\n")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
