"""Every error we raise on purpose, grouped by who acts next.

SeatkeeperError
├── WrongUse                  the operator corrects a word or a setting            exit 2
│   ├── BadInput                names the field
│   ├── BadSetting              names the setting
│   ├── SameTenant              another application reads this tenant already, by another name
│   ├── ChangedMeanwhile        somebody else changed it after the asker had read it
│   ├── NotFound                no such thing, or none in the asker's organization
│   └── NotAllowed              the asker's role does not allow it
│       └── ChooseOrganization  a member of several has not said yet in which one to work
├── ActAtVendor               someone changes something at the vendor              exit 3
│   ├── CredentialsRejected     secret, certificate, application or tenant id
│   │   └── OtherTenant           a token for another tenant than the one that was meant
│   ├── PermissionMissing       names the permission and the task that needs it
│   ├── PremiumRequired         sign-ins need Entra ID P1 or P2
│   ├── NotOffered              this cloud of the vendor's does not have it
│   └── NamesConcealed          held back: nothing was stored
├── TryLater                  nobody: we tried, and will again at the next run     exit 4
│   ├── TooOften                somebody tried too often here; waiting helps
│   ├── Unavailable             server errors, network, time budget
│   ├── Throttled               told to wait longer than a run may wait
│   ├── BrokenAnswer            an answer that is not what the protocol promises
│   │   ├── NotThere              what was asked for by its id is not there
│   │   ├── TooLarge              more bytes than we take at once; whoever can asks for less
│   │   └── NotUnderstood         the vendor or we do not understand this one question or its answer
│   └── UntrustedLink           a link that leaves the pinned origin; nothing was sent
├── Interrupted               what was saved stays                                 exit 5
│   ├── NotReady                the vendor is at work on what we asked for; the next run goes on with it
│   ├── LeaseLost               another process took the task over
│   └── AlreadyRunning          another process is at it
└── ReadAgain                 never reaches a person: sync starts the read anew
    ├── PageTokenExpired        the enumeration's page token is too old
    ├── DeltaExpired            the delta link is too old
    ├── WindowTooWide           the vendor cannot answer for so long a window
    └── SearchLost              the vendor gave up on what it was looking for, or knows it no more

`exit_code` is the command's contract (docs/commands.md). A message says what is wrong and how to mend it, and
never holds a secret, a token or a body.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, ParamSpec, TypeVar, cast

from seatkeeper.model import Instant

P = ParamSpec("P")
T = TypeVar("T")


class SeatkeeperError(Exception):
    """Base of all errors that are ours; `detail` is for the log: request id, status, code."""

    exit_code = 1

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


class WrongUse(SeatkeeperError):
    exit_code = 2


class Problem(NamedTuple):
    """What is wrong in one field. `field` is its name in forms and REST, `title` what people call it."""

    field: str
    message: str
    title: str

    def __str__(self) -> str:
        return f"{self.title}: {self.message}"

    @property
    def sentence(self) -> str:
        """The message alone, as it stands beside its field."""
        return self.message[:1].upper() + self.message[1:]


class BadInput(WrongUse):
    """What was typed in cannot be right: one value, or all those of one submit (`together`)."""

    def __init__(self, field: str, message: str, *, title: str = "") -> None:
        self.problems = [Problem(field, message, title or to_title(field))]
        super().__init__(str(self.first))

    @classmethod
    def together(cls, problems: Sequence[Problem]) -> BadInput:
        """One error for several problems."""
        error = cls(*problems[0][:2], title=problems[0].title)
        error.problems = list(problems)
        return error

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))

    @property
    def first(self) -> Problem:
        """The problem, where there can be only one."""
        return self.problems[0]


_TITLES: Final = {"threshold_days": "Threshold", "tasks": "Task", "day": "Date", "part_number": "SKU"}
_SHORT: Final = ("id", "url", "ca", "sku")


def to_title(field: str) -> str:
    """What people call a field: `client_id` is Client ID. Options and columns of files are called what they are."""
    if not field.isidentifier() or not field.islower():
        return field
    words = field.split("_")
    return _TITLES.get(field) or " ".join(word.upper() if word in _SHORT else word.capitalize() for word in words)


class Refusals:
    """Makes checks one after the other, so that whoever typed is told everything that is wrong at once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def check(self, check: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """What the check makes of it. What it refuses is kept for `end`; the answer is of no use then."""
        try:
            return check(*given, **named)
        except BadInput as error:
            self.problems += error.problems
            return cast("T", None)

    def end(self) -> None:
        """Raises BadInput with everything that was refused."""
        if self.problems:
            raise BadInput.together(self.problems)


class BadSetting(WrongUse):
    """An environment variable or file of ours cannot be right."""


class SameTenant(WrongUse):
    """Two names of one tenant: to read it twice would count its seats twice."""


class ChangedMeanwhile(WrongUse):
    """What was to be saved was made of something older: to save it would undo another's change unseen."""


class NotFound(WrongUse):
    """What was asked for is not there; what belongs to another organization looks exactly the same."""

    def __init__(self, thing: str = "This") -> None:
        super().__init__(f"{thing} does not exist, or is not yours to see.")


class NotAllowed(WrongUse):
    """The asker's role does not allow the operation."""


class ChooseOrganization(NotAllowed):
    """A member of several organizations has to say first in which one to work."""


class ActAtVendor(SeatkeeperError):
    exit_code = 3


class CredentialsRejected(ActAtVendor):
    pass


class OtherTenant(CredentialsRejected):
    """The vendor gave access to another tenant than the one that was meant; nothing was asked for with it."""


class PermissionMissing(ActAtVendor):
    pass


class PremiumRequired(ActAtVendor):
    pass


class NotOffered(ActAtVendor):
    """The vendor does not have this in the cloud that the tenant is in."""


class NamesConcealed(ActAtVendor):
    pass


class TryLater(SeatkeeperError):
    exit_code = 4


class TooOften(TryLater):
    """Somebody guesses, or a script runs wild: after so many seconds it may try again."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(TryLater):
    pass


class NotSignedInYet(TryLater):
    """Nobody has typed the code in so far."""


class Throttled(TryLater):
    """`until` is the earliest moment at which the vendor wants to hear from us again."""

    def __init__(self, message: str, *, until: Instant, detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.until = until


class BrokenAnswer(TryLater):
    pass


class NotThere(BrokenAnswer):
    pass


class TooLarge(BrokenAnswer):
    pass


class NotUnderstood(BrokenAnswer):
    pass


class UntrustedLink(TryLater):
    pass


class Interrupted(SeatkeeperError):
    exit_code = 5


class NotReady(Interrupted):
    pass


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


class SearchLost(ReadAgain):
    pass
