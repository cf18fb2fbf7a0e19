"""The Helm chart: Helm and the schemas of Kubernetes take it, and its pods have what they need and no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from seatkeeper.settings import reader

from .helm import CHART, VALUES, ask_helm, manifests
from .tools import ROOT, check, tool

pytestmark = pytest.mark.deep  # Helm takes half a second each time
EVERYTHING: dict[str, Any] = {
    "secrets": {"volume": {"csi": {"driver": "secrets-store.csi.k8s.io", "readOnly": True}}},
    "ingress": {"enabled": True, "className": "nginx", "annotations": {"a": "b"}, "tlsSecret": "certificate"},
    "worker": {"autoscaling": {"enabled": True}},
    "networkPolicy": {"from": [{"namespaceSelector": {"matchLabels": {"name": "ingress"}}}]},
    "dataVolume": {"persistentVolumeClaim": {"claimName": "shared"}},
    "imagePullSecrets": [{"name": "registry"}],
    "podLabels": {"azure.workload.identity/use": "true"},
    "podAnnotations": {"a": "b"},
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"operator": "Exists"}],
}


def pods(made: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]
        for each in made
        if each["kind"] in ("Deployment", "Job")
    }


def test_helm_has_nothing_against_the_chart() -> None:
    assert '"passed": true' in ask_helm("helm_lint", paths=[str(CHART)], strict=True, values=VALUES)


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["least", "everything"])
def test_kubernetes_takes_what_it_makes(values: dict[str, Any], tmp_path: Path) -> None:
    made = manifests(**values)
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all(each for each in made if each["kind"] != "ScaledObject"))
    check(tool("bin/kubernetes-validate"), "--strict", "-k", "1.31", tmp_path / "all.yaml")
    kinds = [each["kind"] for each in made]
    assert kinds.count("Deployment") == kinds.count("PodDisruptionBudget") == kinds.count("NetworkPolicy") == 2
    assert {"Service", "Job"} <= set(kinds)
    assert ("Ingress" in kinds) == ("ScaledObject" in kinds) == bool(values)


def test_its_pods_may_do_nothing_but_their_work() -> None:
    made = pods(manifests())
    assert set(made) == {"sk-web", "sk-worker", "sk-migrate"}
    for pod in made.values():
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["runAsUser"] == 10001
        assert not pod["automountServiceAccountToken"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["a Secret", "a volume"])
def test_its_pods_read_their_secrets_as_files(values: dict[str, Any]) -> None:
    for pod in pods(manifests(**values)).values():
        (container,) = pod["containers"]
        given = {each["name"]: each["value"] for each in container["env"]}
        assert given.keys() == {reader.SECRET_KEY_FILE, reader.DATABASE_URL_FILE, "SEATKEEPER_URL"}
        (folder,) = [each["mountPath"] for each in container["volumeMounts"] if each["name"] == "secrets"]
        assert given[reader.SECRET_KEY_FILE] == f"{folder}/secret-key"
        assert given[reader.DATABASE_URL_FILE] == f"{folder}/database-url"
        secrets = next(each for each in pod["volumes"] if each["name"] == "secrets")
        assert secrets.keys() == {"name", "csi" if values else "secret"}


def test_the_schema_is_brought_up_to_date_before_pods_are_replaced() -> None:
    (job,) = [each for each in manifests() if each["kind"] == "Job"]
    assert job["metadata"]["annotations"]["shown/hook"] == "pre-install,pre-upgrade"
    assert job["spec"]["template"]["spec"]["containers"][0]["args"] == ["migrate"]


def test_the_number_of_workers_follows_the_age_of_the_queue_alone_where_that_is_asked_for() -> None:
    fixed, scaled = (
        {(each["kind"], each["metadata"]["name"]): each for each in manifests(**values)} for values in ({}, EVERYTHING)
    )
    assert fixed["Deployment", "sk-worker"]["spec"]["replicas"] == 2
    assert "replicas" not in scaled["Deployment", "sk-worker"]["spec"]
    assert scaled["ScaledObject", "sk-worker"]["spec"]["scaleTargetRef"]["name"] == "sk-worker"


def test_the_age_of_the_queue_is_a_figure_that_is_told() -> None:
    query = yaml.safe_load((CHART / "values.yaml").read_text())["worker"]["autoscaling"]["query"]
    told = (ROOT / "src/seatkeeper/services/metrics.py").read_text()
    assert f'"{query.removeprefix("max(").removesuffix(")")}"' in told


def test_the_ingress_answers_to_the_public_address() -> None:
    for address, path in (("https://licences.example.org:8443", "/"), ("https://licences.example.org/seats", "/seats")):
        made = manifests(**EVERYTHING, settings={"SEATKEEPER_URL": address})
        (rule,) = next(each["spec"]["rules"] for each in made if each["kind"] == "Ingress")
        assert (rule["host"], rule["http"]["paths"][0]["path"]) == ("licences.example.org", path)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"secrets": {}}, "secrets"),
        ({"secrets": {"existingSecret": "a", "volume": {"csi": {}}}}, "secrets"),
        ({"settings": {}}, "SEATKEEPER_URL"),
        ({"settings": {**VALUES["settings"], "SEATKEEPER_SECRET_KEY": "k"}}, "SEATKEEPER_SECRET_KEY"),
        ({"image": {"repository": ""}}, "repository"),
    ],
)
def test_values_that_cannot_serve_are_refused_by_name(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(RuntimeError, match=named):
        manifests(**wrong)
