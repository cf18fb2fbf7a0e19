"""The tables, one noun a file. Each column's `help_text` is its entry in the data dictionary.

Times are Instants (ticks of 100 ns since 1970 UTC) and keys are compact ids, both as in `seatkeeper.model`.
Roster tables keep versions: a reader at published generation G sees the rows with `since` <= G < `until`.
"""

from __future__ import annotations

from seatkeeper.store.models.account import Account
from seatkeeper.store.models.account_activity import AccountActivity
from seatkeeper.store.models.api_token import ApiToken
from seatkeeper.store.models.application import Application
from seatkeeper.store.models.audit_event import AuditEvent
from seatkeeper.store.models.connection import Connection
from seatkeeper.store.models.coverage import Coverage
from seatkeeper.store.models.employee import Employee
from seatkeeper.store.models.exemption import Exemption
from seatkeeper.store.models.finding import Finding
from seatkeeper.store.models.finding_event import FindingEvent
from seatkeeper.store.models.holding import Holding
from seatkeeper.store.models.membership import Membership
from seatkeeper.store.models.newest_use import NewestUse
from seatkeeper.store.models.notice import Notice, NoticeDelivery, NoticeTarget
from seatkeeper.store.models.organization import Organization
from seatkeeper.store.models.price import Price
from seatkeeper.store.models.product_activity import ProductActivity
from seatkeeper.store.models.product_day import ProductDay
from seatkeeper.store.models.quarantine import Quarantine
from seatkeeper.store.models.reclaim_plan import ReclaimItem, ReclaimPlan
from seatkeeper.store.models.recognition import Recognition
from seatkeeper.store.models.renewal import Renewal
from seatkeeper.store.models.request_window import RequestWindow
from seatkeeper.store.models.run import Run
from seatkeeper.store.models.saved_view import SavedView
from seatkeeper.store.models.saving import Saving
from seatkeeper.store.models.seat import Seat
from seatkeeper.store.models.sign_in import SignIn, SignInApp
from seatkeeper.store.models.standing import Standing
from seatkeeper.store.models.stranger import Stranger
from seatkeeper.store.models.subscription import Subscription
from seatkeeper.store.models.task import Task
from seatkeeper.store.models.uncounted_day import UncountedDay
from seatkeeper.store.models.use_day import UseDay

__all__ = [
    "Account",
    "AccountActivity",
    "ApiToken",
    "Application",
    "AuditEvent",
    "Connection",
    "Coverage",
    "Employee",
    "Exemption",
    "Finding",
    "FindingEvent",
    "Holding",
    "Membership",
    "NewestUse",
    "Notice",
    "NoticeDelivery",
    "NoticeTarget",
    "Organization",
    "Price",
    "ProductActivity",
    "ProductDay",
    "Quarantine",
    "ReclaimItem",
    "ReclaimPlan",
    "Recognition",
    "Renewal",
    "RequestWindow",
    "Run",
    "SavedView",
    "Saving",
    "Seat",
    "SignIn",
    "SignInApp",
    "Standing",
    "Stranger",
    "Subscription",
    "Task",
    "UncountedDay",
    "UseDay",
]
