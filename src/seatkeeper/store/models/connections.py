"""A vendor tenant, what is read of it, how each run ended, and the rows that were not understood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.db import models

from seatkeeper.store.models.organizations import Organization
from seatkeeper.store.models.owned import Owned


class Versioned(models.Model):
    """A row that people edit, perhaps two at once: whoever saves says which version they had read."""

    version = models.IntegerField(default=0, help_text="Grows with each change by a person.")

    class Meta:
        abstract = True

    def save_changes(self, values: Mapping[str, object]) -> list[str]:
        """Save what differs, and nothing else, so that nobody's change is undone; the names of it."""
        changed = [name for name, value in values.items() if getattr(self, name) != value]
        for name in changed:
            setattr(self, name, values[name])
        if changed:
            self.touch(*changed)
        return changed

    def touch(self, *changed: str) -> None:
        """Save these fields; whoever has read what was there before is told when they save."""
        self.version += 1
        self.save(update_fields=[*changed, "version"])


class Door(Owned, Versioned):
    """Where a tenant is signed in to, and with which credential; it opens nothing but the row that it was sealed for.

    `sealed_as` is the name that the credential is sealed under.
    """

    sealed_as: ClassVar[str]

    organization = models.ForeignKey(Organization, models.CASCADE, help_text="The organization whose tenant this is.")
    vendor = models.TextField(default="microsoft", help_text="Which vendor: microsoft.")
    tenant_id = models.TextField(help_text="The tenant as it was typed in: its id, or one of its names (a domain).")
    directory_id = models.TextField(
        default="",
        blank=True,
        help_text="The tenant's own id, whatever name it was typed in by; empty until the vendor has told it.",
    )
    client_id = models.TextField(help_text="The id of the app registration that we read the tenant as.")
    cloud = models.TextField(default="global", help_text="Which of the vendor's clouds: global, usgov, dod or china.")
    login_url = models.TextField(help_text="Origin of the service that gives out tokens.")
    graph_url = models.TextField(help_text="Origin of the service that we read; the token goes nowhere else.")
    ca_file = models.TextField(
        default="",
        blank=True,
        help_text="Certificates to trust instead of the public ones, as PEM text.",
    )
    credential_kind = models.TextField(help_text="What the credential is: secret, certificate, federated or delegated.")
    credential = models.BinaryField(
        default=b"",
        help_text="The credential, sealed for this organization and connection; empty until it is saved.",
    )
    credential_expires = models.BigIntegerField(
        null=True, help_text="When the vendor stops taking the credential; null when nobody told us."
    )
    created = models.BigIntegerField(help_text="When the connection was added here.")

    class Meta:
        abstract = True


class Connection(Door):
    """One vendor tenant with the credential we read it with."""

    sealed_as = "credential"

    duplicate_of = models.ForeignKey(
        "self", models.SET_NULL, null=True, help_text="The connection that reads the same tenant; null for none."
    )
    forget_at = models.BigIntegerField(
        null=True, help_text="When all of it is deleted unless somebody keeps it; null when it is kept."
    )
    log_since = models.BigIntegerField(
        null=True,
        help_text="From when on the vendor's log held sign-ins when it was last asked; null before that.",
    )
    pruned_until = models.BigIntegerField(
        null=True,
        help_text="Up to when sign-ins are kept as counts by day only, as the retention says; null for none yet.",
    )

    out_of_reach_until = models.BigIntegerField(
        null=True, help_text="Until when its tasks are left alone because it did not answer; null while it answers."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "vendor", "tenant_id"], name="one_connection_a_tenant"),
            models.UniqueConstraint(
                fields=["organization", "vendor", "directory_id"],
                condition=~models.Q(directory_id=""),
                name="one_connection_a_directory",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.vendor} {self.tenant_id}"


