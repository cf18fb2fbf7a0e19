"""Evidence of use: sign-ins with their coverage and counts by day, uploaded reports, last sign-ins of accounts."""

from __future__ import annotations

from django.db import models

from seatkeeper.store.models.applications import Application
from seatkeeper.store.models.connections import Connection, Run
from seatkeeper.store.models.fields import bulk_connection
from seatkeeper.store.models.owned import Owned


class ApplicationSet(models.Model):
    """A set of applications that readings of sign-ins asked for. Thousands of readings share one."""

    digest = models.TextField(unique=True, help_text="Short name of the members: the set may be too long for an index.")
    members = models.TextField(
        help_text="The applications as JSON, sorted: each a list of its id, the kind of sign-in and the side of it."
    )

    def __str__(self) -> str:
        return self.members


class Coverage(Owned):
    """A span of time in which the sign-ins to a set of applications were read to the end."""

    owner = "connection__organization_id"

    connection = models.ForeignKey(
        Connection, models.CASCADE, db_index=False, help_text="The connection that was read."
    )
    asked = models.ForeignKey(
        ApplicationSet, models.PROTECT, db_index=False, help_text="The applications whose sign-ins were asked for."
    )
    start = models.BigIntegerField(help_text="First instant of the span, itself included.")
    end = models.BigIntegerField(help_text="Last instant of the span, itself included.")
    read_at = models.BigIntegerField(
        help_text="When the read of the span began, by the vendor's clock: later arrivals are not in it."
    )
    late = models.BigIntegerField(
        default=0,
        help_text="Sign-ins that an earlier reading of the stretch did not hold: they came late.",
    )
    longest_late = models.BigIntegerField(
        default=0, help_text="The longest such delay that this reading proves, in ticks: at least so late did one come."
    )
    run = models.ForeignKey(Run, models.CASCADE, help_text="The run that read it.")

    class Meta:
        verbose_name_plural = "coverage"
        indexes = [models.Index(fields=["connection", "start"], name="coverage_in_order")]

    def __str__(self) -> str:
        return f"{self.start}-{self.end}"


class SignInApp(models.Model):
    """What people sign in to; its id stands in for its name in a million sign-ins."""

    id = models.SmallAutoField(primary_key=True, help_text="Number of the application.")
    guid = models.TextField(
        unique=True, help_text="The vendor's id of the client application, or the name of an AppUse."
    )

    def __str__(self) -> str:
        return self.guid


class SignIn(Owned):
    """One sign-in event; fields are those of `seatkeeper.model.SignIn`.

    The time comes before the event in the key: sign-ins are read in the order of time, so a page of them lands on
    a few neighbouring pages of the database. Sorted by event, or with an index by account, each row would touch
    pages of its own, at six times the cost. That an event is kept once although its time is in the key is seen to
    when it is saved (bulk/sign_ins.py).
    """

    owner = "connection__organization_id"

    pk = models.CompositePrimaryKey("connection_id", "created", "event")
    connection = bulk_connection()
    created = models.BigIntegerField(help_text="When it happened, by the vendor's clock.")
    event = models.BinaryField(help_text="The vendor's id of the event, compact.")
    account = models.BinaryField(help_text="Key of the account that signed in.")
    app = models.ForeignKey(
        SignInApp,
        models.PROTECT,
        db_constraint=False,  # for the reason given in fields.bulk_connection
        db_index=False,
        related_name="+",
        help_text="The application that was signed in to.",
    )
    error_code = models.IntegerField(help_text="0 when the person got in, else the vendor's number for why not.")
    upn = models.TextField(help_text="The name that was signed in with, as it was then.")

    def __str__(self) -> str:
        return self.upn


