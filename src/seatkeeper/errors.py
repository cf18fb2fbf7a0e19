"""Every error we raise on purpose, grouped by who acts next.

SeatkeeperError
├── WrongUse                  the operator corrects a word or a setting            exit 2
│   ├── BadInput                names the field
│   ├── BadSetting              names the setting
│   ├── NotFound                no such thing, or none in the asker's organization
│   └── NotAllowed              the asker's role does not allow it
├── ActAtMicrosoft            someone changes something at the vendor              exit 3
│   ├── CredentialsRejected     secret, certificate, application or tenant id
│   ├── PermissionMissing       names the permission and the task that needs it
│   ├── PremiumRequired         sign-ins need Entra ID P1 or P2
│   └── NamesConcealed          held back: nothing was stored
├── TryLater                  nobody: we tried, and will again at the next run     exit 4
│   ├── TooOften                somebody tried too often here; waiting helps
│   ├── Unavailable             server errors, network, time budget
│   ├── Throttled               told to wait longer than a run may wait
│   ├── BrokenAnswer            an answer that is not what the protocol promises
│   │   ├── NotThere              what was asked for by its id is not there
│   │   └── NotUnderstood         the vendor or we do not understand this one question or its answer
│   └── UntrustedLink           a link that leaves the pinned origin; nothing was sent
├── Interrupted               what was saved stays                                 exit 5
│   ├── LeaseLost               another process took the task over
│   └── AlreadyRunning          another process is at it
└── ReadAgain                 never reaches a person: sync starts the read anew
    ├── PageTokenExpired        the enumeration's page token is too old
    ├── DeltaExpired            the delta link is too old
    └── WindowTooWide           the vendor cannot answer for so long a window

`exit_code` is the command's contract (docs/commands.md). A message says what is wrong and how to mend it, and
never holds a secret, a token or a body.
"""

from __future__ import annotations

from seatkeeper.model import Instant


class SeatkeeperError(Exception):
    """Base of all errors that are ours; `detail` is for the log: request id, status, code."""

    exit_code = 1

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


class WrongUse(SeatkeeperError):
    exit_code = 2


class BadInput(WrongUse):
    """A value that was typed in cannot be right."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


class BadSetting(WrongUse):
    """An environment variable or file of ours cannot be right."""


class NotFound(WrongUse):
    """What was asked for is not there; what belongs to another organization looks exactly the same."""

    def __init__(self, thing: str = "This") -> None:
        super().__init__(f"{thing} does not exist, or is not yours to see.")


class NotAllowed(WrongUse):
    """The asker's role does not allow the operation."""


class ActAtMicrosoft(SeatkeeperError):
    exit_code = 3


class CredentialsRejected(ActAtMicrosoft):
    pass


class PermissionMissing(ActAtMicrosoft):
    pass


class PremiumRequired(ActAtMicrosoft):
    pass


class NamesConcealed(ActAtMicrosoft):
    pass


class TryLater(SeatkeeperError):
    exit_code = 4


class TooOften(TryLater):
    """Somebody guesses, or a script runs wild: after a while it may try again."""


class Unavailable(TryLater):
    pass


class Throttled(TryLater):
    """`until` is the earliest moment at which the vendor wants to hear from us again."""

    def __init__(self, message: str, *, until: Instant, detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.until = until


class BrokenAnswer(TryLater):
    pass


class NotThere(BrokenAnswer):
    pass


class NotUnderstood(BrokenAnswer):
    pass


class UntrustedLink(TryLater):
    pass


class Interrupted(SeatkeeperError):
    exit_code = 5


class LeaseLost(Interrupted):
    pass


class AlreadyRunning(Interrupted):
    pass


class ReadAgain(SeatkeeperError):
    exit_code = 4


class PageTokenExpired(ReadAgain):
    pass


class DeltaExpired(ReadAgain):
    pass


class WindowTooWide(ReadAgain):
    pass