class Task(Owned):
    """What we read of a connection, who is at it now, and where to go on."""

    owner = "connection__organization_id"

    connection = models.ForeignKey(Connection, models.CASCADE, help_text="The connection that is read.")
    key = models.TextField(help_text="Which task: roster, access, licenses or activity.")
    enabled = models.BooleanField(default=True, help_text="Whether the operator ticked the task.")
    fence = models.BigIntegerField(
        default=0, help_text="Grows with each claim; a writer that holds an older number may not save."
    )
    lease_owner = models.TextField(
        default="",
        blank=True,
        help_text="The process that runs the task (machine, process, start); empty for none.",
    )
    lease_until = models.BigIntegerField(
        null=True,
        help_text="When the claim lapses unless its process renews it, by the database's clock; null for none.",
    )
    generation = models.IntegerField(default=0, help_text="The last published generation; 0 before the first.")
    enumeration = models.IntegerField(
        default=0, help_text="Number of the last full enumeration that was begun; never used twice."
    )
    checkpoint = models.TextField(
        null=True,
        help_text="Where the next run goes on, as JSON; saved with the rows it follows. Null at the start.",
    )
    full_read_at = models.BigIntegerField(
        null=True,
        help_text="When the last complete full read began, by the vendor's clock; null before the first.",
    )

    every_hours = models.IntegerField(default=24, help_text="How often the scheduler runs it, in hours.")
    paused = models.BooleanField(default=False, help_text="Whether the scheduler leaves it alone for now.")
    due = models.BigIntegerField(null=True, help_text="When the scheduler runs it next; null for as soon as it can.")
    asked_by = models.TextField(default="", blank=True, help_text="Who wants it run now; empty for nobody.")
    asked_full = models.BooleanField(default=False, help_text="Whether that run shall read everybody again.")
    failures = models.IntegerField(default=0, help_text="Runs in a row that failed: the wait grows with them.")
    stop_asked = models.BooleanField(default=False, help_text="Whether somebody wants the run under way to stop.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "key"], name="one_task_a_key")]

    def __str__(self) -> str:
        return self.key

    @property
    def worker(self) -> str:
        """Machine and process that are at it; empty for nobody."""
        machine, _, process = self.lease_owner.rpartition(":")[0].rpartition(":")
        return f"{machine.partition(':')[0]}, process {process}" if machine else self.lease_owner


class Run(Owned):
    """One execution of a task, and the one word it ended as."""

    organization = models.ForeignKey(Organization, models.CASCADE, help_text="The organization whose data was read.")
    task = models.ForeignKey(Task, models.CASCADE, help_text="The task that was run.")
    status = models.TextField(
        help_text="How it stands: running, held, or ended as complete, interrupted, refused or failed."
    )
    started = models.BigIntegerField(help_text="When it began.")
    ended = models.BigIntegerField(null=True, help_text="When it ended; null while it has not.")
    generation = models.IntegerField(default=0, help_text="The generation that it wrote; 0 when it writes none.")
    full = models.BooleanField(default=False, help_text="Whether it read everything, not only what changed.")
    share = models.FloatField(null=True, help_text="How much of the whole is done, 0 to 1; null when nobody can say.")
    asked_by = models.TextField(default="", help_text="Who asked for it: a member, the command line or the scheduler.")
    pages = models.BigIntegerField(default=0, help_text="Pages that were read and saved.")
    rows = models.BigIntegerField(default=0, help_text="Rows that the vendor sent.")
    kept = models.BigIntegerField(default=0, help_text="Rows that we keep.")
    quarantined = models.BigIntegerField(default=0, help_text="Rows that we did not understand and put aside.")
    requests = models.BigIntegerField(default=0, help_text="Requests that were sent to the vendor.")
    throttled = models.BigIntegerField(default=0, help_text="Answers that told us to slow down.")
    waited_ms = models.BigIntegerField(default=0, help_text="Milliseconds spent waiting for the vendor's limits.")
    added = models.BigIntegerField(default=0, help_text="Rows that were new.")
    changed = models.BigIntegerField(default=0, help_text="Rows that had changed.")
    gone = models.BigIntegerField(default=0, help_text="Rows that were there before and are not any more.")
    message = models.TextField(
        default="", blank=True, help_text="What an administrator is told: what, and how to mend it."
    )
    detail = models.TextField(
        default="",
        blank=True,
        help_text="What support needs: status, code, request id. Never a secret or a body.",
    )

    class Meta:
        indexes = [models.Index(fields=["task", "-started"], name="run_newest_of_a_task")]

    def __str__(self) -> str:
        return f"{self.status} run {self.pk}"


class RequestWindow(models.Model):
    """The requests of the last seconds under one of the vendor's limits, shared by all processes."""

    client_id = models.TextField(help_text="The app registration that the limit is for.")
    tenant_id = models.TextField(help_text="The tenant that the limit is for; empty for the limit over all tenants.")
    spent = models.TextField(
        default="[]", help_text="Requests that still count, as JSON: when each was answered (or sent), and whether."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client_id", "tenant_id"], name="one_window_a_limit")]

    def __str__(self) -> str:
        return f"{self.client_id} {self.tenant_id}"


class Quarantine(Owned):
    """A row that we did not understand, kept once however often the vendor sends it."""

    owner = "connection__organization_id"

    connection = models.ForeignKey(
        Connection, models.CASCADE, db_index=False, help_text="The connection that it was read with."
    )
    task = models.TextField(help_text="Key of the task that read it.")
    run = models.ForeignKey(Run, models.CASCADE, help_text="The last run that met it.")
    raw = models.BinaryField(help_text="The row as it came, at most its first 64 KiB.")
    reason = models.TextField(help_text="What we did not understand.")
    digest = models.BinaryField(help_text="SHA-256 of the whole row: the same row is the same digest.")
    first_seen = models.BigIntegerField(help_text="When we first met it.")
    last_seen = models.BigIntegerField(help_text="When we last met it.")
    resolved = models.BooleanField(
        default=False, help_text="Whether it was dealt with: understood since, or the vendor sends it no more."
    )
    tried_with = models.TextField(
        default="", help_text="The program's version and product data that failed to understand it last."
    )

    class Meta:
        verbose_name_plural = "quarantine"
        constraints = [models.UniqueConstraint(fields=["connection", "task", "digest"], name="one_quarantine_a_row")]

    def __str__(self) -> str:
        return self.reason

    @property
    def row(self) -> str:
        """The row as text, whatever it holds."""
        return bytes(self.raw).decode(errors="backslashreplace")
