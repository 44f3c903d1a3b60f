"""Spans and metrics for OpenTelemetry, without an address, a token or a key.

::

    from hum_async import HumClient
    from hum_async.otel import instrument

    hum = instrument(HumClient())

One span for each look-up, watched session, job and single call, with their requests as events. The
HTTP requests themselves are shown by ``opentelemetry-instrumentation-aiohttp-client``, which writes
whole URLs, and with them session tokens: give it `url_filter`. ``docs/telemetry.md`` lists all
names.

It needs the extra ``otel``, which installs opentelemetry-api.
"""

import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import ClassVar, Self

from yarl import URL

try:
    from opentelemetry import context as contexts
    from opentelemetry import metrics, trace
except ModuleNotFoundError as exc:
    if exc.name is None or not exc.name.startswith("opentelemetry"):
        raise
    raise ModuleNotFoundError(
        "hum_async.otel needs: pip install opentelemetry-api", name=exc.name
    ) from exc

from hum_async._telemetry import Operation, Owner, Telemetry
from hum_async._version import __version__
from hum_async.client import HumClient

__all__ = ["instrument", "url_filter"]

_SCOPE = "hum_async"
_SCHEMA = "https://opentelemetry.io/schemas/1.30.0"

_OURS = contexts.create_key("hum_async operation")
"""Where the operation is found that is active."""

# Seconds that a look-up takes: mostly 3 to 30, and 120 at most by default.
_LOOKUP_SECONDS = (0.5, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60, 90, 120)
_POLLS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20)
_WAIT_SECONDS = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

_Attributes = Mapping[str, str | int | float]


def instrument(
    client: HumClient,
    *,
    tracer_provider: trace.TracerProvider | None = None,
    meter_provider: metrics.MeterProvider | None = None,
) -> HumClient:
    """Tell OpenTelemetry of a client's requests, and of all watchers, hubs and jobs made with it.

    Args:
        client: The client. Copies that `HumClient.with_options` makes from now on are told of too.
        tracer_provider: Makes the tracer; None for the global one.
        meter_provider: Makes the meter; None for the global one.

    Returns:
        The client.
    """
    client.sender.telemetry = _OpenTelemetry(
        trace.get_tracer(_SCOPE, __version__, tracer_provider, _SCHEMA),
        metrics.get_meter(_SCOPE, __version__, meter_provider, _SCHEMA),
        server=_server(URL(client.base_url)),
    )
    return client


def url_filter(url: URL) -> str:
    """Return a URL as it may be shown: without a session token, a query, user and password.

    For the ``url_filter`` of ``opentelemetry-instrumentation-aiohttp-client``. What follows
    ``sessions`` in a path is written as ``{token}``, whatever the host.

    Args:
        url: The URL of a request.
    """
    parts = url.raw_path.split("/")
    for place, part in enumerate(parts[:-1], start=1):
        if part == "sessions" and parts[place]:
            parts[place] = "{token}"
    origin = str(url.origin()) if url.absolute else ""
    return origin + "/".join(parts)


def _server(url: URL) -> _Attributes:
    port = {} if url.port is None else {"server.port": url.port}
    return {"server.address": url.host or "", **port}


class _Instruments:
    """What is measured.

    Args:
        meter: Makes the instruments.
    """

    def __init__(self, meter: metrics.Meter) -> None:
        self.duration = meter.create_histogram(
            "hum.lookup.duration",
            unit="s",
            description="From the beginning of a look-up to its result.",
            explicit_bucket_boundaries_advisory=_LOOKUP_SECONDS,
        )
        self.polls = meter.create_histogram(
            "hum.lookup.polls",
            unit="{poll}",
            description="Polls sent for a look-up.",
            explicit_bucket_boundaries_advisory=_POLLS,
        )
        self.active = meter.create_up_down_counter(
            "hum.lookups.active", unit="{lookup}", description="Look-ups without a result."
        )
        self.retries = meter.create_counter(
            "hum.lookup.retries", unit="{request}", description="Requests that were sent again."
        )
        self.wait = meter.create_histogram(
            "hum.rate_limiter.wait",
            unit="s",
            description="What a slot of the rate limiter was waited for.",
            explicit_bucket_boundaries_advisory=_WAIT_SECONDS,
        )
        self.rows = meter.create_counter(
            "hum.bulk.rows", unit="{row}", description="Rows that jobs have handed out."
        )
        self.subscribers = meter.create_up_down_counter(
            "hum.stream.subscribers", unit="{stream}", description="Open streams of hubs."
        )


