"""A client without manners: plain requests over real HTTPS, so that answers are read as they are."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from seatkeeper.sandbox.serve import Sandbox

EXAMPLES = Path(__file__).parent.parent / "data" / "examples"
NOW = "2026-08-01T12:00:00Z"


def example(name: str) -> Any:
    """A body as Microsoft documents it."""
    return json.loads((EXAMPLES / f"{name}.json").read_text())


@contextmanager
def costing_less_than(seconds: float) -> Iterator[None]:
    """Of the processor: on a busy machine the clock goes on while nothing of ours is done."""
    began = time.process_time()
    yield
    assert time.process_time() - began < seconds


class Client:
    """Talks to one sandbox. `ask` takes the path behind /v1.0."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        verify = ssl.create_default_context(cafile=sandbox.ca_file)
        self.http = httpx2.Client(verify=verify, trust_env=False, timeout=60)  # a busy machine is no fault
        self._token = ""

    def close(self) -> None:
        self.http.close()

    def sign_in(self, **form: str) -> httpx2.Response:
        """Ask for a token; keywords replace what a good request has."""
        tenant = form.pop("tenant", self.sandbox.tenant_id)
        good = {
            "grant_type": "client_credentials",
            "client_id": self.sandbox.client_id,
            "client_secret": self.sandbox.client_secret,
            "scope": "https://graph.microsoft.com/.default",
        }
        data = {name: value for name, value in (good | form).items() if value}
        return self.http.post(f"{self.sandbox.login_url}/{tenant}/oauth2/v2.0/token", data=data)

    @property
    def token(self) -> str:
        if not self._token:
            self._token = self.sign_in().json()["access_token"]
        return self._token

    def renew(self) -> None:
        """Forget the token: permissions only change in a new one."""
        self._token = ""

    def ask(self, path: str, **headers: str) -> httpx2.Response:
        url = path if path.startswith("https:") else f"{self.sandbox.graph_url}/v1.0{path}"
        sent = {"Authorization": f"Bearer {self.token}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return self.http.get(url, headers=sent)

    def pages(self, path: str, **headers: str) -> Iterator[dict[str, Any]]:
        """Every page until there is no next link."""
        link: str | None = path
        while link:
            answer = self.ask(link, **headers)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            yield page
            link = page.get("@odata.nextLink")

    def rows(self, path: str, **headers: str) -> list[dict[str, Any]]:
        return [row for page in self.pages(path, **headers) for row in page["value"]]


def same_shape(answer: Any, documented: Any) -> None:
    """Equal key by key, in order; values too, but for ids and times."""
    assert list(answer) == list(documented)
    for name, value in documented.items():
        if isinstance(value, dict):
            same_shape(answer[name], value)
        elif name not in {"date", "request-id", "client-request-id", "claims", "trace_id", "correlation_id"}:
            assert answer[name] == value or name in {"message", "timestamp", "error_description"}, name
            assert type(answer[name]) is type(value)
