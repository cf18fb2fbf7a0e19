"""A customer's administrator lets the organization's multi-tenant app registration into their tenant.

The page, its parameters and both answers are Microsoft's (entra-docs, identity-platform/v2-admin-consent). Two things
are not certain. With which word a refusal comes: the page has `consent_required`, earlier editions `permission_denied`,
and people report `access_denied`; all three are taken for it. And how long the token service takes to learn of a
consent: no page says, public threads tell of seconds to minutes, so that a refused token is asked for again for a day
(jobs/joining.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from seatkeeper.connectors.base import TaskKind
from seatkeeper.connectors.microsoft.credential import is_guid
from seatkeeper.connectors.microsoft.guide import PERMISSIONS
from seatkeeper.connectors.reach import ConnectionDetails, Guide, Need
from seatkeeper.errors import BadInput
from seatkeeper.graph.clouds import Endpoints
from seatkeeper.graph.refusals import to_answered

DECLINED: Final = frozenset(("consent_required", "permission_denied", "access_denied"))
STEPS: Final = """
In your own tenant, open entra.microsoft.com → Applications → App registrations → New registration. Choose “Accounts \
in any organizational directory”. Your customers see its name when they consent.
Redirect URI: choose “Web” and enter {back}
API permissions → Add a permission → Microsoft Graph → Application permissions. Tick those below: a customer consents \
to all that are listed there, and to nothing else. Remove User.Read, which is listed by itself.
From its Overview, copy “Application (client) ID” and “Directory (tenant) ID” into the form.
Certificates & secrets → make a client secret or, better, upload a certificate's public part, and give it here.
Branding & properties → Publisher verification: without it, Microsoft warns your customers that the publisher is \
unverified.
""".strip()
NOTE: Final = (
    "Only a Privileged Role Administrator or Global Administrator of the customer's tenant may consent. They can end "
    "it at any time in their tenant, under Enterprise applications."
)


def guide(tasks: Sequence[TaskKind], back: str) -> Guide:
    """How to make the registration; `back` is our address that Microsoft leads back to."""
    needs = [Need(task, task.permission.name, PERMISSIONS[task.permission.name]) for task in tasks]
    links = {
        "Publisher verification": "https://learn.microsoft.com/entra/identity-platform/publisher-verification-overview"
    }
    return Guide(STEPS.format(back=back).splitlines(), needs, NOTE, (), links)


def link(endpoints: Endpoints, details: ConnectionDetails, back: str, state: str) -> str:
    """Where an administrator consents.

    Application permissions are asked for by `.default` alone, which means all that the registration lists. Without a
    tenant it is `organizations` and not `common`, which would let personal accounts try.
    """
    asked = {"client_id": details.client_id, "scope": endpoints.scope, "redirect_uri": back, "state": state}
    return f"{endpoints.login_url}/{details.tenant_id or 'organizations'}/v2.0/adminconsent?{urlencode(asked)}"


def read(answer: Mapping[str, str]) -> str:
    """The tenant that consented, by what a browser brought back; anybody may have made that up.

    Raises CredentialsRejected with the reason of who declined, and BadInput for what is no answer.
    """
    if error := answer.get("error", ""):
        description = answer.get("error_description", "")
        if error in DECLINED and not description.startswith("AADSTS"):
            description = f"AADSTS65004: {description}"
        raise to_answered(error, description)
    tenant = answer.get("tenant", "").strip().lower()
    if answer.get("admin_consent", "").lower() != "true" or not is_guid(tenant):
        raise BadInput("answer", "it says neither that somebody has consented nor that they have declined.")
    return tenant
