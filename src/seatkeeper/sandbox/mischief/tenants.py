"""The faults the tenant, its lists and its log know themselves: nothing of an answer is spoiled."""

from __future__ import annotations

from seatkeeper.sandbox.mischief.fault import switch

switch(
    "A10", "no-premium",
    "the tenant has no Entra ID P1: the sign-in log answers 403 …NonPremiumTenant…",
    "read the roster, say that the log needs P1, and not retry",
)  # fmt: skip
switch(
    "A3", "no-consent",
    "tokens are issued without roles, so everything answers 403",
    "name the permissions that are missing before the first call",
)  # fmt: skip
switch(
    "A9", "no-auditlog",
    "consent was given without AuditLog.Read.All",
    "read the roster, and name the permission that the log needs",
)  # fmt: skip
switch(
    "D10", "concealed-names",
    "names, addresses and user principal names are 32 upper-case hex digits",
    "notice before anything is stored, hold back, and explain the setting",
)  # fmt: skip
switch(
    "A2", "secret-expired",
    "the token endpoint answers AADSTS7000222",
    "stop at once, say so, keep what it has",
)  # fmt: skip
switch(
    "C9", "throttle",
    "every documented limit is real: 5 reports in 10 seconds, resource units by size of tenant; refused calls count",
    "pace itself, obey Retry-After",
)  # fmt: skip
switch(
    "B5", "empty-page",
    "every second page of a list is empty and still has a next link",
    "go on until there is no next link",
)  # fmt: skip
switch(
    "B20", "truncated-roster",
    "this page of /users has no next link although more follow",
    "retire nobody when too many seem to be gone at once",
    number="2",
)  # fmt: skip
switch(
    "C1 C2", "late",
    "all: every sign-in shows 2 to 24 hours late; 5m, 2h, 24h: just so; days: one in twenty 2 to 6 days; off: none",
    "read recent windows again, sweep older ones now and then, show how late events were",
    variants=("all", "off", "on", "5m", "2h", "24h", "days"),
)  # fmt: skip
switch(
    "C12", "flood",
    "so many times the usual sign-ins, more than the limits let anybody read",
    "say that it is falling behind, by how much, and why",
    number="50",
)  # fmt: skip
switch(
    "C13", "short-retention",
    "the log keeps so many days; older sign-ins are lost at the source",
    "record the gap as lost, with its dates",
    number="7",
)  # fmt: skip
