"""What is left behind and nobody comes back for: sessions that have ended, and uploads that were not imported."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone

from seatkeeper.settings import SEATKEEPER

EVERY: Final = 3600.0  # seconds
UPLOADS_KEPT: Final = 3600  # seconds between the preview and the import


def tidy() -> None:
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    sweep_uploads()


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
