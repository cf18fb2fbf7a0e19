"""The steps of Add Application name everything that is done at Microsoft, and who may do it."""

from __future__ import annotations

import pytest
from django.test import Client

from seatkeeper.connectors.microsoft.access import TASK as ACCESS
from seatkeeper.connectors.microsoft.guide import guide
from seatkeeper.services.members import Role
from tests.web.conftest import SignedIn, client, empty_store, new_member, organization, signed_in  # noqa: F401


@pytest.mark.parametrize(
    "words",
    [
        "Privileged Role Administrator or Global Administrator",
        "not Delegated permissions",
        "Copy its Value, not its Secret ID, and enter the day in its column Expires",
        "clear “Display concealed user, group, and site names in all reports”",
        "choose “Start recording user and admin activity”",
        "with its issuer and subject (on Azure: Managed identity)",
    ],
)
def test_the_steps_say_what_is_often_missed(words: str) -> None:
    assert any(words in step for step in guide([ACCESS]).steps)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("entry", ["product=microsoft-project", "suite=microsoft-365-secret"])
def test_the_page_links_to_microsofts_own_pages_alone(signed_in: SignedIn, entry: str) -> None:  # noqa: F811
    browser: Client = signed_in(Role.APPLICATIONS)
    page = browser.get(f"/applications/add?{entry}").content.decode()
    for title, address in guide([ACCESS]).links.items():
        assert address.startswith("https://learn.microsoft.com/")
        assert f'<a href="{address}" rel="noreferrer">{title}</a>' in page
