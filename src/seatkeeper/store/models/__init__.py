"""The tables, one noun a file. Each column's `help_text` is its entry in the data dictionary.

Times are Instants (ticks of 100 ns since 1970 UTC) and keys are compact ids, both as in `seatkeeper.model`.
Roster tables keep versions: a reader at published generation G sees the rows with `since` <= G < `until`.
"""

from __future__ import annotations

from seatkeeper.store.models.applications import Application, FindingException, Recognition
from seatkeeper.store.models.attempts import Attempt
from seatkeeper.store.models.connections import Connection, Quarantine, RequestWindow, Run, Task
from seatkeeper.store.models.directory import Account, LicenseGroup, Renewal, Seat, SkuList, Subscription
from seatkeeper.store.models.machine import Backup, ProcessKeys
from seatkeeper.store.models.money import Price, ReclaimItem, ReclaimPlan
from seatkeeper.store.models.notices import Notice, NoticeDelivery, NoticeTarget
from seatkeeper.store.models.onboarding import AppRegistration, ConsentLink, TenantCheck
from seatkeeper.store.models.organizations import (
    ApiToken,
    AuditEvent,
    Employee,
    Membership,
    Operator,
    Organization,
    SavedView,
)
from seatkeeper.store.models.recurring import RecurringJob
from seatkeeper.store.models.reporting import (
    DailySummary,
    Finding,
    FindingEvent,
    ProductDay,
    Saving,
    SeatHolder,
    UnlicensedUser,
)
from seatkeeper.store.models.signals import (
    AccountFact,
    ApplicationSet,
    Coverage,
    LastUse,
    NewestUse,
    ProductActivity,
    SignIn,
    SignInApp,
    UncountedDay,
    UseDay,
)

__all__ = [
    "Account",
    "AccountFact",
    "ApiToken",
    "AppRegistration",
    "Application",
    "ApplicationSet",
    "Attempt",
    "AuditEvent",
    "Backup",
    "Connection",
    "ConsentLink",
    "Coverage",
    "DailySummary",
    "Employee",
    "Finding",
    "FindingEvent",
    "FindingException",
    "LastUse",
    "LicenseGroup",
    "Membership",
    "NewestUse",
    "Notice",
    "NoticeDelivery",
    "NoticeTarget",
    "Operator",
    "Organization",
    "Price",
    "ProcessKeys",
    "ProductActivity",
    "ProductDay",
    "Quarantine",
    "ReclaimItem",
    "ReclaimPlan",
    "Recognition",
    "RecurringJob",
    "Renewal",
    "RequestWindow",
    "Run",
    "SavedView",
    "Saving",
    "Seat",
    "SeatHolder",
    "SignIn",
    "SignInApp",
    "SkuList",
    "Subscription",
    "Task",
    "TenantCheck",
    "UncountedDay",
    "UnlicensedUser",
    "UseDay",
]
