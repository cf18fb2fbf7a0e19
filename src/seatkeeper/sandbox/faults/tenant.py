"""What is wrong with the tenant itself: its licence, its consent, its settings, its log, its lists and its limits."""

from __future__ import annotations

from collections.abc import Iterator

from seatkeeper.sandbox.faults.fault import NEXT, Call, Reply, fault, switch
from seatkeeper.sandbox.faults.pages import put_empty_before
from seatkeeper.sandbox.world.people import DAY
from seatkeeper.sandbox.world.tenant import Tenant


@switch("A10", "no-premium", "the tenant has no Entra ID P1: the sign-in log answers 403 …NonPremiumTenant…",
        "read the roster, say that the log needs P1, and not retry")  # fmt: skip
def _no_premium(tenant: Tenant, _value: str) -> Iterator[None]:
    tenant.premium = False
    yield
    tenant.premium = True


@switch("A3", "no-consent", "tokens are issued without roles, so everything answers 403",
        "name the permissions that are missing before the first call")  # fmt: skip
def _no_consent(tenant: Tenant, _value: str) -> Iterator[None]:
    tenant.consent = False
    yield
    tenant.consent = True


@switch("A9", "no-auditlog", "consent was given without AuditLog.Read.All",
        "read the roster, and name the permission that the log needs")  # fmt: skip
def _no_auditlog(tenant: Tenant, _value: str) -> Iterator[None]:
    tenant.permissions.discard("AuditLog.Read.All")
    yield
    tenant.permissions.add("AuditLog.Read.All")


@switch("D10", "concealed-names", "names, addresses and user principal names are 32 upper-case hex digits",
        "notice before anything is stored, hold back, and explain the setting")  # fmt: skip
def _concealed_names(tenant: Tenant, _value: str) -> Iterator[None]:
    tenant.concealed = True
    yield
    tenant.concealed = False


@switch("A2", "secret-expired", "the token endpoint answers AADSTS7000222",
        "stop at once, say so, keep what it has")  # fmt: skip
def _secret_expired(tenant: Tenant, _value: str) -> Iterator[None]:
    tenant.secret_expired = True
    yield
    tenant.secret_expired = False


@switch("C9", "throttle",
        "every documented limit is real: 5 reports in 10 seconds, resource units by size of tenant; refused calls "
        "count",
        "pace itself, obey Retry-After")  # fmt: skip
def _throttle(tenant: Tenant, _value: str) -> Iterator[None]:
    tenant.limited = True
    yield
    tenant.limited = False


@fault("B5", "empty-page", "every second page of a list is empty and still has a next link",
       "go on until there is no next link", on="list")  # fmt: skip
def _empty_page(call: Call, reply: Reply) -> None:
    if "delta" not in call.endpoint and call.page % 2 == 0:
        put_empty_before(call, reply)


@fault("B20", "truncated-roster", "this page of /users has no next link although more follow",
       "retire nobody when too many seem to be gone at once", on="users", number="2")  # fmt: skip
def _truncated_roster(call: Call, reply: Reply) -> None:
    if call.page == int(call.variant):
        shape = reply.shape()
        shape.pop(NEXT, None)
        reply.put(shape)


@switch("C1 C2", "late",
        "all: every sign-in shows 2 to 24 hours late; 5m, 2h, 24h: just so; 36h: up to so late; days: one in twenty "
        "2 to 6 days; off: none",
        "read recent windows again, sweep older ones now and then, show how late events were",
        variants=("all", "off", "on", "5m", "2h", "24h", "36h", "days"))  # fmt: skip
def _late(tenant: Tenant, value: str) -> Iterator[None]:
    tenant.log.late = value
    yield
    tenant.log.late = "on"


@switch("C12", "flood", "so many times the usual sign-ins, more than the limits let anybody read",
        "say that it is falling behind, by how much, and why", number="50")  # fmt: skip
def _flood(tenant: Tenant, value: str) -> Iterator[None]:
    tenant.log.flood(int(value) or 1)
    yield
    tenant.log.flood(1)


@switch("C13", "short-retention", "the log keeps so many days; older sign-ins are lost at the source",
        "record the gap as lost, with its dates", number="7")  # fmt: skip
def _short_retention(tenant: Tenant, value: str) -> Iterator[None]:
    kept = tenant.log.keeps
    tenant.log.keeps = min(int(value) * DAY, kept)
    yield
    tenant.log.keeps = kept
