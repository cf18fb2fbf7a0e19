"""What pages, REST, commands and notices read: stored by each refresh."""

from __future__ import annotations

from django.db import models

from seatkeeper.amounts import Money
from seatkeeper.model import Certainty
from seatkeeper.store.models.applications import Application
from seatkeeper.store.models.fields import MoneyField, bulk_connection
from seatkeeper.store.models.owned import Owned


class SeatHolder(Owned):
    """A person on an application's roster, as the last reading and its evidence show them.

    Each refresh replaces them (reporting/refresh.py), so that a page of a large roster is one indexed query.
    """

    owner = "application__organization_id"

    application = models.ForeignKey(Application, models.CASCADE, db_index=False, help_text="Whose roster.")
    account = models.BinaryField(help_text="Key of the account.")
    object_id = models.TextField(help_text="The vendor's id of the account, as text.")
    user_id = models.TextField(help_text="User principal name.")
    email = models.TextField(help_text="Mail address, or empty.")
    first_name = models.TextField(help_text="First name, or empty.")
    last_name = models.TextField(help_text="Last name, or empty.")
    department = models.TextField(help_text="Department, or empty.")
    location = models.TextField(help_text="Country the account is used in, two letters, or empty.")
    cost_center = models.TextField(default="", help_text="Cost centre by the list of employees, or empty.")
    blocked = models.BooleanField(help_text="Whether the account may not sign in.")
    guest = models.BooleanField(help_text="Whether the person is a guest of the tenant.")
    plans = models.TextField(help_text="Titles of the SKUs held, separated by semicolons.")
    skus = models.TextField(help_text="Ids of the SKUs held, separated by spaces.")
    assigned_by = models.TextField(help_text="direct, group, both, or empty.")
    groups = models.TextField(default="", help_text="Titles of the groups that give them, separated by semicolons.")
    group_ids = models.TextField(default="", help_text="Ids of these groups, each between spaces.")
    active_date = models.BigIntegerField(null=True, help_text="Active Date.")
    active_date_source = models.TextField(help_text="What the Active Date stands on.")
    signals = models.JSONField(
        default=dict, help_text="What each signal says, by its key: the newest use (last), and up to when it knows."
    )
    last_login = models.BigIntegerField(null=True, help_text="Newest success at the product itself.")
    last_reported = models.BigIntegerField(null=True, help_text="Last day of activity, by the vendor's own report.")
    last_possible = models.BigIntegerField(null=True, help_text="Newest success at an ambiguous application.")
    last_in_tenant = models.BigIntegerField(null=True, help_text="Newest success anywhere in the tenant, if read.")
    last_activity = models.BigIntegerField(
        null=True, help_text="The newest use that any signal shows, be it possible only."
    )
    evidence = models.TextField(help_text="confirmed, possible, none seen or not observable yet.")
    observed_since = models.BigIntegerField(null=True, help_text="From when on a sign-in would have been seen.")
    status = models.TextField(help_text="active, possibly active, inactive, never seen or not observable.")
    cost = MoneyField(default=Money, help_text="What the person's seats cost.")
    idle_skus = models.TextField(default="", help_text="Ids of those of the SKUs whose seat is idle, with spaces.")
    words = models.TextField(help_text="Names and addresses in lower case, to search in.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "account"], name="one_holding_a_person")]
        # Rows are written in this order, so the index leads through the table from its beginning to its end: what
        # has to look at every row of an application does so at a third of the cost of another index.
        indexes = [models.Index(fields=["application", "user_id"], name="holding_by_user")]

    def __str__(self) -> str:
        return self.user_id

    @property
    def monthly_cost(self) -> str:
        return self.cost.a_month


class UnlicensedUser(Owned):
    """Somebody who signed in to a product without a seat on its roster, or who should not have."""

    owner = "application__organization_id"

    application = models.ForeignKey(Application, models.CASCADE, db_index=False, help_text="Which application.")
    account = models.BinaryField(help_text="Key of the account.")
    object_id = models.TextField(help_text="The vendor's id of the account, as text.")
    user_id = models.TextField(help_text="User principal name, or the id when nobody knows a name.")
    first_name = models.TextField(default="", help_text="First name, or empty.")
    last_name = models.TextField(default="", help_text="Last name, or empty.")
    type = models.TextField(help_text="Unknown, Unrecognized, Unauthorized or Recognized.")
    sign_ins = models.IntegerField(help_text="How many successes were seen.")
    first_seen = models.BigIntegerField(help_text="The first of them.")
    last_seen = models.BigIntegerField(help_text="The newest of them.")
    state = models.TextField(help_text="open, former holder, other licence or recognized.")
    held_until = models.BigIntegerField(
        null=True, help_text="When their last seat was gone; null where none was known."
    )
    words = models.TextField(help_text="Names in lower case, to search in.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "account"], name="one_stranger_an_account")]

    def __str__(self) -> str:
        return self.user_id


class DailySummary(Owned):
    """How an application stood on a day: the counts that the list, the overview and its chart over time show."""

    owner = "application__organization_id"

    application = models.ForeignKey(Application, models.CASCADE, help_text="Which application.")
    day = models.IntegerField(help_text="Days since 1970-01-01.")
    refreshed = models.BigIntegerField(help_text="When it was refreshed last.")
    generation = models.IntegerField(help_text="The generation of the roster that it shows.")
    licenses = models.IntegerField(default=0, help_text="The generation of the licences that it shows.")
    coverage = models.BigIntegerField(default=0, help_text="Number of the newest reading of sign-ins that it shows.")
    signals = models.TextField(default="", help_text="Which uploaded report and account activity it shows.")
    digest = models.TextField(default="", help_text="Short name of all that it was computed from.")
    bought = models.IntegerField(help_text="Seats bought, in force or in grace.")
    assigned = models.IntegerField(help_text="Seats assigned, as the vendor counts them.")
    holders = models.IntegerField(help_text="People on the roster.")
    active = models.IntegerField(help_text="Of them: active.")
    possibly_active = models.IntegerField(help_text="Of them: possibly active.")
    inactive = models.IntegerField(help_text="Of them: inactive.")
    never_seen = models.IntegerField(help_text="Of them: never seen.")
    not_observable = models.IntegerField(help_text="Of them: not observable.")
    suspicious = models.IntegerField(help_text="Suspicious activities that are open.")
    findings = models.IntegerField(help_text="Findings that are open.")
    bought_cost = MoneyField(default=Money, help_text="What the seats bought cost.")
    idle_cost = MoneyField(default=Money, help_text="What the idle ones of them cost.")
    could_save = MoneyField(default=Money, help_text="What findings could save.")
    saved = MoneyField(default=Money, help_text="What was given back so far.")
    observed_from = models.BigIntegerField(null=True, help_text="Begin of the stretch of complete sign-ins.")
    observed_until = models.BigIntegerField(null=True, help_text="Its end.")
    skus = models.TextField(help_text="The same counts for each SKU, with the parts of its seats, as JSON.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "day"], name="one_standing_a_day")]

    def __str__(self) -> str:
        return f"{self.application_id} {self.day}"


class ProductDay(Owned):
    """How much a product was used on a day (UTC), by how many people; counted together with UseDay."""

    owner = "connection__organization_id"

    pk = models.CompositePrimaryKey("connection_id", "product", "day")
    connection = bulk_connection()
    product = models.TextField(help_text="Key of the product.")
    day = models.IntegerField(help_text="Days since 1970-01-01.")
    sign_ins = models.IntegerField(help_text="Successes at the product itself.")
    people = models.IntegerField(help_text="Accounts that they were of.")
    possible = models.IntegerField(help_text="Successes at applications that several products share.")

    def __str__(self) -> str:
        return f"{self.product} {self.day}"


class Finding(Owned):
    """What an insight says of a seat or a purchase, from the run that first showed it to the one that no longer did."""

    owner = "application__organization_id"

    application = models.ForeignKey(Application, models.CASCADE, db_index=False, help_text="Whose seat.")
    key = models.TextField(help_text="Which insight: unused, never-seen and others.")
    subject = models.TextField(help_text="What it is about: the account's id and the SKU's, as far as there are any.")
    object_id = models.TextField(default="", help_text="The vendor's id of the account, or empty.")
    user_id = models.TextField(default="", help_text="User principal name, or empty.")
    plan = models.TextField(help_text="Title of the SKU or SKUs.")
    evidence = models.TextField(default="", help_text="How sure we are of the use of the seat.")
    observed_since = models.BigIntegerField(null=True, help_text="From when on a sign-in would have been seen.")
    last_login = models.BigIntegerField(null=True, help_text="Newest success at the product itself.")
    last_use = models.BigIntegerField(
        null=True, help_text="Newest use, sure or possible, that was known when it was found last."
    )
    cost = MoneyField(default=Money, help_text="What the seats cost that it is about.")
    frees = models.TextField(default="", help_text="Ids of the SKUs of which following it gives a seat back.")
    seats = models.IntegerField(default=0, help_text="How many seats that are; each is at its surest finding only.")
    could_save = MoneyField(default=Money, help_text="What they cost.")
    advice = models.TextField(help_text="What to do.")
    state = models.TextField(help_text="open, accepted, excepted, unproven or resolved.")
    returns_to = models.TextField(
        default="", blank=True, help_text="While it is unproven: the state it had, and has again once it is found."
    )
    first_seen = models.BigIntegerField(help_text="When it was found first.")
    last_seen = models.BigIntegerField(help_text="When it was found last.")
    resolved = models.BigIntegerField(null=True, help_text="When a later roster showed it no more.")
    words = models.TextField(help_text="Names in lower case, to search in.")
    certainty = models.IntegerField(default=0, help_text="1 certain, 2 ask first, 3 possible; 0 of an earlier version.")
    saves = models.FloatField(default=0, help_text="What could be saved a year as a number, only to sort by.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "key", "subject"],
                condition=models.Q(resolved=None),
                name="one_open_finding_a_subject",
            )
        ]
        indexes = [models.Index(fields=["application", "state", "key"], name="finding_by_state")]

    def __str__(self) -> str:
        return f"{self.key} {self.user_id}"

    @property
    def how_sure(self) -> str:
        return Certainty(self.certainty).title if self.certainty else ""

    @property
    def monthly_cost(self) -> str:
        return self.cost.a_month


class FindingEvent(Owned):
    """A step in the life of a finding: found, accepted, excepted, open again, resolved."""

    owner = "finding__application__organization_id"

    finding = models.ForeignKey(Finding, models.CASCADE, help_text="Which finding.")
    at = models.BigIntegerField(help_text="When.")
    by = models.TextField(help_text="Who, or the run that showed it.")
    state = models.TextField(help_text="The state it went to.")
    note = models.TextField(default="", blank=True, help_text="Why, where somebody said so.")

    def __str__(self) -> str:
        return self.state


class Saving(Owned):
    """A seat that was given back after a finding spoke of it, as a later roster showed: what was saved, measured."""

    owner = "application__organization_id"

    application = models.ForeignKey(Application, models.CASCADE, db_index=False, help_text="Whose seat.")
    day = models.IntegerField(help_text="When the roster showed it no more, in days since 1970-01-01.")
    object_id = models.TextField(help_text="The vendor's id of the account that had it.")
    user_id = models.TextField(help_text="User principal name.")
    part_number = models.TextField(help_text="The SKU, by its part number.")
    sku = models.TextField(default="", help_text="The SKU's id; empty where an earlier version noted none.")
    finding = models.TextField(help_text="Key of the finding that spoke of it.")

    class Meta:
        indexes = [models.Index(fields=["application", "day"], name="saving_by_day")]

    def __str__(self) -> str:
        return f"{self.part_number} of {self.user_id}"
