"""What this process measures and traces of itself. No name of a person, no id and no text of a request is in it.

Traces are off unless `start_tracing` was called; a span then costs a look at a variable.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, disable_created_metrics

from seatkeeper.errors import BadSetting

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, Tracer

ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"

disable_created_metrics()  # type: ignore[no-untyped-call]
PROCESS: Final = CollectorRegistry()
ProcessCollector(registry=PROCESS)
HTTP: Final = Histogram(
    "seatkeeper_http_request_duration_seconds",
    "From a request's arrival to the begin of its answer, by the address's template.",
    ("method", "route", "status"),
    buckets=(0.025, 0.1, 0.25, 1.0, 5.0),
    registry=PROCESS,
)
REFRESH: Final = Histogram(
    "seatkeeper_refresh_duration_seconds",
    "How long this process took to refresh an application's stored figures.",
    buckets=(0.1, 0.5, 2.0, 10.0, 60.0, 300.0),
    registry=PROCESS,
)

_tracer: Tracer | None = None
_stop: Callable[[], None] = lambda: None  # noqa: E731 - until there is something to stop


def start_tracing(version: str) -> None:
    """Send spans where OTEL_EXPORTER_OTLP_ENDPOINT says; without it, nothing. Raises BadSetting without the extra."""
    if not os.environ.get(ENDPOINT):
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
    except ImportError:
        raise BadSetting(
            f"{ENDPOINT} is set, but traces are not installed. Install them with: pip install 'seatkeeper[traces]'"
        ) from None
    trace_to(OTLPSpanExporter(), version)


def trace_to(exporter: SpanExporter, version: str) -> None:
    """Send spans to an exporter, in the background, and the last ones when the process ends."""
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an extra
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    global _tracer, _stop
    name = os.environ.get("OTEL_SERVICE_NAME", "seatkeeper")
    provider = TracerProvider(resource=Resource.create({"service.name": name, "service.version": version}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    _tracer, _stop = provider.get_tracer("seatkeeper"), provider.shutdown


def stop_tracing() -> None:
    """Send the last spans, and no more."""
    global _tracer
    _tracer = None
    _stop()


@contextmanager
def span(name: str, **attributes: str | int) -> Iterator[Span | None]:
    """A step of the work that shows in traces; of an error only its kind, because its words may hold names."""
    if _tracer is None:
        yield None
        return
    with _tracer.start_as_current_span(
        name, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield current
        except BaseException as error:
            current.set_attribute("error.type", type(error).__name__)
            raise
