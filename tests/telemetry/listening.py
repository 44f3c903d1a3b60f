"""What OpenTelemetry's SDK has been told, kept in memory."""

from collections.abc import Mapping
from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from hum_async import HumClient
from hum_async.otel import instrument

Attributes = Mapping[str, Any]


class Listening:
    """Providers of traces and metrics, and what they were told."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = self.tracers.get_tracer("test")
        self._reader = InMemoryMetricReader()
        self.meters = MeterProvider([self._reader])

    def to(self, client: HumClient) -> HumClient:
        """Listen to a client."""
        return instrument(client, tracer_provider=self.tracers, meter_provider=self.meters)

    def spans(self, name: str = "") -> list[ReadableSpan]:
        """Return the spans that have ended, of one name or of all."""
        return [span for span in self._exporter.get_finished_spans() if name in {"", span.name}]

    def span(self, name: str) -> ReadableSpan:
        """Return the one span of a name."""
        (span,) = self.spans(name)
        return span

    def points(self, name: str) -> list[Any]:
        """Return the data points of a metric."""
        data = self._reader.get_metrics_data()
        return [
            point
            for resource in ([] if data is None else data.resource_metrics)
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]

    def units(self) -> dict[str, str]:
        """Return the unit of each metric."""
        data = self._reader.get_metrics_data()
        return {
            metric.name: metric.unit
            for resource in ([] if data is None else data.resource_metrics)
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def values(self, name: str) -> dict[tuple[Any, ...], Any]:
        """Return the value, or the sum, of a metric by the values of its attributes, sorted."""
        return {
            tuple(value for _, value in sorted(point.attributes.items())): getattr(
                point, "value", getattr(point, "sum", None)
            )
            for point in self.points(name)
        }

    def everything(self) -> str:
        """Return all that was told, as text."""
        data = self._reader.get_metrics_data()
        told = [span.to_json() for span in self.spans()]
        return "\n".join([*told, "" if data is None else data.to_json()])


def events(span: ReadableSpan) -> list[tuple[str, Any]]:
    """Return the events of a span: the name, and the status or what came instead of one."""
    return [
        (
            event.name,
            (told := dict(event.attributes or {})).get("http.response.status_code")
            or told.get("error.type")
            or told.get("exception.type"),
        )
        for event in span.events
    ]