class _OpenTelemetry(Telemetry):
    """Tells OpenTelemetry.

    Args:
        tracer: Makes spans.
        meter: Makes instruments.
        server: Attributes that say where the API is.
    """

    def __init__(self, tracer: trace.Tracer, meter: metrics.Meter, *, server: _Attributes) -> None:
        self._tracer = tracer
        self._instruments = _Instruments(meter)
        self._server = server

    def lookup(self, owner: Owner) -> "_Lookup":
        """Begin a look-up."""
        name = "hum.watch" if owner == "watcher" else "hum.lookup"
        return _Lookup(self._span(name, {"hum.owner": owner}), owner, self._instruments)

    def job(self) -> "_Operation":
        """Begin a job."""
        return _Operation(self._span("hum.qualify", {"hum.owner": "job"}), "job")

    def call(self, route: str) -> "_Operation":
        """Begin a call."""
        method, template = route.split(" ", 1)
        told = {"http.request.method": method, "url.template": template}
        span = self._span(route, told, kind=trace.SpanKind.CLIENT)
        return _Operation(span, "client", self._instruments)

    def _span(
        self,
        name: str,
        attributes: _Attributes,
        *,
        kind: trace.SpanKind = trace.SpanKind.INTERNAL,
    ) -> trace.Span:
        return self._tracer.start_span(name, kind=kind, attributes={**self._server, **attributes})

    def sending(self, route: str) -> None:
        """Tell the operation that is active."""
        if (operation := _active()) is not None:
            operation.sending(route)

    def answered(self, route: str, ended: int | str, *, failed: bool, seconds: float) -> None:
        """Tell the operation that is active."""
        if (operation := _active()) is not None:
            operation.answered(route, ended, failed=failed, seconds=seconds)

    def unreadable(self, error: BaseException) -> None:
        """Tell the operation that is active."""
        if (operation := _active()) is not None:
            operation.unreadable(type(error).__name__)

    def waited(self, seconds: float) -> None:
        """Measure a wait."""
        self._instruments.wait.record(seconds)

    def row(self, outcome: str) -> None:
        """Count a row."""
        self._instruments.rows.add(1, {"hum.outcome": str(outcome)})

    def subscribers(self, change: int) -> None:
        """Count streams."""
        self._instruments.subscribers.add(change)


