"""What a hash costs is meant for those who guess; tests make hundreds of them."""

from __future__ import annotations

from seatkeeper.web.accounts.passwords import BoundedArgon2


class CheapArgon2(BoundedArgon2):
    time_cost = 1
    memory_cost = 8
