"""What is asked for of people is what seats and their use need: nothing tells where somebody is, or on which device.

The usage location is the country that an administrator chose for somebody's licences.
"""

from __future__ import annotations

import re

from django.apps import apps

from seatkeeper.app_uses import INTERACTIVE, NON_INTERACTIVE
from seatkeeper.connectors.microsoft import access, roster

WHERE_AND_HOW = re.compile(r"\bip|address|device|city|country|phone|risk|latitude|browser|correlation", re.I)


def test_neither_a_place_nor_a_device_of_a_person_is_asked_for_or_kept() -> None:
    sign_ins = [name for kind in (INTERACTIVE, NON_INTERACTIVE) for name in access.to_select(kind).split(",")]
    asked = [*sign_ins, *roster.SELECT.split(",")]
    assert {"userPrincipalName", "appId", "assignedPlans"} <= set(asked)
    assert [name for name in asked if WHERE_AND_HOW.search(name)] == []
    of_people = ("Account", "SignIn", "SeatHolder", "UnlicensedUser", "LastUse")
    assert {name for name in asked if "ocation" in name} == {"usageLocation"}
    columns = [field.name for table in of_people for field in apps.get_model("store", table)._meta.get_fields()]
    assert len(columns) > 40
    assert [name for name in columns if WHERE_AND_HOW.search(name)] == []
