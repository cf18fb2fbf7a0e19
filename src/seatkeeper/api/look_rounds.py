"""What becomes of a look round, over REST. It begins with somebody in front of a browser or a terminal, so not here."""

from __future__ import annotations

from typing import Any

from ninja import Router, Status

from seatkeeper.api.access import Called
from seatkeeper.api.listings import REFUSALS
from seatkeeper.services import look_rounds

TAG = "Tenants"
router = Router()


@router.post("/connections/{connection_id}/keep", response={204: None, **REFUSALS}, summary="Keep a tenant")
def keep(request: Called, connection_id: int) -> Any:
    """Read a tenant regularly that somebody looked round in."""
    look_rounds.keep(request.auth, connection_id)
    return Status(204, None)


@router.post("/connections/{connection_id}/forget", response={204: None, **REFUSALS}, summary="Forget a tenant")
def forget(request: Called, connection_id: int) -> Any:
    """Delete everything that was read of a tenant that somebody looked round in, and the sign-in with it."""
    look_rounds.forget(request.auth, connection_id)
    return Status(204, None)
