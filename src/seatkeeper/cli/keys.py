"""keys: which there are, a new one without downtime, and what to do when one is lost."""

from __future__ import annotations

from pathlib import Path

import typer

from seatkeeper.cli.screen import FORMAT, OUTPUT, Format, print_table, say
from seatkeeper.cli.start import open_home, open_with_any_key

app = typer.Typer(help="The keys that credentials are sealed with.", no_args_is_help=True)


@app.command("list")
def list_(form: Format = FORMAT, output: Path | None = OUTPUT) -> None:
    """The keys at hand, and how many secrets each has sealed."""
    open_with_any_key()
    from seatkeeper.services import keys

    print_table(keys.to_table(keys.list_keys()), form, output)


@app.command()
def rotate(
    wait: float = typer.Option(60, "--wait", min=0, help="Seconds to wait for processes that do not know it yet."),
) -> None:
    """Make a new key, wait until every process knows it, and seal everything with it. Run again, it goes on."""
    open_home()
    from seatkeeper.services import keys

    count = keys.rotate(say, wait)
    say(f"{count} secrets were sealed anew. Copy the key file to where the old one is kept.")
    say("The old key still opens sessions and older backups, until `seatkeeper keys forget ID`.")


@app.command()
def forget(key: str = typer.Argument(help="Its id, as `seatkeeper keys list` shows it.")) -> None:
    """Take an old key out of the key file. Backups from its time can then only be opened with a copy of it."""
    open_home()
    from seatkeeper.services import keys

    keys.forget(key)
    say(f"The key {key} is forgotten.")


@app.command("forget-credentials")
def forget_credentials(
    yes: bool = typer.Option(False, "--yes", help="Give it up; without this it is only counted."),
) -> None:
    """After a key was lost: give up what no key at hand opens. Each tenant then asks for its credential anew."""
    open_with_any_key()
    from seatkeeper.services import keys

    counts = keys.forget_credentials(sure=yes)
    told = ", ".join(f"{count} {title}" for title, count in counts.items())
    if not counts:
        say("The keys at hand open everything; nothing is given up.")
    elif yes:
        say(f"Given up: {told}. Edit each application and notice target; members set up a second factor again.")
    else:
        say(f"No key at hand opens {told}. Add --yes to give them up.")
