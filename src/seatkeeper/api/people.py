"""Who holds seats, who signs in without one, and who is an employee, over REST."""

from __future__ import annotations

from ninja import Router

from seatkeeper.api.listings import offer
from seatkeeper.services.listings import employees, licenses, suspicious, users

TAG = "People and licences"
router = Router()

offer(router, "/applications/{application_id}/users", users.LISTING, users.rows)
offer(router, "/applications/{application_id}/licenses", licenses.LISTING, licenses.rows)
offer(router, "/applications/{application_id}/suspicious", suspicious.LISTING, suspicious.rows)
offer(router, "/suspicious", suspicious.LISTING, suspicious.rows, of_application=False)
offer(router, "/employees", employees.LISTING, employees.rows, of_application=False)
