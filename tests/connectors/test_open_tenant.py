"""The door to a tenant of Microsoft is opened with all that is known of it."""

from __future__ import annotations

import pytest

from seatkeeper.connectors.microsoft.form import check_form
from seatkeeper.connectors.microsoft.vendor import open_tenant
from seatkeeper.model import Secret
from tests.conftest import Unpaced

TYPED = {
    "tenant_id": "contoso.partner.onmschina.cn",
    "client_id": "1b6a6d0e-58a5-4b53-8a4f-3f0f6d9c2a22",
    "client_secret": "a~very.secret-Value_01234567890123456789",
    "cloud": "china",
}


@pytest.mark.parametrize(
    ("changes", "aliases"),
    [
        ({}, ("https://login.partner.microsoftonline.cn",)),
        ({"login_url": "https://login.example.org"}, ()),
        ({"cloud": "global"}, ()),
    ],
)
def test_the_other_name_of_a_clouds_own_sign_in_server_is_trusted_and_of_no_other(
    changes: dict[str, str], aliases: tuple[str, ...]
) -> None:
    details = check_form(TYPED | changes, None)._replace(credential=Secret("x"))
    with open_tenant(details, Unpaced()) as connector:
        assert connector.client.tokens._endpoints.aliases == aliases


def test_what_is_typed_as_a_guid_is_the_tenants_own_id() -> None:
    guid = "8f2f4a61-3a3e-4b7c-9d2e-0c6f0a6b1d11"
    assert check_form(TYPED | {"tenant_id": guid.upper()}, None).directory_id == guid
    assert check_form(TYPED, None).directory_id == ""
