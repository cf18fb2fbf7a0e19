"""Somebody looks at their own tenant: what they agree to on Microsoft's page, and how that is prepared.

Delegated permissions are called as those of applications, and count only together with a role of whoever signs in
(graph/api/signin-list, reportroot: Reports Reader or more).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from seatkeeper.connectors.base import TaskKind
from seatkeeper.connectors.reach import Guide, Need, SignInGiven
from seatkeeper.graph.clouds import Endpoints
from seatkeeper.graph.signed_in import Begun, SignedIn, SignInDesk
from seatkeeper.model import Secret

STEPS: Final = """
Open entra.microsoft.com → Applications → App registrations → New registration. Name it “Seatkeeper (look round)”, \
choose “Accounts in this organizational directory only”.
Redirect URI: choose “Web” and enter {back}. Then under Certificates & secrets make a client secret and give its Value \
here. Or choose “Public client/native (mobile & desktop)” with the same address: then no secret is needed.
From its Overview, copy “Application (client) ID” and “Directory (tenant) ID” into the form.
API permissions need not be added: Microsoft asks whoever signs in to agree to those below. Most of them only a \
Privileged Role Administrator or Global Administrator may agree to.
Sign in as somebody with the role Reports Reader, Security Reader or Global Reader: without one, neither sign-ins nor \
usage reports can be read.
At the command line nobody needs a redirect URI: allow public client flows under Authentication.
""".strip()
NOTE: Final = (
    "It is read with that person's rights, and ends with their password, their role or 90 days without use. To read a "
    "tenant for good, give an application permissions of its own."
)
EXAMPLE: Final = Secret('{"refresh_token":"-"}')


def guide(tasks: Sequence[TaskKind], back: str) -> Guide:
    """How to register what people sign in to; `back` is our address that Microsoft leads back to."""
    return Guide(STEPS.format(back=back).splitlines(), [Need(task, name_scope(task), "") for task in tasks], NOTE)


def name_scope(task: TaskKind) -> str:
    """The delegated permission of a task."""
    return task.permission.name


class Desk:
    """Where somebody signs in for one application in one tenant, on behalf of what some tasks read.

    What somebody brings back is tried by `try_out`, which tells what to go on with.
    """

    def __init__(self, desk: SignInDesk, endpoints: Endpoints, try_out: Callable[[SignedIn], SignInGiven]) -> None:
        self._desk = desk
        self._try_out = try_out
        self._resource = endpoints.scope.removesuffix("/.default")

    def _scopes(self, tasks: Iterable[TaskKind]) -> list[str]:
        names = dict.fromkeys(name_scope(task) for task in tasks if task.permission.name)
        return [f"{self._resource}/{name}" for name in names]

    def begin(self, tasks: Iterable[TaskKind], back: str) -> Begun:
        return self._desk.begin(self._scopes(tasks), back)

    def finish(self, flow: Secret, answer: Mapping[str, str]) -> SignInGiven:
        return self._try_out(self._desk.finish(flow, answer))

    def begin_with_code(self, tasks: Iterable[TaskKind]) -> Begun:
        return self._desk.begin_with_code(self._scopes(tasks))

    def look(self, flow: Secret) -> SignInGiven:
        return self._try_out(self._desk.look(flow))
