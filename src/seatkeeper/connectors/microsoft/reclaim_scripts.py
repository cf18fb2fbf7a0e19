"""The scripts that take seats back at Microsoft, and those that undo it. Names in them come quoted already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from seatkeeper.connectors.vendor import ReclaimScript, SeatToTake

# Microsoft Graph, user: assignLicense. What was there is written to a file first, and the second script puts it back.
_POWERSHELL: Final = """\
# {title}
# Read it, then run it in PowerShell 7 (module Microsoft.Graph.Users.Actions) as somebody who may assign licences.
# What each person had is added to {undo_file} before it is taken; the script with "undo" in its name puts it back.
# Running it twice does no harm: what is gone already is left alone.
{of_groups}$ErrorActionPreference = 'Stop'
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
{of_groups}set -eu
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


def _seats_in_powershell(seats: Sequence[SeatToTake]) -> str:
    return "\n".join(f"  @{{ Id = '{s.object_id}'; Sku = '{s.sku}' }}  # {s.user_id}" for s in seats)


def _seats_in_sh(seats: Sequence[SeatToTake]) -> str:
    return "\n".join(f"take {s.object_id} {s.sku}  # {s.user_id}" for s in seats)


def _comment(of_groups: Sequence[str]) -> list[str]:
    """Where to take the seats that groups give: Microsoft lets nobody take those from the person."""
    if not of_groups:
        return []
    head = f"# Not by this script: {len(of_groups)} seats that groups give. Take these people out of the groups:"
    return [head, *(f"# - {line}" for line in of_groups)]


def _is_safe(seat: SeatToTake) -> bool:
    """Ids of Microsoft are GUIDs; anything else is not put into a script that somebody runs."""
    return all(
        len(text) == 36 and text.replace("-", "").isalnum() and text.isascii() for text in (seat.object_id, seat.sku)
    )


def _script(file_name: str, template: str, list_seats: Callable[[Sequence[SeatToTake]], str]) -> ReclaimScript:
    def write(title: str, undo_file: str, seats: Sequence[SeatToTake], of_groups: Sequence[str]) -> str:
        safe = [seat for seat in seats if _is_safe(seat)]
        return template.format(
            title=f"{title}: {len(safe)} seats to take back",
            undo_file=undo_file,
            seats=list_seats(safe),
            of_groups="".join(f"{line}\n" for line in _comment(of_groups)),
        )

    return ReclaimScript(file_name, write)


SCRIPTS: Final = {
    "powershell": _script("take-back.ps1", _POWERSHELL, _seats_in_powershell),
    "powershell-undo": _script("take-back-undo.ps1", _POWERSHELL_UNDO, _seats_in_powershell),
    "az": _script("take-back.sh", _AZ, _seats_in_sh),
    "az-undo": _script("take-back-undo.sh", _AZ_UNDO, _seats_in_sh),
}
