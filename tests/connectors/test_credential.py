"""What the form makes of a credential: a secret keeps the end that somebody gave, and a wrong end is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from seatkeeper.clock import days, system_clock
from seatkeeper.connectors.microsoft.form import check_form, fill_form
from seatkeeper.errors import BadInput
from seatkeeper.model import Secret, to_instant, to_text
from tests.graph.certificates import certificate, pem, rsa_key

TYPED = {
    "tenant_id": "8f2f4a61-3a3e-4b7c-9d2e-0c6f0a6b1d11",
    "client_id": "1b6a6d0e-58a5-4b53-8a4f-3f0f6d9c2a22",
    "client_secret": "a~very.secret-Value_01234567890123456789",
    "cloud": "global",
}
END = "2090-08-01"
LASTING = pem(rsa_key(), certificate(rsa_key(), end=timedelta(36_500)))


@pytest.mark.parametrize("cloud", ["global", "usgov", "dod", "china"])
def test_a_secret_keeps_its_end_and_the_form_shows_it(cloud: str) -> None:
    details = check_form(TYPED | {"client_secret_expires": f" {END} ", "cloud": cloud}, None)
    assert details.expires == to_instant(f"{END}T00:00:00Z")
    assert fill_form(details)["client_secret_expires"] == END
    assert check_form({"cloud": cloud}, details).expires == details.expires
    assert check_form({"client_secret_expires": ""}, details).expires is None
    assert check_form({"client_secret_expires": "2091-01-01"}, details).expires == to_instant("2091-01-01T00:00:00Z")


def test_a_new_secret_does_not_take_over_the_end_of_the_old_one() -> None:
    details = check_form(TYPED | {"client_secret_expires": END}, None)
    assert check_form({"client_secret": "another~secret"}, details).expires is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("soon", "'soon' is not a day"),
        ("01.08.2090", "not a day such as 2027-08-01"),
        ("20900801", "not a day"),
        ("2090-W01-1", "not a day"),
        ("2090-02-30", "not a day"),
        ("٢٠٩٠-٠٨-٠١", "not a day"),
        ("2020-01-01", "not in the future"),
        (to_text(system_clock())[:10], "not in the future"),
        (to_text(system_clock() + days(36_600))[:10], "a hundred years"),
        ("9999-12-31", "a hundred years"),
    ],
)
def test_an_end_that_cannot_be_one_is_refused(text: str, words: str) -> None:
    for given, before in ((TYPED, None), ({}, check_form(TYPED, None))):
        with pytest.raises(BadInput, match=words) as refused:
            check_form(given | {"client_secret_expires": text}, before)
        assert refused.value.first.field == "client_secret_expires"


def test_an_end_that_has_passed_hinders_no_other_edit() -> None:
    passed = check_form(TYPED, None)._replace(expires=to_instant("2020-01-01T00:00:00Z"))
    again = check_form({"client_secret_expires": "2020-01-01", "cloud": "global"}, passed)
    assert again.expires == passed.expires
    with pytest.raises(BadInput, match="not in the future"):  # of a new secret it cannot be right
        check_form({"client_secret": "another~secret", "client_secret_expires": "2020-01-01"}, passed)


def test_a_certificate_tells_its_own_end() -> None:
    secret = check_form(TYPED | {"client_secret_expires": END}, None)
    new = check_form({"client_certificate": LASTING, "client_secret_expires": END}, secret)  # as the page showed it
    assert (new.credential_kind, (to_text(new.expires or 0))[:4]) == ("certificate", "2126")
    assert fill_form(new)["client_secret_expires"] == ""
    assert check_form({"client_secret_expires": ""}, new).expires == new.expires
    for given, before in (({"client_certificate": LASTING}, secret), ({}, new._replace(credential=Secret("")))):
        with pytest.raises(BadInput, match="only a client secret has an end"):
            check_form(given | {"client_secret_expires": "2091-01-01"}, before)
