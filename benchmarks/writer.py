"""A process that saves pages of sign-ins into the large tenant, as fast as a sync that nobody slows down."""

from __future__ import annotations

import os
import sys
import time

from benchmarks.large import DAYS, NOW, Size, _sign_ins, open_store

PAGE = 1000
PAUSE = 0.2  # a page of a thousand sign-ins takes the vendor longer than that


def main() -> None:
    engine, folder = sys.argv[1:3]
    open_store(engine, folder)
    from django.db import transaction

    from seatkeeper.clock import days
    from seatkeeper.model import to_instant
    from seatkeeper.store import bulk
    from seatkeeper.store.models import Application

    link = Application.objects.get(name="Large").connection_id
    rows = _sign_ins(Size(200_000, 50_000, 2_000_000), to_instant(NOW) + days(DAYS) + os.getpid())
    print("writing", flush=True)
    while True:
        page = [row._replace(event=os.urandom(16)) for row, _ in zip(rows, range(PAGE), strict=False)]
        with transaction.atomic():
            bulk.save_sign_ins(link, page)
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
