"""How to let Seatkeeper into a tenant: the permissions each task needs, and scripts that register the application.

Ids of permissions are Microsoft's, the same in every tenant and cloud (learn.microsoft.com/graph/permissions-reference;
compared with ten public templates). All scripts are made from one list, so that they cannot ask for different things.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import Template
from typing import Final

from seatkeeper.connectors.base import TaskKind
from seatkeeper.connectors.reach import Guide, Need, Script

GRAPH: Final = "00000003-0000-0000-c000-000000000000"  # Microsoft Graph itself, in every tenant
NAME: Final = "Seatkeeper (read only)"
PERMISSIONS: Final = {
    "AuditLog.Read.All": "b0afded3-3588-46d8-8b3d-9842eff778da",
    "AuditLogsQuery.Read.All": "5e1e9171-754d-478c-812c-f1755a9a4c2d",
    "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
    "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
    "LicenseAssignment.Read.All": "e2f98668-2877-4f38-a2f4-8202e0717aa1",
    "Reports.Read.All": "230c1aed-a721-4c5d-9cb4-a90514e508ef",
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
}


STEPS: Final = f"""
Open entra.microsoft.com → Applications → App registrations → New registration. Name it “{NAME}”, choose “Accounts in \
this organizational directory only”, no redirect URI.
From its Overview, copy “Application (client) ID” and “Directory (tenant) ID” into the form.
API permissions → Add a permission → Microsoft Graph → Application permissions, not Delegated permissions: those \
count only while a person is signed in. Tick those below.
Press “Grant admin consent” as a Privileged Role Administrator or Global Administrator. An Application Administrator \
can register the application, and cannot consent to these.
Certificates & secrets → New client secret. Copy its Value, not its Secret ID, and enter the day in its column \
Expires: you are warned before it. Better: upload a certificate's public part, and give it with its key here, as PEM \
or PFX. Best, where this server has an identity of its own: Federated credentials → Add credential, with its issuer \
and subject (on Azure: Managed identity).
Sign-ins are readable only in a tenant with Entra ID P1 or P2.
Usage reports count only with people's names: in the Microsoft 365 admin center → Settings → Org settings → Services → \
Reports, clear “Display concealed user, group, and site names in all reports”.
Audit Events needs auditing: in the Microsoft Purview portal → Audit, choose “Start recording user and admin activity” \
unless it is recorded already.
""".strip().splitlines()
LINKS: Final = {  # to Microsoft's own pages, in the reader's language
    "Who may grant admin consent": "https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent",
    "Concealed names in reports": "https://learn.microsoft.com/microsoft-365/admin/activity-reports/activity-reports",
    "Turn auditing on": "https://learn.microsoft.com/purview/audit-log-enable-disable",
}
NOTE: Final = "Directory.Read.All serves the roster and the licences too; it reads more than they need."


def guide(tasks: Sequence[TaskKind]) -> Guide:
    """The least permission of each task, and ready scripts that ask for them."""
    wanted = [Need(task, task.permission.name, PERMISSIONS[task.permission.name]) for task in tasks]
    permissions = dict.fromkeys((need.permission_id, need.permission) for need in wanted)  # two tasks may need one
    scripts = []
    for key, title, hint, script, line, between in _SCRIPTS:
        lines = [Template(line).substitute(id=number, permission=name) for number, name in permissions]
        text = Template(script.strip()).substitute(graph=GRAPH, name=NAME, permissions=between.join(lines))
        scripts.append(Script(key, title, hint, text))
    return Guide(STEPS, wanted, NOTE, scripts, LINKS)


def grant(permission: str, client_id: str) -> str:
    """The commands that give one missing permission to an application that is registered already."""
    known = PERMISSIONS[permission]
    return (
        f"az ad app permission add --id {client_id} --api {GRAPH} --api-permissions {known}=Role\n"
        f"az ad app permission admin-consent --id {client_id}"
    )


_AZURE_CLI = """
# Sign in as a Global Administrator or Privileged Role Administrator: az login --allow-no-subscriptions
APP=$$(az ad app create --display-name "$name" --sign-in-audience AzureADMyOrg --query appId -o tsv)
az ad sp create --id "$$APP"
az ad app permission add --id "$$APP" --api $graph --api-permissions $permissions
sleep 30 # a new application is not known everywhere at once
az ad app permission admin-consent --id "$$APP"
echo "Tenant ID:     $$(az account show --query tenantId -o tsv)"
echo "Client ID:     $$APP"
SECRET=$$(az ad app credential reset --id "$$APP" --display-name seatkeeper --years 1 --query password -o tsv)
echo "Client Secret: $$SECRET"
"""

_POWERSHELL = """
# Install-Module Microsoft.Graph.Applications -Scope CurrentUser
Connect-MgGraph -Scopes "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"
$$roles = @(
$permissions
)
$$access = @{
  ResourceAppId  = "$graph"
  ResourceAccess = @($$roles | ForEach-Object { @{ Id = $$_; Type = "Role" } })
}
$$app = New-MgApplication -DisplayName "$name" -SignInAudience AzureADMyOrg -RequiredResourceAccess $$access
$$me = New-MgServicePrincipal -AppId $$app.AppId
$$graph = Get-MgServicePrincipal -Filter "appId eq '$graph'"
foreach ($$role in $$roles) { # this is the admin consent
  $$grant = @{ PrincipalId = $$me.Id; ResourceId = $$graph.Id; AppRoleId = $$role }
  New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $$me.Id -BodyParameter $$grant | Out-Null
}
$$wanted = @{ DisplayName = "seatkeeper"; EndDateTime = (Get-Date).AddYears(1) }
$$secret = Add-MgApplicationPassword -ApplicationId $$app.Id -PasswordCredential $$wanted
"Tenant ID:     $$((Get-MgContext).TenantId)"
"Client ID:     $$($$app.AppId)"
"Client Secret: $$($$secret.SecretText)"
"""

_TERRAFORM = """
terraform {
  required_providers {
    azuread = { source = "hashicorp/azuread", version = "~> 3.0" }
  }
}

