"""Who holds a seat, and how it is used, as commands list it; pages and REST list the same rows (listings/users.py)."""

from __future__ import annotations

from typing import Final

from django.db.models import QuerySet

from seatkeeper.services import readings
from seatkeeper.services.applications import Which, find_application, find_refreshed
from seatkeeper.services.listings import users
from seatkeeper.services.listings.base import to_table
from seatkeeper.services.members import Who
from seatkeeper.store.models import SeatHolder
from seatkeeper.tabular.tables import Table

ROSTER: Final = {
    "User ID": "user_id",
    "Email": "email",
    "First Name": "first_name",
    "Last Name": "last_name",
    "Active Date": "active_date",
    "Blocked": "blocked",
    "Guest": "guest",
    "Department": "department",
    "Plans": "plans",
    "Active Date Source": "active_date_source",
    "Assigned By": "assigned_by",
    "Object ID": "object_id",
    "Groups": "groups",
}
ACCESS: Final = {
    "User ID": "user_id",
    "Last Login": "last_login",
    "Evidence": "evidence",
    "Observed Since": "observed_since",
    "Status": "status",
    "Last Possible": "last_possible",
    "Object ID": "object_id",
    "Last In Tenant": "last_in_tenant",
}


def roster(who: Who, which: Which) -> Table:
    """Application Roster: who holds a seat of the product."""
    return to_table(_rows(who, which), ROSTER, ("Active Date",))


def access(who: Who, which: Which) -> Table:
    """Application Access: when each seat holder last signed in, and how sure we are."""
    readings.note(who, users.LISTING, "exported", find_application(who, which).pk)
    return to_table(_rows(who, which), ACCESS, ("Last Login", "Observed Since", "Last Possible", "Last In Tenant"))


def _rows(who: Who, which: Which) -> QuerySet[SeatHolder]:
    """By name, which is the order in which a refresh writes them."""
    return SeatHolder.objects.filter(application=find_refreshed(who, which)).order_by("pk")
