"""Microsoft as a vendor: everything that the rest of Seatkeeper knows of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from seatkeeper.clock import seconds
from seatkeeper.connectors.microsoft.access import LOG
from seatkeeper.connectors.microsoft.connector import TASKS, USAGE, MicrosoftConnector
from seatkeeper.connectors.microsoft.form import FORM, check_form, fill_form
from seatkeeper.connectors.microsoft.guide import guide
from seatkeeper.connectors.microsoft.licensing import list_assigned, list_ended, list_failed, list_opened
from seatkeeper.connectors.microsoft.products import load_products
from seatkeeper.connectors.microsoft.reclaim_scripts import SCRIPTS
from seatkeeper.connectors.microsoft.reports import REPORTS
from seatkeeper.connectors.microsoft.roster import is_guest
from seatkeeper.connectors.vendor import ConnectionDetails, Pacer, Suite, Vendor
from seatkeeper.graph import throttle
from seatkeeper.graph.client import Client
from seatkeeper.graph.clouds import CLOUDS, Endpoints, list_aliases
from seatkeeper.graph.egress import Egress
from seatkeeper.graph.token import ClientCertificate, ClientSecret, TokenSource
from seatkeeper.model import RequestLimit

# 5 requests on the sign-in log in 10 s of one app in one tenant, 122 over all tenants; a little more for clocks that
# differ, and an unanswered one counts for longer than a request may take. Account activity leaves room for sign-ins.
LOG_LIMIT: Final = RequestLimit(
    window=LOG.window + seconds(0.1), unanswered=seconds(70), in_tenant=LOG.requests, over_all=122, slow=2
)

SUITES: Final = (
    Suite(
        "microsoft-365-secret", "Microsoft 365", "Microsoft 365 Client Credentials", frozenset({"client_certificate"})
    ),
    Suite(
        "microsoft-365-certificate",
        "Microsoft 365",
        "Microsoft 365 Certificate Based Authentication",
        frozenset({"client_secret"}),
    ),
)


class GraphPacer:
    """The limit on the sign-in log as all processes keep it; that on the directory is kept in this one."""

    def __init__(self, shared: Pacer) -> None:
        self._shared = shared
        self._local = throttle.LocalPacer()

    def take(self, family: str, units: int) -> None:
        if family in throttle.SHARED:
            self._shared.take(slow=family == throttle.ACTIVITY)
        else:
            self._local.take(family, units)

    def done(self, family: str) -> None:
        if family in throttle.SHARED:
            self._shared.done()
        else:
            self._local.done(family)


@contextmanager
def open_tenant(details: ConnectionDetails, pacer: Pacer | None) -> Iterator[MicrosoftConnector]:
    """The door to a tenant, with its credential in memory; closed at the end."""
    assert details.credential is not None
    assert pacer is not None
    kind = ClientCertificate if details.credential_kind == "certificate" else ClientSecret
    cloud = CLOUDS[details.cloud]
    aliases = list_aliases(cloud, details.login_url)
    endpoints = Endpoints(details.login_url, details.graph_url, cloud.scope, details.ca_file or None, aliases)
    egress = Egress(endpoints)
    credential = kind(details.client_id, details.credential)
    tokens = TokenSource(details.tenant_id, credential, endpoints, egress, directory_id=details.directory_id)
    try:
        yield MicrosoftConnector(Client(endpoints, tokens, egress, GraphPacer(pacer)))
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
    guide=guide,
    log=LOG,
    request_limit=LOG_LIMIT,
    new_credential="Create a new one in the Entra admin center",
    list_assigned=list_assigned,
    list_failed=list_failed,
    list_opened=list_opened,
    list_ended=list_ended,
    is_guest=is_guest,
    reclaim_scripts=SCRIPTS,
    reports=REPORTS,
    usage=USAGE,
    suites=SUITES,
    prices={"PROJECT_P1": 10, "PROJECTPROFESSIONAL": 30, "PROJECTPREMIUM": 50, "PROJECTESSENTIALS": 7},
)
