"""Microsoft as a vendor: everything that the rest of Seatkeeper knows of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from seatkeeper.clock import seconds
from seatkeeper.connectors.microsoft import consenting, signing_in
from seatkeeper.connectors.microsoft.access import LOG
from seatkeeper.connectors.microsoft.connector import TASKS, USAGE, MicrosoftConnector
from seatkeeper.connectors.microsoft.form import FORM, check_form, fill_form
from seatkeeper.connectors.microsoft.guide import guide
from seatkeeper.connectors.microsoft.licensing import (
    list_assigned,
    list_ended,
    list_failed,
    list_groups,
    list_opened,
)
from seatkeeper.connectors.microsoft.products import TABLE, list_carried, load_products
from seatkeeper.connectors.microsoft.reclaim_scripts import SCRIPTS
from seatkeeper.connectors.microsoft.reports import REPORTS
from seatkeeper.connectors.microsoft.roster import is_guest
from seatkeeper.connectors.reach import (
    DELEGATED,
    FEDERATED,
    ConnectionDetails,
    Consenting,
    SigningIn,
    SignInGiven,
)
from seatkeeper.connectors.vendor import Pacer, PublishedList, SkuColumns, Suite, Vendor
from seatkeeper.graph.client import Client
from seatkeeper.graph.clouds import CLOUDS, Endpoints, list_aliases
from seatkeeper.graph.egress import Egress
from seatkeeper.graph.messenger import Messenger
from seatkeeper.graph.retry import Retry
from seatkeeper.graph.signed_in import SignInDesk
from seatkeeper.graph.throttle import ACTIVITY, SHARED, LocalPacer
from seatkeeper.graph.token import (
    ClientCertificate,
    ClientSecret,
    Credential,
    FederatedToken,
    ManagedIdentity,
    SignedIn,
    TokenSource,
)
from seatkeeper.model import RequestLimit, Secret

# 5 requests on the sign-in log in 10 s of one app in one tenant, 122 over all tenants; a little more for clocks that
# differ, and an unanswered one counts for longer than a request may take. Two are for what can wait, at most, while
# anything else is asked.
LOG_LIMIT: Final = RequestLimit(
    window=LOG.window + seconds(0.05), unanswered=seconds(70), in_tenant=LOG.requests, over_all=122, slow=2
)

SUITES: Final = (
    Suite(
        "microsoft-365-secret",
        "Microsoft 365",
        "Microsoft 365 Client Credentials",
        frozenset({"client_certificate", "client_certificate_password"}),
    ),
    Suite(
        "microsoft-365-certificate",
        "Microsoft 365",
        "Microsoft 365 Certificate Based Authentication",
        frozenset({"client_secret", "client_secret_expires", "credential"}),
    ),
    Suite(
        "microsoft-365",
        "Microsoft 365",
        "Microsoft 365",
        frozenset({"client_secret_expires", "credential", "client_certificate", "client_certificate_password"}),
        delegated=True,
    ),
)


TRY_SECONDS: Final = 10.0  # for each of the two requests that make a token


class GraphPacer:
    """The limit on the sign-in log as all processes keep it; that on the directory is kept in this one."""

    def __init__(self, shared: Pacer) -> None:
        self._shared = shared
        self._local = LocalPacer()

    def take(self, family: str, units: int) -> None:
        if family in SHARED:
            self._shared.take(slow=family == ACTIVITY)
        else:
            self._local.take(family, units)

    def done(self, family: str) -> None:
        if family in SHARED:
            self._shared.done()
        else:
            self._local.done(family)


def open_credential(details: ConnectionDetails) -> Credential:
    """What the application signs in with, of details that have it in memory."""
    assert details.credential is not None
    if details.credential_kind == FEDERATED:
        source, audience = details.credential.reveal(), CLOUDS[details.cloud].exchange
        if Path(source).is_absolute():
            return FederatedToken(details.client_id, Path(source), audience)
        return ManagedIdentity(details.client_id, source, audience)
    if details.credential_kind == DELEGATED:
        return SignedIn.read(details.client_id, details.credential)
    kind = ClientCertificate if details.credential_kind == "certificate" else ClientSecret
    return kind(details.client_id, details.credential)


def check_identity(details: ConnectionDetails) -> None:
    """Raises CredentialsRejected when the token of this server would be refused; Microsoft is not asked."""
    credential = open_credential(details)
    assert isinstance(credential, FederatedToken | ManagedIdentity)
    credential.read()


def _to_tokens(details: ConnectionDetails, endpoints: Endpoints, egress: Egress, retry: Retry) -> TokenSource:
    credential, directory_id = open_credential(details), details.directory_id
    return TokenSource(details.tenant_id, credential, endpoints, egress, directory_id=directory_id, retry=retry)


def _to_endpoints(details: ConnectionDetails) -> Endpoints:
    cloud = CLOUDS[details.cloud]
    return Endpoints(
        details.login_url,
        details.graph_url,
        cloud.scope,
        details.ca_file or None,
        list_aliases(cloud, details.login_url),
        cloud.exchange,
    )


@contextmanager
def open_tenant(details: ConnectionDetails, pacer: Pacer | None) -> Iterator[MicrosoftConnector]:
    """The door to a tenant, with its credential in memory; closed at the end."""
    assert pacer is not None
    endpoints = _to_endpoints(details)
    egress = Egress(endpoints)
    tokens = _to_tokens(details, endpoints, egress, Retry())
    try:
        yield MicrosoftConnector(Client(endpoints, tokens, egress, GraphPacer(pacer)))
    finally:
        egress.close()


def sign_in(details: ConnectionDetails) -> str:
    """Ask for a token once, and tell whose tenant it is for. Raises CredentialsRejected, TryLater."""
    endpoints = _to_endpoints(details)
    egress = Egress(endpoints, deadline=TRY_SECONDS)
    try:
        tokens = _to_tokens(details, endpoints, egress, Retry(attempts=1))
        tokens.renew()
        return tokens.told_directory_id
    finally:
        egress.close()


def consent_link(details: ConnectionDetails, back: str, state: str) -> str:
    """Where an administrator consents to the registration; see consenting.py."""
    return consenting.link(_to_endpoints(details), details, back, state)


@contextmanager
def open_desk(details: ConnectionDetails, secret: Secret | None) -> Iterator[signing_in.Desk]:
    """Where somebody signs in to the tenant, with the secret that was typed in or is kept; closed at the end."""
    assert details.credential is not None
    secret = secret or SignedIn.read(details.client_id, details.credential).secret
    endpoints = _to_endpoints(details)
    egress = Egress(endpoints, deadline=TRY_SECONDS)
    desk = SignInDesk(lambda: Messenger(egress, endpoints), endpoints, details.tenant_id, details.client_id, secret)

    def try_out(signed_in: SignedIn) -> SignInGiven:
        """Ask for a token with it, which tells whose tenant it is for."""
        tried = details._replace(credential_kind=DELEGATED, credential=signed_in.write())
        tokens = _to_tokens(tried, endpoints, egress, Retry(attempts=1))
        tokens.renew()
        return SignInGiven(tokens.renewed_sign_in() or signed_in.write(), tokens.directory_id())

    try:
        yield signing_in.Desk(desk, endpoints, try_out)
    finally:
        egress.close()


MICROSOFT: Final = Vendor(
    key="microsoft",
    title="Microsoft",
    tasks=TASKS,
    products=load_products,
    form=FORM,
    check_form=check_form,
    fill_form=fill_form,
    open=open_tenant,
    check_identity=check_identity,
    sign_in=sign_in,
    guide=guide,
    log=LOG,
    request_limit=LOG_LIMIT,
    new_credential="Create a new one in the Entra admin center",
    list_assigned=list_assigned,
    list_failed=list_failed,
    list_opened=list_opened,
    list_ended=list_ended,
    list_groups=list_groups,
    is_guest=is_guest,
    list_carried=list_carried,
    reclaim_scripts=SCRIPTS,
    reports=REPORTS,
    usage=USAGE,
    sku_list=PublishedList(
        "Product names and service plan identifiers for licensing",
        SkuColumns("Product_Display_Name", "String_Id", "GUID", "Service_Plan_Id"),
        TABLE,
    ),
    suites=SUITES,
    consenting=Consenting(consent_link, consenting.read, consenting.guide),
    signing_in=SigningIn(open_desk, signing_in.guide, signing_in.EXAMPLE),
    prices={"PROJECT_P1": 10, "PROJECTPROFESSIONAL": 30, "PROJECTPREMIUM": 50, "PROJECTESSENTIALS": 7},
)
