"""What is left behind and nobody comes back for: sessions that have ended, uploads that were not imported, tenants
that somebody looked round in and did not keep, and data older than it is to be kept. Before it goes, a backup is made
if one is due.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from seatkeeper.clock import system_clock
from seatkeeper.jobs import backups, pruning
from seatkeeper.settings import SEATKEEPER
from seatkeeper.store.erasing import erase_after_commit
from seatkeeper.store.models import AuditEvent, Connection

UPLOADS_KEPT: Final = 3600  # seconds between the preview and the import


def tidy(stop: Callable[[], bool] = lambda: False) -> None:
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    sweep_uploads()
    forget_look_rounds()
    backups.make_due()
    pruning.prune(stop=stop)


def forget_look_rounds() -> None:
    """Delete what was read of tenants that nobody has kept in time."""
    due = Connection.objects.filter(forget_at__lte=system_clock())
    for pk in list(due.order_by("forget_at").values_list("pk", flat=True)):
        with transaction.atomic():
            if (connection := due.select_for_update().filter(pk=pk).first()) is None:
                continue  # somebody has kept it just now
            AuditEvent.objects.create(
                organization_id=connection.organization_id,
                at=system_clock(),
                who="Seatkeeper",
                action="connection.forgotten",
                subject=connection.tenant_id,
                detail="nobody kept it in time",
            )
            connection.delete()
            erase_after_commit()


def uploads() -> Path:
    folder = SEATKEEPER.home / "uploads"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def sweep_uploads() -> None:
    for path in uploads().iterdir():
        try:
            if path.stat().st_mtime < time.time() - UPLOADS_KEPT:
                path.unlink()
        except FileNotFoundError:
            continue
