"""The scripts and mails of a plan to take seats back. Everything in them is quoted: names come from the tenant."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage

from seatkeeper.errors import BadInput
from seatkeeper.reporting.reclaim_plans import APPROVED, PROPOSED
from seatkeeper.services import audit, reclaim
from seatkeeper.services.members import May, Who
from seatkeeper.sync.vendors import SeatToTake, find_product, find_vendor, list_vendors


def list_kinds() -> list[str]:
    """Every kind of script that a vendor has."""
    return list(dict.fromkeys(kind for vendor in list_vendors() for kind in vendor.reclaim_scripts))


def write_script(who: Who, plan_id: int, kind: str) -> tuple[str, str]:
    """The name and the text of a script. Only an approved plan has one. Raises BadInput."""
    who.require(May.LICENSES)
    plan = reclaim.find_plan(who, plan_id)
    scripts = find_vendor(plan.application.connection.vendor).reclaim_scripts
    if kind not in scripts:
        raise BadInput("script", f"{kind[:40]!r} is not one of {', '.join(scripts) or 'this vendor, who has none'}.")
    if plan.state != APPROVED:
        raise BadInput("plan", "only an approved plan has a script. Review and approve it first.")
    seats = [SeatToTake(item.object_id, item.sku, _plain(item.user_id)) for item in reclaim.to_take(who, plan)]
    of_groups = [
        _plain(f"{item.user_id}, {item.title}: {item.groups or 'a group'}") for item in reclaim.of_groups(who, plan)
    ]
    title = f"{_plain(plan.name)} ({_plain(plan.application.name)})"
    text = scripts[kind].write(title, f"plan-{plan.pk}-before.txt", seats, of_groups)
    audit.record(who, "plan.script-written", plan.name, kind)
    return scripts[kind].file_name, text


def _plain(text: str) -> str:
    """A text for a comment: it cannot end the line or turn its direction."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:200]


def write_mails(who: Who, plan_id: int) -> bytes:
    """Drafts to the holders as a ZIP of .eml files, which mail programs open for sending."""
    who.require(May.LICENSES)
    plan = reclaim.find_plan(who, plan_id)
    product = find_product(plan.application.product).title
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, item in enumerate(reclaim.list_items(who, plan), start=1):
            address = item.email or item.user_id
            if item.state != PROPOSED or "@" not in address:
                continue
            mail = EmailMessage()
            mail["To"] = _plain(address).replace(",", "").replace(";", "")
            mail["Subject"] = f"Do you still need {product}?"
            mail["X-Unsent"] = "1"
            mail.set_content(
                f"Hello,\n\nyou hold a licence of {item.title}. As far as we can see it has not been used lately.\n\n"
                "Do you still need it? If so, a short answer is enough and it stays yours. If not, or if we hear "
                "nothing, it goes back to those who are waiting for one.\n\nThank you!\n"
            )
            archive.writestr(f"{number:05d}.eml", mail.as_bytes())
    audit.record(who, "plan.mails-written", plan.name)
    return body.getvalue()
