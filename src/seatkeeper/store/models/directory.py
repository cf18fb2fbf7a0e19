"""What the vendor says of accounts, seats and subscriptions."""

from __future__ import annotations

from django.db import models

from seatkeeper.store.models.connections import Connection
from seatkeeper.store.models.fields import RowId, bulk_connection
from seatkeeper.store.models.owned import Owned


class Account(Owned):
    """A version of a person's (or machine's) account in the tenant, with the fields of `model.Account`.

    A text is null when the vendor sent none, and empty when it sent an empty one.
    """

    owner = "connection__organization_id"

    id = RowId(primary_key=True, help_text="Number of the row.")
    connection = bulk_connection()
    key = models.BinaryField(help_text="The vendor's id of the account, compact.")
    since = models.IntegerField(help_text="The generation in which this version began.")
    until = models.IntegerField(
        help_text="The first generation in which it no longer holds; 2147483647 while it is current."
    )
    seen = models.IntegerField(help_text="Number of the last full enumeration that saw this version.")
    first_seen = models.BigIntegerField(
        help_text="When we first read this version; the earliest of an account says when we first saw it."
    )
    upn = models.TextField(null=True, help_text="User principal name: the name a person signs in with (User ID).")
    mail = models.TextField(null=True, help_text="E-mail address.")
    given_name = models.TextField(null=True, help_text="First name.")
    surname = models.TextField(null=True, help_text="Last name.")
    display_name = models.TextField(null=True, help_text="The name shown in address books.")
    enabled = models.BooleanField(null=True, help_text="Whether the account may sign in; false is a blocked user.")
    user_type = models.TextField(null=True, help_text="Member or Guest.")
    created = models.BigIntegerField(null=True, help_text="When the vendor made the account.")
    department = models.TextField(null=True, help_text="Department.")
    usage_location = models.TextField(null=True, help_text="Country the licences are used in, two letters.")
    licensing = models.TextField(
        null=True, help_text="What the vendor said of the plans and SKUs that we manage, as compact JSON."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "key", "since"], name="account_version")]

    def __str__(self) -> str:
        return self.upn or f"account {self.pk}"


class Seat(Owned):
    """A version of an assignment of a SKU that carries a managed product, with the fields of `model.Seat`."""

    owner = "connection__organization_id"

    id = RowId(primary_key=True, help_text="Number of the row.")
    connection = bulk_connection()
    since = models.IntegerField(help_text="The generation in which this version began.")
    until = models.IntegerField(
        help_text="The first generation in which it no longer holds; 2147483647 while it is current."
    )
    account = models.BinaryField(help_text="Key of the account that holds the seat.")
    sku = models.BinaryField(help_text="Key of the SKU that was assigned.")
    product = models.TextField(help_text="Key of the product that the SKU carries.")
    kind = models.TextField(help_text="Why it counts: seat, unlisted, or other-product (listed apart).")
    plans = models.TextField(help_text="Names of the product's plans in force, comma separated.")
    active = models.BigIntegerField(null=True, help_text="Active Date; null when no date of the vendor's says it.")
    active_source = models.TextField(
        help_text="Its ground: plan assigned, licence state changed, account created, or empty."
    )
    assigned_by = models.TextField(help_text="direct, group, both, or empty when the vendor did not say.")
    state = models.TextField(help_text="The vendor's word on the assignment: Active, Disabled, Error, … or empty.")
    error = models.TextField(help_text="The vendor's word on what is wrong with the assignment, or empty.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "account", "sku", "product", "since"], name="seat_version")
        ]
        # Every question about a product's seats in a generation is answered from here, without a look at the rows.
        indexes = [
            models.Index(
                fields=["connection", "product", "account", "sku", "since", "until", "kind"], name="seat_by_product"
            )
        ]

    def __str__(self) -> str:
        return f"{self.product} seat {self.pk}"


class Subscription(Owned):
    """A version of what was bought of a SKU; fields are those of `seatkeeper.model.Subscription`."""

    owner = "connection__organization_id"

    connection = models.ForeignKey(
        Connection, models.CASCADE, db_index=False, help_text="The connection that it was read with."
    )
    since = models.IntegerField(help_text="The generation in which this version began.")
    until = models.IntegerField(
        help_text="The first generation in which it no longer holds; 2147483647 while it is current."
    )
    sku = models.BinaryField(help_text="Key of the SKU.")
    part_number = models.TextField(help_text="The vendor's short name of the SKU, such as PROJECTPROFESSIONAL.")
    status = models.TextField(help_text="The vendor's word on it: Enabled, Warning, Suspended, Deleted, LockedOut.")
    enabled = models.BigIntegerField(help_text="Units bought and in force.")
    warning = models.BigIntegerField(help_text="Units in the grace period after their end.")
    suspended = models.BigIntegerField(help_text="Units that were cancelled and can still be taken up again.")
    locked_out = models.BigIntegerField(help_text="Units that the vendor locked.")
    consumed = models.BigIntegerField(help_text="Units that are assigned.")
    plans = models.TextField(help_text="Ids of the service plans it carries, comma separated.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "sku", "since"], name="subscription_version")]

    def __str__(self) -> str:
        return self.part_number


class Renewal(Owned):
    """One commercial subscription of the tenant, with the day on which it renews or ends."""

    owner = "connection__organization_id"

    connection = models.ForeignKey(Connection, models.CASCADE, help_text="Whose tenant.")
    subscription = models.TextField(help_text="The vendor's id of the subscription.")
    sku = models.BinaryField(help_text="Key of the SKU.")
    part_number = models.TextField(help_text="Its part number.")
    status = models.TextField(help_text="The vendor's word: Enabled, Warning, Suspended and others.")
    total = models.IntegerField(help_text="Seats bought with it.")
    trial = models.BooleanField(help_text="Whether it is a trial.")
    next_lifecycle = models.BigIntegerField(null=True, help_text="When it renews or ends; null when nobody says.")
    read_at = models.BigIntegerField(help_text="When it was read.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "subscription"], name="one_renewal_a_subscription")
        ]

    def __str__(self) -> str:
        return self.part_number


class LicenseGroup(Owned):
    """A group that gives licences, as it was called when it was read last.

    Of one that was read and is there no more, the name that it had is kept.
    """

    owner = "connection__organization_id"

    connection = models.ForeignKey(Connection, models.CASCADE, db_index=False, help_text="Whose tenant.")
    key = models.BinaryField(help_text="Key of the group.")
    name = models.TextField(help_text="Its name; empty when the vendor told none.")
    deleted = models.BooleanField(help_text="Whether the vendor did not know it any more.")
    read_at = models.BigIntegerField(help_text="When it was read.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "key"], name="one_row_a_group")]

    def __str__(self) -> str:
        return self.name


class SkuList(models.Model):
    """What the imported lists of a vendor's SKUs say together, for all organizations; see connectors/sku_lists.py."""

    vendor = models.TextField(unique=True, help_text="Key of the vendor.")
    imported = models.BigIntegerField(help_text="When the last list was imported.")
    file = models.TextField(help_text="Name of its file.")
    digest = models.TextField(help_text="SHA-256 of its file.")
    number = models.IntegerField(help_text="SKUs that it names: a much shorter one is refused.")
    skus = models.TextField(help_text="The SKUs as JSON: each a list of its id, part number, title and plan ids.")

    def __str__(self) -> str:
        return f"{self.vendor} {self.file}"
