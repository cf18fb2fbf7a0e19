"""Traces: nothing at all unless they are wanted, then over real HTTP, and nobody's name or secret in them."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client

from seatkeeper import telemetry
from seatkeeper.errors import BadSetting
from seatkeeper.store.models import Connection
from tests.people import NAME, open_tenant

pytest.importorskip("opentelemetry.exporter.otlp.proto.http")

pytestmark = pytest.mark.usefixtures("database")


class Collector(ThreadingHTTPServer):
    """Takes traces as an OpenTelemetry collector does (OTLP over HTTP)."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.bodies: list[bytes] = []

    def spans(self) -> list[Any]:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        requests = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [
            span
            for each in requests
            for resource in each.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class Taking(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.path == "/v1/traces"
        self.server.bodies.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(name="collector")
def a_collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with Collector() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        monkeypatch.setenv(telemetry.ENDPOINT, f"http://127.0.0.1:{server.server_port}")
        telemetry.start_tracing("1.2.3")
        yield server
        telemetry.stop_tracing()
        server.shutdown()


def facts(span: Any) -> dict[str, str | int]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def test_a_run_is_told_step_by_step_and_names_nobody(collector: Collector) -> None:
    with open_tenant() as tenant:
        tenant.sync("roster")
        telemetry.stop_tracing()
        spans = {span.name: span for span in collector.spans()}
        assert {"run", "vendor request", "save", "refresh"} <= spans.keys()
        assert facts(spans["run"])["task"] == "roster"
        assert facts(spans["vendor request"])["http.response.status_code"] == 200
        assert spans["save"].parent_span_id == spans["run"].span_id
        assert spans["save"].trace_id == spans["run"].trace_id
        sent = b"".join(collector.bodies)
        secrets = [tenant.sandbox.client_secret, tenant.sandbox.tenant_id, NAME, Connection.objects.get().tenant_id]
        people = [row["User ID"] for row in tenant.roster()]
        assert people
        assert [word for word in (*secrets, *people, "Bearer", "$filter") if word.encode() in sent] == []


def test_a_request_is_told_by_its_route_and_an_error_by_its_kind(collector: Collector) -> None:
    Client().get("/members/7/role?search=Lovelace", headers={"Authorization": "Bearer sk_secret"})
    with pytest.raises(ValueError, match="Ada"), telemetry.span("step"):
        int("Ada")
    telemetry.stop_tracing()
    request, step = collector.spans()
    assert request.name.startswith("GET ")
    assert facts(request)["http.request.method"] == "GET"
    assert facts(step) == {"error.type": "ValueError"}
    assert not [word for word in (b"Lovelace", b"sk_secret", b"Ada") if word in b"".join(collector.bodies)]


def test_without_an_address_nothing_is_loaded_or_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(telemetry.ENDPOINT, raising=False)
    telemetry.start_tracing("1.2.3")
    with telemetry.span("step") as span:
        assert span is None


def test_an_address_without_the_extra_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(telemetry.ENDPOINT, "http://127.0.0.1:9")
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(BadSetting, match=r"OTEL_EXPORTER_OTLP_ENDPOINT is set.*pip install 'seatkeeper\[traces\]'"):
        telemetry.start_tracing("1.2.3")