locals {
  roles = toset([
$permissions
  ])
}

data "azuread_client_config" "current" {}

data "azuread_service_principal" "graph" {
  client_id = "$graph"
}

resource "azuread_application" "seatkeeper" {
  display_name     = "$name"
  sign_in_audience = "AzureADMyOrg"

  required_resource_access {
    resource_app_id = data.azuread_service_principal.graph.client_id
    dynamic "resource_access" {
      for_each = local.roles
      content {
        id   = resource_access.value
        type = "Role"
      }
    }
  }
}

resource "azuread_service_principal" "seatkeeper" {
  client_id = azuread_application.seatkeeper.client_id
}

# This is the admin consent.
resource "azuread_app_role_assignment" "seatkeeper" {
  for_each            = local.roles
  app_role_id         = each.value
  principal_object_id = azuread_service_principal.seatkeeper.object_id
  resource_object_id  = data.azuread_service_principal.graph.object_id
}

resource "azuread_application_password" "seatkeeper" {
  application_id = azuread_application.seatkeeper.id
  display_name   = "seatkeeper"
  end_date       = timeadd(plantimestamp(), "8760h")
  lifecycle {
    ignore_changes = [end_date]
  }
}

output "tenant_id" {
  value = data.azuread_client_config.current.tenant_id
}

output "client_id" {
  value = azuread_application.seatkeeper.client_id
}

output "client_secret" {
  value     = azuread_application_password.seatkeeper.value
  sensitive = true
}
"""

_BICEP = """
extension 'br:mcr.microsoft.com/bicep/extensions/microsoftgraph/v1.0:1.0.0'

var roles = [
$permissions
]

resource app 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: 'seatkeeper'
  displayName: '$name'
  signInAudience: 'AzureADMyOrg'
  requiredResourceAccess: [
    {
      resourceAppId: '$graph'
      resourceAccess: [for role in roles: { id: role, type: 'Role' }]
    }
  ]
}

resource me 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: app.appId
}

resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: '$graph'
}

// This is the admin consent.
resource grants 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [for role in roles: {
  appRoleId: role
  principalId: me.id
  resourceId: graph.id
}]

output tenantId string = tenant().tenantId
output clientId string = app.appId
"""

# Key, title, what to know, the script, how it writes one permission, and what stands between two.
_SCRIPTS: Final = (
    (
        "azure-cli",
        "Azure CLI",
        "For other clouds run “az cloud set --name AzureUSGovernment” (or AzureChinaCloud) before az login.",
        _AZURE_CLI,
        "$id=Role",
        " ",
    ),
    (
        "powershell",
        "PowerShell",
        "For other clouds add -Environment USGov, USGovDoD or China to Connect-MgGraph.",
        _POWERSHELL,
        '  "$id" # $permission',
        "\n",
    ),
    (
        "terraform",
        "Terraform",
        "Read the secret with “terraform output -raw client_secret”. It is kept in the state: protect that.",
        _TERRAFORM,
        '    "$id", # $permission',
        "\n",
    ),
    (
        "bicep",
        "Bicep",
        "Bicep makes no secret: upload a certificate's public part to the application, and give it with its key here.",
        _BICEP,
        "  '$id' // $permission",
        "\n",
    ),
)
