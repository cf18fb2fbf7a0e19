"""A look round: somebody signs in themselves, the tenant is read once with what they may see, and nothing of it stays
but what they keep.

What a sign-in needs until its end is sealed, so that it may lie in a session; it is good for a while, in the
organization that began it. A tenant that is read already is left alone, but for somebody who signs in to it again.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, replace
from typing import Any, Final, NamedTuple

import msgspec
from django.db import transaction

from seatkeeper.clock import hours, system_clock
from seatkeeper.errors import BadInput, BadSetting, NotSignedInYet, TooOften, TryLater, Unavailable
from seatkeeper.model import Instant, Secret
from seatkeeper.services import (
    additions,
    addresses,
    applications,
    audit,
    catalogue,
    connections,
    tasks,
    tenants,
    waiting,
)
from seatkeeper.services.application_input import Edit, NewApplication, check_tasks, typed_in
from seatkeeper.services.members import May, Who
from seatkeeper.settings import SEATKEEPER
from seatkeeper.store import seal
from seatkeeper.store.erasing import erase_after_commit
from seatkeeper.store.models import Application, Connection
from seatkeeper.sync.connecting import open_credential, to_details
from seatkeeper.sync.identity import recognize
from seatkeeper.sync.vendors import (
    DELEGATED,
    SIGN_IN,
    Guide,
    SignInBegun,
    SignInDesk,
    SigningIn,
    SignInGiven,
    TaskKind,
    Vendor,
    find_suite,
    find_vendor,
)

PATIENCE: Final = hours(0.25)  # for a sign-in; a vendor's code for a device lasts as long
SUITE: Final = "microsoft-365"  # what the command looks round in
PATH: Final = "/connections/signed-in"
_SECRET: Final = "client_secret"  # noqa: S105 - the key of a field
_SEALED: Final = "sign-in under way"


class Step(NamedTuple):
    """What somebody does next: open the address, and type the code in there if there is one.

    `state` is given back at the end. `permissions` are what they are asked to agree to. `seconds` is how long to wait
    between two looks whether the code was typed in.
    """

    address: str
    state: str
    permissions: Sequence[str]
    code: str
    seconds: int


class _State(msgspec.Struct):
    """A sign-in under way: to a tenant that `new` describes, or to the connection that is read so already."""

    at: Instant
    secret: str = ""
    suite: str = ""
    new: dict[str, Any] = {}
    products: list[str] = []
    connection_id: int = 0
    flow: str = ""


def guide(who: Who, suite: str) -> Guide:
    """How to register what people sign in to."""
    who.require(May.SEE)
    vendor, signing_in = _of_suite(suite)
    advised = catalogue.list_advised(vendor, {product.key for product in vendor.products().products})
    return signing_in.guide(advised, f"{SEATKEEPER.address.url}{PATH}")


def begin(who: Who, suite: str, new: NewApplication, products: Sequence[str], *, by_code: bool = False) -> Step:
    """The sign-in to a tenant that is not read yet, by a page of the vendor's or by a code for any device.

    Raises BadInput with all that is wrong with what was typed in, CredentialsRejected, TryLater.
    """
    who.require(May.APPLICATIONS)
    fields = dict(new.fields)
    secret = fields.pop(_SECRET, "")
    new = replace(new, fields=fields)
    vendor, signing_in = _of_suite(suite)
    example = _with(new, signing_in.example)
    _refuse_known(who, vendor, typed_in(example, vendor.form))
    additions.check_suite(who, suite, example, products)
    return _begin(who, _State(system_clock(), secret, suite, asdict(new), [*products]), by_code=by_code)


def begin_again(who: Who, connection_id: int, *, by_code: bool = False) -> Step:
    """The sign-in that takes the place of an earlier one. Raises as `begin`, and where nobody has signed in."""
    who.require(May.APPLICATIONS)
    return _begin(who, _State(system_clock(), connection_id=connection_id), by_code=by_code)


def finish(who: Who, state: str, answer: Mapping[str, str]) -> list[Application]:
    """What came back with somebody's browser: the applications that are read with it from now on.

    Raises BadInput for an answer to no sign-in that is under way, CredentialsRejected, TryLater; then nothing is saved.
    """
    return _end(who, state, lambda desk, flow: desk.finish(flow, answer))


def look(who: Who, state: str) -> list[Application]:
    """The same once somebody has typed the code in. Raises NotSignedInYet until then."""
    return _end(who, state, lambda desk, flow: desk.look(flow))


def keep(who: Who, connection_id: int) -> None:
    """Read it regularly from now on, and forget nothing."""
    who.require(May.APPLICATIONS)
    with transaction.atomic():
        Connection.objects.of(who).filter(pk=connection_id).select_for_update().first()  # is it being forgotten?
        connection = _undecided(who, connection_id)
        connection.save_changes({"forget_at": None})
        audit.record(who, "connection.kept", connection.tenant_id)


def forget(who: Who, connection_id: int) -> None:
    """Delete what was read, the sign-in with it, and the applications."""
    who.require(May.APPLICATIONS)
    with transaction.atomic():
        applications.alone(who)
        connection = _undecided(who, connection_id)
        audit.record(who, "connection.forgotten", connection.tenant_id)
        connection.delete()
        erase_after_commit()


def _undecided(who: Who, connection_id: int) -> Connection:
    connection = connections.find(who, connection_id)
    if connection.forget_at is None:
        raise BadInput(SIGN_IN, "this tenant is read regularly. Delete its applications to forget it.")
    return connection


def _begin(who: Who, state: _State, *, by_code: bool) -> Step:
    with _desk(who, state) as (desk, ticked):
        begun: SignInBegun = (
            desk.begin_with_code(ticked) if by_code else desk.begin(ticked, addresses.way_back(PATH, SIGN_IN))
        )
    state.flow = begun.flow.reveal()
    text = msgspec.json.encode(state).decode()
    sealed = urlsafe_b64encode(seal.seal(text, who.organization_id, 0, _SEALED)).decode()
    permissions = dict.fromkeys(task.permission.name for task in ticked if task.permission.name)
    return Step(begun.address, sealed, [*permissions], begun.code, begun.seconds)


def _end(who: Who, sealed: str, ask: Callable[[SignInDesk, Secret], SignInGiven]) -> list[Application]:
    who.require(May.APPLICATIONS)
    state = _open(who, sealed)
    with _desk(who, state) as (desk, _):
        given = ask(desk, Secret(state.flow))
    made = _replace(who, state.connection_id, given) if state.connection_id else _add(who, state, given)
    if (active := next((each for each in made if each.active), None)) is not None:
        for task in applications.list_ticked(who, active):
            tasks.run_now(who, active.pk, task.key)
    return made


def _add(who: Who, state: _State, given: SignInGiven) -> list[Application]:
    vendor, new = _of_suite(state.suite)[0], _with(NewApplication(**state.new), given.credential)
    with transaction.atomic():
        applications.alone(who)
        # Somebody may have added it since, or it is read by another of its names, which only now is known to be one.
        _refuse_known(who, vendor, typed_in(new, vendor.form), given.directory_id)
        made = additions.add_suite(who, state.suite, new, state.products)
        connection = made[0].connection
        recognize(connection, given.directory_id)
        audit.record(who, "connection.signed_in", connection.tenant_id, ", ".join(each.name for each in made))
    return made


def _replace(who: Who, connection_id: int, given: SignInGiven) -> list[Application]:
    """The new sign-in in place of the old one, which was tried as any new credential is."""
    _signed_in(who, connection_id)
    mine = list(Application.objects.of(who).filter(connection_id=connection_id).select_related("connection"))
    connection = mine[0].connection
    # It was made where the connection leads to, so that it may be sent there.
    form, shown = find_vendor(connection.vendor).form, applications.fill_form(connection)
    there = {field.key: shown[field.key] for field in form if field.address and shown[field.key]}
    edit = Edit(fields={SIGN_IN: given.credential.reveal(), **there})
    applications.edit_application(who, mine[0].pk, edit, applications.version_of(mine[0]))
    return mine


def _signed_in(who: Who, connection_id: int) -> Connection:
    """The connection that somebody has signed in to. Raises BadInput for one with a credential of its own."""
    connection = connections.find(who, connection_id)
    if connection.credential_kind != DELEGATED:
        raise BadInput(SIGN_IN, "this tenant is read with a credential of its own. Edit the connection to change it.")
    return connection


def _open(who: Who, sealed: str) -> _State:
    try:
        text = seal.open_sealed(urlsafe_b64decode(sealed), who.organization_id, 0, _SEALED)
        state = msgspec.json.decode(text.reveal(), type=_State)
    except (BadSetting, ValueError, msgspec.MsgspecError):
        raise BadInput(SIGN_IN, "no sign-in is under way here. Begin again.") from None
    if not 0 <= system_clock() - state.at <= PATIENCE:
        raise BadInput(SIGN_IN, "the sign-in took longer than 15 minutes. Begin again.")
    return state


@contextmanager
def _desk(who: Who, state: _State) -> Iterator[tuple[SignInDesk, list[TaskKind]]]:
    """Where the sign-in is made, for the tasks that are ticked; whoever waits there has a place of those who wait."""
    if state.connection_id:
        connection = _signed_in(who, state.connection_id)
        vendor = find_vendor(connection.vendor)
        details = to_details(connection)._replace(credential=open_credential(connection))
        ticked = [task.key for task in connections.read(who, connection.pk).tasks if task.ticked]
    else:
        vendor, signing_in = _of_suite(state.suite)
        new = _with(NewApplication(**state.new), signing_in.example)
        typed = typed_in(new, vendor.form)
        _refuse_known(who, vendor, typed)
        details = tenants.check_details(who, vendor, typed, None)
        ticked = check_tasks(new.tasks, vendor.tasks)
    assert vendor.signing_in is not None
    secret = Secret(state.secret) if state.secret else None
    place = nullcontext() if who.at_the_machine else waiting.place(who)
    try:
        with place, vendor.signing_in.open(details, secret) as desk:
            yield desk, [task for task in vendor.tasks if task.key in ticked]
    except (NotSignedInYet, TooOften):
        raise
    except TryLater as error:
        if who.at_the_machine:
            raise
        raise Unavailable(addresses.tell_silence(who, vendor, details, error), detail=error.detail) from None


def _refuse_known(who: Who, vendor: Vendor, typed: Mapping[str, str], directory_id: str = "") -> None:
    if tenants.find_named(who, vendor, typed) or tenants.find_connection(who, vendor, directory_id):
        raise BadInput("tenant_id", "this tenant is read already. Add products on its page, or sign in again there.")


def _of_suite(suite: str) -> tuple[Vendor, SigningIn]:
    """Raises BadInput for one that asks for a credential."""
    found = find_suite(suite)
    if not found.suite.delegated or found.vendor.signing_in is None:
        raise BadInput("suite", f"{suite!r} asks for a credential: nobody signs in to it.")
    return found.vendor, found.vendor.signing_in


def _with(new: NewApplication, given: Secret) -> NewApplication:
    return replace(new, fields={**new.fields, SIGN_IN: given.reveal()})