class UseDay(Owned):
    """The successes of an account at an application on a day (UTC), counted from the sign-ins.

    The day comes before the account in the key, so that the days just read lie together; a person's days are found
    by one look-up a day.
    """

    owner = "connection__organization_id"

    pk = models.CompositePrimaryKey("connection_id", "day", "account", "app_id")
    connection = bulk_connection()
    day = models.IntegerField(help_text="Days since 1970-01-01.")
    account = models.BinaryField(help_text="Key of the account.")
    app_id = models.SmallIntegerField(help_text="Number of the application that was signed in to.")
    sign_ins = models.IntegerField(help_text="How many successes.")
    oldest = models.BigIntegerField(help_text="The oldest of them.")
    newest = models.BigIntegerField(help_text="The newest of them.")

    def __str__(self) -> str:
        return f"{self.day}"


class UncountedDay(Owned):
    """A day whose sign-ins changed since they were counted. Saved with the sign-ins, deleted with the count.

    Between them an interrupted reading, which covers nothing, is counted as well.
    """

    owner = "connection__organization_id"

    pk = models.CompositePrimaryKey("connection_id", "day")
    connection = bulk_connection()
    day = models.IntegerField(help_text="Days since 1970-01-01.")

    def __str__(self) -> str:
        return f"{self.day}"


class NewestUse(Owned):
    """The newest success of an account at an application, of all days that were counted (UseDay)."""

    owner = "connection__organization_id"

    pk = models.CompositePrimaryKey("connection_id", "account", "app_id")
    connection = bulk_connection()
    account = models.BinaryField(help_text="Key of the account.")
    app_id = models.SmallIntegerField(help_text="Number of the application that was signed in to.")
    newest = models.BigIntegerField(help_text="When that was.")

    def __str__(self) -> str:
        return bytes(self.account).hex()


class ProductActivity(Owned):
    """A row of the admin centre's activity report of the product, as uploaded last: when a person used it, and how."""

    owner = "application__organization_id"

    application = models.ForeignKey(Application, models.CASCADE, db_index=False, help_text="Which application.")
    user_id = models.TextField(help_text="User principal name in lower case.")
    account = models.BinaryField(
        null=True, help_text="Key of the account that had the name when it was uploaded; null for none on the roster."
    )
    last = models.BigIntegerField(null=True, help_text="Last activity date; null for none in the period.")
    desktop = models.IntegerField(help_text="Projects opened in the desktop client.")
    web = models.IntegerField(help_text="Projects visited, and tasks created or edited, on the web.")
    other = models.BooleanField(help_text="Whether there was activity of another kind.")
    period_days = models.IntegerField(help_text="How many days the report looks back.")
    until = models.BigIntegerField(help_text="The last day that the report covers.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "user_id"], name="one_activity_a_person")]

    def __str__(self) -> str:
        return self.user_id


class LastUse(Owned):
    """The newest use of something by an account, as a signal told it last."""

    owner = "connection__organization_id"

    connection = models.ForeignKey(Connection, models.CASCADE, db_index=False, help_text="Whose tenant.")
    signal = models.TextField(help_text="Key of the task that reads the signal.")
    account = models.BinaryField(help_text="Key of the account.")
    used = models.TextField(
        help_text="What was used, in the vendor's words; empty for anything that the signal is about."
    )
    last = models.BigIntegerField(help_text="When that was; where no success is told, the newest try.")
    read_at = models.BigIntegerField(help_text="When the run began that was told so, by the vendor's clock.")
    until = models.BigIntegerField(null=True, help_text="Up to when the vendor knew, where its answer said so.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "signal", "account", "used"], name="one_last_use_each")
        ]

    def __str__(self) -> str:
        return bytes(self.account).hex()


class AccountFact(Owned):
    """What a signal tells of an account besides its use, such as whose mailbox it has, as it was told last."""

    owner = "connection__organization_id"

    connection = models.ForeignKey(Connection, models.CASCADE, db_index=False, help_text="Whose tenant.")
    signal = models.TextField(help_text="Key of the task that reads the signal.")
    account = models.BinaryField(help_text="Key of the account.")
    name = models.TextField(help_text="What is told: the name of a Fact.")
    value = models.TextField(help_text="What it is, as text.")
    read_at = models.BigIntegerField(help_text="When the run began that was told so, by the vendor's clock.")
    until = models.BigIntegerField(null=True, help_text="Up to when the vendor knew, where its answer said so.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "signal", "account", "name"], name="one_fact_each")
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"