class _Operation(Operation):
    """An operation with its span.

    Args:
        span: Its span.
        owner: Whose it is.
        instruments: Where its retries are counted; None if it sends nothing itself.
    """

    _names: ClassVar[Mapping[str, str]] = {}
    """What its requests are called, by their method."""

    def __init__(
        self, span: trace.Span, owner: Owner, instruments: _Instruments | None = None
    ) -> None:
        self._span = span
        self._owner = owner
        self._instruments = instruments
        within = trace.set_span_in_context(span)
        self._context = contexts.set_value(_OURS, self, within)
        self._sent = self._polls = self._retries = 0
        # Of each route, how often in a row its request has failed, and how the last time.
        self._failures: dict[str, tuple[int, str]] = {}
        # Of the last answer, its route and how often in a row its request had failed before.
        self._last = "", 0
        self._settled = self._ended = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    @contextmanager
    def active(self) -> Generator[None]:
        """Make it, and its span, the present one."""
        before = contexts.attach(self._context)
        try:
            yield
        finally:
            contexts.detach(before)

    def __enter__(self) -> Self:
        self._before = contexts.attach(self._context)
        return self

    def __exit__(self, exc_type: type[BaseException] | None, *_: object) -> None:
        contexts.detach(self._before)
        if exc_type is not None and not self._settled:
            self._raised(exc_type)
        self.end()

    def sending(self, route: str) -> None:
        """Note that a request is sent, which may be one that failed before."""
        self._sent += 1
        self._polls += route.startswith("GET ")
        if (failure := self._failures.get(route)) is None:
            return
        times, why = failure
        self._retries += 1
        template = route.split(" ", 1)[1]
        self._event(
            "hum.retry",
            {"url.template": template, "http.request.resend_count": times, "error.type": why},
        )
        if self._instruments is not None:
            owner = {"hum.owner": self._owner}
            self._instruments.retries.add(1, {**owner, "error.type": why})

    def answered(self, route: str, ended: int | str, *, failed: bool, seconds: float) -> None:
        """Note how the request ended."""
        method, template = route.split(" ", 1)
        told: dict[str, str | int | float] = {
            "url.template": template,
            "hum.request.duration": seconds,
        }
        times, _ = self._failures.pop(route, (0, ""))
        self._last = route, times
        if isinstance(ended, int):
            told["http.response.status_code"] = ended
        if failed:
            told["error.type"] = str(ended)
            self._failures[route] = times + 1, str(ended)
        self._event(self._names.get(method, "hum.request"), told)

    def unreadable(self, error: str) -> None:
        """Note that the last answer was none."""
        route, times = self._last
        self._failures[route] = times + 1, error
        self._event("exception", {"exception.type": error})

    def joined(self) -> None:
        """Link the span that is active now."""
        present = trace.get_current_span().get_span_context()
        if present.is_valid and not self._ended:
            self._span.add_link(present)

    def settle(self, outcome: str | None, error: BaseException | None = None) -> None:
        """Note the result."""
        if self._settled:
            return
        self._settled = True
        if outcome is not None:
            self._span.set_attribute("hum.outcome", str(outcome))
        if error is not None:
            self._failed(type(error))

    def end(self) -> None:
        """End the span."""
        if not self._ended:
            self._ended = True
            self._span.end()

    def _event(self, name: str, attributes: _Attributes) -> None:
        if not self._ended and self._span.is_recording():
            self._span.add_event(name, attributes)

    def _raised(self, exc_type: type[BaseException]) -> None:
        if issubclass(exc_type, asyncio.CancelledError | GeneratorExit):
            self._span.set_attribute("error.type", exc_type.__name__)
        else:
            self._failed(exc_type)

    def _failed(self, exc_type: type[BaseException]) -> None:
        # Its class alone: a message may repeat what a server or a user's own code has said.
        name = exc_type.__name__
        self._event("exception", {"exception.type": f"{exc_type.__module__}.{name}"})
        self._span.set_attribute("error.type", name)
        self._span.set_status(trace.StatusCode.ERROR)


class _Lookup(_Operation):
    """A look-up, or a session that is watched.

    Args:
        span: Its span.
        owner: Whose it is.
        instruments: What is measured.
    """

    _names: ClassVar[Mapping[str, str]] = {
        "POST": "hum.create",
        "GET": "hum.poll",
        "DELETE": "hum.close",
    }

    def __init__(self, span: trace.Span, owner: Owner, instruments: _Instruments) -> None:
        super().__init__(span, owner, instruments)
        self._measured = instruments
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()
        instruments.active.add(1, {"hum.owner": owner})

    def settle(self, outcome: str | None, error: BaseException | None = None) -> None:
        """Note the result, and measure what it took."""
        if not self._settled:
            told = {"hum.owner": self._owner, "hum.outcome": str(outcome)}
            self._measured.duration.record(self._clock() - self._began, told)
            self._measured.polls.record(self._polls, told)
        super().settle(outcome, error)

    def end(self) -> None:
        """End the span."""
        if not self._ended:
            self._measured.active.add(-1, {"hum.owner": self._owner})
            for name, number in (
                ("hum.requests", self._sent),
                ("hum.polls", self._polls),
                ("hum.retries", self._retries),
            ):
                self._span.set_attribute(name, number)
        super().end()


def _active() -> _Operation | None:
    operation = contexts.get_value(_OURS)
    return operation if isinstance(operation, _Operation) else None
