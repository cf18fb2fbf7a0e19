"""The scripts and mails of a plan to take seats back. Everything in them is quoted: names come from the tenant."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage
from typing import Final

from seatkeeper.connectors.catalog import find_product
from seatkeeper.errors import BadInput
from seatkeeper.services import audit, reclaim
from seatkeeper.services.drawing.plans import APPROVED, PROPOSED
from seatkeeper.services.members import May, Who
from seatkeeper.store.models import ReclaimItem, ReclaimPlan

# Microsoft Graph, user: assignLicense. What was there is written to a file first, and the second script puts it back.
_POWERSHELL: Final = """\
# {title}
# Read it, then run it in PowerShell 7 (module Microsoft.Graph.Users.Actions) as somebody who may assign licences.
# What each person had is added to {undo_file} before it is taken; the script with "undo" in its name puts it back.
# Running it twice does no harm: what is gone already is left alone.
$ErrorActionPreference = 'Stop'
Connect-MgGraph -Scopes 'LicenseAssignment.ReadWrite.All' -NoWelcome
$seats = @(
{seats}
)
$undo = Join-Path $PSScriptRoot '{undo_file}'
foreach ($seat in $seats) {{
  $user = Get-MgUser -UserId $seat.Id -Property Id,AssignedLicenses
  $had = $user.AssignedLicenses | Where-Object SkuId -eq $seat.Sku
  if (-not $had) {{ continue }}
  $line = @{{ Id = $seat.Id; Sku = $seat.Sku; DisabledPlans = @($had.DisabledPlans) }} | ConvertTo-Json -Compress
  Add-Content -Path $undo -Value $line -Encoding utf8
  Set-MgUserLicense -UserId $seat.Id -AddLicenses @() -RemoveLicenses @($seat.Sku) | Out-Null
  Write-Host "taken back: $($seat.Id) $($seat.Sku)"
}}
"""

_POWERSHELL_UNDO: Final = """\
# Undo of: {title}
# Gives back what {undo_file} says was there before, with the same parts switched off.
$ErrorActionPreference = 'Stop'
Connect-MgGraph -Scopes 'LicenseAssignment.ReadWrite.All' -NoWelcome
foreach ($line in Get-Content (Join-Path $PSScriptRoot '{undo_file}')) {{
  $seat = $line | ConvertFrom-Json
  $add = @(@{{ SkuId = $seat.Sku; DisabledPlans = @($seat.DisabledPlans) }})
  Set-MgUserLicense -UserId $seat.Id -AddLicenses $add -RemoveLicenses @() | Out-Null
  Write-Host "given back: $($seat.Id) $($seat.Sku)"
}}
"""

_AZ: Final = """\
#!/bin/sh
# {title}
# Read it, then run it signed in with the Azure CLI as somebody who may assign licences.
# What each person had is added to {undo_file} before it is taken; the script with "undo" in its name puts it back.
# Running it twice does no harm: what is gone already is left alone.
set -eu
graph=https://graph.microsoft.com/v1.0
cd "$(dirname "$0")"
take() {{
  had=$(az rest --method get --url "$graph/users/$1?\\$select=assignedLicenses" \\
    --query "assignedLicenses[?skuId=='$2'] | [0]" --output json)
  [ "$had" != null ] && [ -n "$had" ] || return 0
  printf '%s\\t%s\\n' "$1" "$(printf %s "$had" | tr -d '\\n')" >> '{undo_file}'
  az rest --method post --url "$graph/users/$1/assignLicense" \\
    --body "{{\\"addLicenses\\": [], \\"removeLicenses\\": [\\"$2\\"]}}" --output none
  echo "taken back: $1 $2"
}}
{seats}
"""

_AZ_UNDO: Final = """\
#!/bin/sh
# Undo of: {title}
# Gives back what {undo_file} says was there before, with the same parts switched off.
set -eu
graph=https://graph.microsoft.com/v1.0
cd "$(dirname "$0")"
while IFS="$(printf '\\t')" read -r user had; do
  az rest --method post --url "$graph/users/$user/assignLicense" \\
    --body "{{\\"addLicenses\\": [$had], \\"removeLicenses\\": []}}" --output none < /dev/null
  echo "given back: $user"
done < '{undo_file}'
"""


def _seats_in_powershell(items: Sequence[ReclaimItem]) -> str:
    return "\n".join(f"  @{{ Id = '{i.object_id}'; Sku = '{i.sku}' }}  # {_plain(i.user_id)}" for i in items)


def _seats_in_sh(items: Sequence[ReclaimItem]) -> str:
    return "\n".join(f"take {i.object_id} {i.sku}  # {_plain(i.user_id)}" for i in items)


Writer = Callable[[Sequence[ReclaimItem]], str]
SCRIPTS: Final[Mapping[str, tuple[str, str, Writer]]] = {
    "powershell": (_POWERSHELL, "take-back.ps1", _seats_in_powershell),
    "powershell-undo": (_POWERSHELL_UNDO, "take-back-undo.ps1", _seats_in_powershell),
    "az": (_AZ, "take-back.sh", _seats_in_sh),
    "az-undo": (_AZ_UNDO, "take-back-undo.sh", _seats_in_sh),
}


def write_script(who: Who, plan_id: int, kind: str) -> tuple[str, str]:
    """The name and the text of a script. Only an approved plan has one. Raises BadInput."""
    who.require(May.LICENSES)
    plan = reclaim.find_plan(who, plan_id)
    if kind not in SCRIPTS:
        raise BadInput("Script", f"{kind[:40]!r} is not one of {', '.join(SCRIPTS)}.")
    if plan.state != APPROVED:
        raise BadInput("Plan", "only an approved plan has a script. Review and approve it first.")
    template, name, writer = SCRIPTS[kind]
    items = [item for item in reclaim.to_take(plan) if _is_safe(item)]
    text = template.format(title=_title(plan, len(items)), undo_file=f"plan-{plan.pk}-before.txt", seats=writer(items))
    audit.record(who, "plan.script-written", plan.name, kind)
    return name, text


def _title(plan: ReclaimPlan, seats: int) -> str:
    return f"{_plain(plan.name)} ({_plain(plan.application.name)}): {seats} seats to take back"


def _is_safe(item: ReclaimItem) -> bool:
    """Ids of the vendor are GUIDs; anything else would not be put into a script that somebody runs."""
    return all(
        len(text) == 36 and text.replace("-", "").isalnum() and text.isascii() for text in (item.object_id, item.sku)
    )


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
        for number, item in enumerate(reclaim.list_items(plan), start=1):
            if item.state == PROPOSED and "@" in (item.email or item.user_id):
                archive.writestr(f"{number:05d}.eml", _to_mail(item, product).as_bytes())
    audit.record(who, "plan.mails-written", plan.name)
    return body.getvalue()


def _to_mail(item: ReclaimItem, product: str) -> EmailMessage:
    mail = EmailMessage()
    mail["To"] = _plain(item.email or item.user_id).replace(",", "").replace(";", "")
    mail["Subject"] = f"Do you still need {product}?"
    mail["X-Unsent"] = "1"
    mail.set_content(
        f"Hello,\n\nyou hold a licence of {item.title}. As far as we can see it has not been used lately.\n\n"
        "Do you still need it? If so, a short answer is enough and it stays yours. If not, or if we hear nothing, "
        "it goes back to those who are waiting for one.\n\nThank you!\n"
    )
    return mail
