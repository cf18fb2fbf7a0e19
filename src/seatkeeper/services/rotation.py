"""A new credential takes the place of the stored one only when the vendor has taken it."""

from __future__ import annotations

from contextlib import nullcontext

from seatkeeper.errors import ChangedMeanwhile, CredentialsRejected, TooOften, TryLater, Unavailable
from seatkeeper.services import addresses, waiting
from seatkeeper.services.members import Who
from seatkeeper.store.models.connections import Door
from seatkeeper.sync.connecting import sign_in
from seatkeeper.sync.vendors import ConnectionDetails, find_vendor

KEPT = "Nothing was saved, and the stored credential stays in use."


def try_new(who: Who, door: Door, details: ConnectionDetails) -> None:
    """Sign in with a credential that is to replace the stored one, while nobody has to wait for it.

    Raises CredentialsRejected when the vendor refuses it, and Unavailable when the vendor does not say.
    """
    if details.credential is None:
        return
    kept = KEPT if door.pk else "Nothing was saved."
    try:
        # A command waits in a process of its own.
        with nullcontext() if who.at_the_machine else waiting.place(who):
            sign_in(door, details)
    except CredentialsRejected as error:
        told = f"The new credential was tried. {error} {kept} One that was just made may take some minutes to work."
        raise CredentialsRejected(told, detail=error.detail) from None
    except TooOften:
        raise
    except TryLater as error:
        reason = addresses.tell_silence(who, find_vendor(door.vendor), details, error)
        told = f"The new credential could not be tried. {reason} {kept}"
        raise Unavailable(told, detail=error.detail) from None


def refuse_untried(tried: ConnectionDetails | None, details: ConnectionDetails) -> None:
    """Raises ChangedMeanwhile when somebody changed, since it was tried, where or as whom the credential signs in."""
    if details.credential is not None and details != tried:
        raise ChangedMeanwhile(f"The connection was changed while the new credential was tried. {KEPT} Try again.")
