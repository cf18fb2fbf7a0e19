"""What nobody comes back for is removed, and nothing else."""

from __future__ import annotations

import os
import time
from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone

from seatkeeper.jobs import housekeeping

from ..conftest import Database


def test_sessions_that_have_ended_and_old_uploads_go(database: Database) -> None:
    member = User.objects.create_user("a@example.com")
    for key, hours in (("ended", -1), ("alive", 1)):
        Session.objects.create(session_key=key, session_data="", expire_date=timezone.now() + timedelta(hours=hours))
        UserSession.objects.create(user=member, session_key=key, ip="192.0.2.1", user_agent="")
    old, new = (housekeeping.uploads() / name for name in ("1.1.old", "1.1.new"))
    for path in (old, new):
        path.write_bytes(b"x")
    os.utime(old, (time.time() - housekeeping.UPLOADS_KEPT - 1,) * 2)
    try:
        housekeeping.tidy()
        assert [each.session_key for each in Session.objects.all()] == ["alive"]
        assert [each.session_key for each in UserSession.objects.all()] == ["alive"]
        assert (old.exists(), new.exists()) == (False, True)
    finally:
        new.unlink()
