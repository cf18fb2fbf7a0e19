"""Who may ask how it is, how the log looks, and when the disk is too full: nonsense is refused by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatkeeper.errors import BadSetting
from seatkeeper.settings.networks import contains

from .test_reader import read_in


def test_what_is_not_set_is_as_closed_as_can_be(tmp_path: Path) -> None:
    read = read_in(tmp_path).operation
    assert (read.metrics, read.metrics_from, read.metrics_token, read.metrics_by_tenant) == ("token", (), None, False)
    assert (read.log_level, read.log_as_json, read.disk_warning) == ("WARNING", False, 10**9)
    inside = ("127.0.0.1", "::1", "10.1.2.3", "192.168.0.9", "172.31.0.1", "fd00::1", "::ffff:10.0.0.1")
    assert all(contains(read.probes_from, address) for address in inside)
    assert not any(contains(read.probes_from, address) for address in ("8.8.8.8", "2001:db8::1", "", "unix", "10.0.0"))


def test_all_of_it_may_be_set(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("t" * 32 + "\n")
    read = read_in(
        tmp_path, METRICS_FROM="10.9.0.0/16", METRICS_TOKEN_FILE=str(file), METRICS_TENANTS="yes", LOG="info",
        LOG_FORMAT="JSON", DISK_WARNING="5 gb", PROBES_FROM="10.1.0.1",
    ).operation  # fmt: skip
    assert read.metrics_token is not None
    assert read.metrics_token.reveal() == "t" * 32
    assert "t" * 32 not in repr(read)
    assert contains(read.metrics_from, "10.9.1.1")
    assert not contains(read.probes_from, "10.1.0.2")
    assert (read.log_level, read.log_as_json, read.disk_warning) == ("INFO", True, 5 * 10**9)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("METRICS", "everybody", "is not one of no, token, local"),
        ("METRICS_FROM", "prometheus", "neither an IP address nor a network"),
        ("METRICS_TENANTS", "1", "is not one of yes, no"),
        ("PROBES_FROM", "10.0.0.0/99", "neither an IP address nor a network"),
        ("PROBES_FROM", "10.0.0.7/8", "Write 10.0.0.0/8 for the whole network"),
        ("LOG", "loud", "is not one of debug, info, warning, error"),
        ("LOG_FORMAT", "xml", "is not one of text, json"),
        ("DISK_WARNING", "10%", "is not a size such as 500 MB, 5 GB or 1 TB"),
        ("DISK_WARNING", "-1 GB", "is not a size"),
        ("METRICS_TOKEN_FILE", "/nowhere/token", "cannot be read: No such file"),
    ],
)
def test_nonsense_is_refused_by_its_name(tmp_path: Path, name: str, given: str, said: str) -> None:
    with pytest.raises(BadSetting, match=f"SEATKEEPER_{name}: .*{said}"):
        read_in(tmp_path, **{name: given})


def test_a_token_that_can_be_guessed_is_refused_and_not_printed(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("hunter2")
    with pytest.raises(BadSetting, match=r"SEATKEEPER_METRICS_TOKEN_FILE: .* at least 32") as refused:
        read_in(tmp_path, METRICS_TOKEN_FILE=str(file))
    assert "hunter2" not in str(refused.value)


def test_closed_and_open_at_once_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="SEATKEEPER_METRICS is 'no', and SEATKEEPER_METRICS_FROM"):
        read_in(tmp_path, METRICS="no", METRICS_FROM="10.0.0.0/8")
