"""How a tenant is reached, and as whom: what Add Application asks for, how somebody signs in, and the guide to it."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final, NamedTuple, Protocol

from seatkeeper.connectors.base import TaskKind
from seatkeeper.model import Instant, Secret

FEDERATED: Final = "federated"  # the kind of a credential that is none of the connection's: this server's own identity

DELEGATED: Final = "delegated"  # the kind of a credential that somebody's own sign-in has given
SIGN_IN: Final = "sign_in"  # the key of the field that takes one; no form shows it
# What a stored credential was given for, it goes to; where it would go elsewhere, its giver has to say so.
GIVE_AGAIN: Final = "give the credential again: the stored one was given for other addresses."


class FieldKind(enum.StrEnum):
    """How a field of a form is filled in."""

    TEXT = "text"
    LONG_TEXT = "long text"  # of several lines
    SECRET = "secret"  # noqa: S105 - sealed when saved, and never shown again
    FILE = "file"  # the text of a file; sealed as a secret is
    CHOICE = "choice"
    DATE = "date"  # such as 2026-08-01


class FormField(NamedTuple):
    """One thing that Add Application asks for; `key` is its name in forms, in REST and after --field."""

    key: str
    title: str
    help: str = ""
    kind: FieldKind = FieldKind.TEXT
    required: bool = True
    choices: Mapping[str, str] = {}
    placeholder: str = ""
    identity: bool = False  # says which tenant it is, so it cannot be edited
    folded: bool = False  # for few: shown when asked for
    binary: bool = False  # of a file: what is not text is given as base64
    identity_of_server: bool = False  # lets the connection sign in as this server; the operator says who may
    signed_in: bool = False  # takes what somebody's own sign-in has given; pages and commands fill it in themselves
    address: bool = False  # says where the credential is sent, or whom to trust there; empty for the vendor's own


class ConnectionDetails(NamedTuple):
    """How a tenant is reached, and as whom: what is stored of a connection.

    `credential` is sealed; None leaves the stored one as it is. `expires` is when the vendor stops taking it, if known.
    Of the kind FEDERATED nothing is sealed; when it is opened, `credential` says where its token comes from: a file's
    path, or the managed identity, `system` or a client id.
    `tenant_id` is what was typed in, perhaps one of several names; `directory_id` is the vendor's own id once known.
    """

    tenant_id: str
    client_id: str = ""
    cloud: str = ""
    login_url: str = ""
    graph_url: str = ""
    ca_file: str = ""
    credential_kind: str = ""
    credential: Secret | None = None
    expires: Instant | None = None
    directory_id: str = ""


class Script(NamedTuple):
    """A script that lets Seatkeeper into a tenant, with what to know before it is run."""

    key: str
    title: str
    hint: str
    script: str


class Need(NamedTuple):
    """What one task asks of the tenant; the vendor's own id of the permission, if it has one."""

    task: TaskKind
    permission: str
    permission_id: str


class Guide(NamedTuple):
    """How to let Seatkeeper in: steps in sentences, permissions by task, and scripts that do it all.

    `links` are the vendor's own pages about it, by their titles.
    """

    steps: Sequence[str]
    needs: Sequence[Need] = ()
    note: str = ""
    scripts: Sequence[Script] = ()
    links: Mapping[str, str] = {}


class SignInBegun(Protocol):
    """A sign-in that somebody has to go on with: at which address, with which code if one is to be typed in there.

    `flow` is what the end of it needs. `seconds` is how long to wait between two looks whether the code was typed in.
    """

    @property
    def address(self) -> str: ...
    @property
    def flow(self) -> Secret: ...
    @property
    def code(self) -> str: ...
    @property
    def seconds(self) -> int: ...


class SignInGiven(NamedTuple):
    """What a sign-in gave: what goes into the field SIGN_IN of the vendor's form, and the id of the tenant it is to."""

    credential: Secret
    directory_id: str


class SignInDesk(Protocol):
    """Where somebody signs in themselves."""

    def begin(self, tasks: Iterable[TaskKind], back: str) -> SignInBegun:
        """A page of the vendor's, which leads back to `back`. Raises CredentialsRejected, TryLater."""

    def finish(self, flow: Secret, answer: Mapping[str, str]) -> SignInGiven:
        """What came back. Raises BadInput for an answer to no sign-in of ours, CredentialsRejected, TryLater."""

    def begin_with_code(self, tasks: Iterable[TaskKind]) -> SignInBegun:
        """A code to be typed in on any device. Raises CredentialsRejected, TryLater."""

    def look(self, flow: Secret) -> SignInGiven:
        """Raises NotSignedInYet until somebody has typed the code in, CredentialsRejected when nobody will."""


class SigningIn(NamedTuple):
    """How people sign in to a vendor's tenant themselves. `open` takes the secret that was typed in, if one was.

    `example` is something that stands for what a sign-in gives, to check a form by before it.
    """

    open: Callable[[ConnectionDetails, Secret | None], AbstractContextManager[SignInDesk]]
    guide: Callable[[Sequence[TaskKind], str], Guide]
    example: Secret


class Consenting(NamedTuple):
    """How a customer's administrator lets an organization's app registration into their tenant.

    `link` is the page for it: of the registration's details with the tenant that may answer (empty for any), the
    address to come back to, and a text that comes back with it. `read` is the id of the tenant by what came back; it
    raises CredentialsRejected with the reason of who declined, and BadInput for what is no answer. `guide` says how to
    make such a registration, for some tasks and the address to come back to.
    """

    link: Callable[[ConnectionDetails, str, str], str]
    read: Callable[[Mapping[str, str]], str]
    guide: Callable[[Sequence[TaskKind], str], Guide]
