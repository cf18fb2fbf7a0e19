"""Whose a row is. Every table says how its organization is reached, so nobody writes that into a query by hand."""

from __future__ import annotations

from typing import ClassVar, Protocol, Self, TypeVar

from django.db import models


class InOrganization(Protocol):
    """Somebody or something of one organization: whoever asks, or a row such as an application."""

    @property
    def organization_id(self) -> int: ...


M = TypeVar("M", bound="Owned")


class OwnedManager(models.Manager[M]):
    def of(self, who: InOrganization) -> models.QuerySet[M]:
        """The rows of the organization, and no others: `Finding.objects.of(who)`."""
        return self.filter(**{self.model.owner: who.organization_id})


class Owned(models.Model):
    """A table whose rows belong to an organization."""

    owner: ClassVar[str] = "organization_id"  # the way to the organization's id, as a query writes it

    objects: ClassVar[OwnedManager[Self]] = OwnedManager()

    class Meta:
        abstract = True
