from __future__ import annotations

from django.db import models

from seatkeeper.store.models.application import Application


class Standing(models.Model):
    """How an application stood on a day: the counts that the list, the overview and its chart over time show."""

    application = models.ForeignKey(Application, models.CASCADE, help_text="Which application.")
    day = models.IntegerField(help_text="Days since 1970-01-01.")
    drawn = models.BigIntegerField(help_text="When it was drawn last.")
    generation = models.IntegerField(help_text="The generation of the roster that it shows.")
    licenses = models.IntegerField(default=0, help_text="The generation of the licences that it shows.")
    coverage = models.BigIntegerField(default=0, help_text="Number of the newest reading of sign-ins that it shows.")
    digest = models.TextField(default="", help_text="Short name of all it was drawn from.")
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
    annual_cost = models.TextField(default="", help_text="What was bought costs a year, with currency.")
    idle_cost = models.TextField(default="", help_text="What nobody uses or holds costs a month, with currency.")
    potential = models.TextField(default="", help_text="What open findings could save a month, with currency.")
    saved = models.TextField(default="", help_text="What was given back so far cost a month, with currency.")
    observed_from = models.BigIntegerField(null=True, help_text="Begin of the stretch of complete sign-ins.")
    observed_until = models.BigIntegerField(null=True, help_text="Its end.")
    skus = models.TextField(help_text="The same counts for each SKU, as JSON.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "day"], name="one_standing_a_day")]

    def __str__(self) -> str:
        return f"{self.application_id} {self.day}"
