"""A house with one finding more and one product more, as somebody uses it; run by test_extending.py on its copy."""

from __future__ import annotations

import json
import sys
from typing import Any

from seatkeeper.cli.start import open_home


def rows(*words: str) -> Any:
    """What a command prints."""
    from typer.testing import CliRunner

    from seatkeeper.cli.main import app

    answer = CliRunner().invoke(app, [*words, "--format", "json"])
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.stdout)


def main() -> None:
    who = open_home()

    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client

    from seatkeeper.clock import system_clock
    from seatkeeper.services.members import Role
    from seatkeeper.store.models import Application, Membership
    from tests.people import NAME, open_tenant

    settings.ALLOWED_HOSTS = ["testserver"]
    with open_tenant(tasks=["licenses", "roster"]) as tenant:
        tenant.add(product="teams", name="Teams", tasks=["licenses", "roster"])
        tenant.sync()
    member = User.objects.create_user("ann@example.com", "ann@example.com")
    Membership.objects.create(
        member=member, organization_id=who.organization_id, role=Role.ADMINISTER.value, created=system_clock()
    )
    browser = Client()
    browser.force_login(member)

    def page(address: str) -> str:
        answer = browser.get(address)
        assert answer.status_code == 200, address
        return answer.content.decode()

    mine, teams = (Application.objects.get(name=name).pk for name in (NAME, "Teams"))
    told = {
        "roster": rows("roster", NAME),
        "findings": rows("findings", NAME),
        "findings page": page(f"/applications/{mine}/findings?key=newcomer"),
        "catalogue page": page("/applications/add?q=teams"),
        "teams": rows("roster", "Teams"),
        "teams page": page(f"/applications/{teams}/users"),
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
