"""Forms of the applications' pages. They read what was typed; what it must be is said by the services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile

from seatkeeper.connectors.catalog import TASKS
from seatkeeper.errors import BadInput
from seatkeeper.graph.clouds import CLOUDS
from seatkeeper.services.application_input import THRESHOLDS, Edit, NewApplication
from seatkeeper.services.applications import list_ticked
from seatkeeper.store.models import Application

LARGEST_CERTIFICATE: Final = 1_000_000
CLOUD_NAMES: Final = {
    "global": "Worldwide (also GCC)",
    "usgov": "US Government L4 (GCC High)",
    "dod": "US Government L5 (DoD)",
    "china": "China (21Vianet)",
}
# The names that services give to what was typed in, and the fields of the form.
FIELDS: Final = {
    "Name": "name",
    "Task": "tasks",
    "Tenant ID": "tenant_id",
    "Client ID": "client_id",
    "Client Secret": "secret",
    "Client Certificate": "certificate",
    "Cloud": "cloud",
    "Threshold": "threshold_days",
    "Tags": "tags",
    "Login URL": "login_url",
    "Graph URL": "graph_url",
    "CA File": "ca_file",
}


def _text(label: str, hint: str = "", *, most: int = 300, required: bool = True, **looks: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"class": "form-control", "autocomplete": "off", "spellcheck": "false", **looks})
    return forms.CharField(label=label, help_text=hint, max_length=most, required=required, widget=widget)


class ConnectForm(forms.Form):
    """Project (Microsoft) Client Credentials: which tenant, as whom, what of it, and how it is judged."""

    name = _text("Name", "What it is called here. Unique.", most=200)
    tasks = forms.MultipleChoiceField(
        label="Tasks",
        choices=[(key, task.title) for key, task in TASKS.items()],
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        error_messages={"required": "Tick at least one task."},
        help_text="Account Activity reads slowly when each account last got in anywhere in the tenant: whoever did is "
        "possibly active, so fewer seats are called unused, and those that are stand on more than sign-ins.",
    )
    tenant_id = _text("Tenant ID", "Directory (tenant) ID, or a verified domain.")
    client_id = _text("Client ID", "Application (client) ID of the app registration.")
    secret = forms.CharField(
        label="Client Secret",
        required=False,
        max_length=1000,
        strip=False,
        help_text="The secret's Value, not its ID. It is sealed when saved and never shown again.",
        widget=forms.PasswordInput(attrs={"class": "form-control", "autocomplete": "off"}),  # never written back
    )
    certificate = forms.FileField(
        label="or a certificate",
        required=False,
        help_text="PEM with its private key, at most 1 MB.",
        widget=forms.FileInput(attrs={"class": "form-control", "accept": ".pem,.crt,.cer,.key"}),
    )
    cloud = forms.ChoiceField(
        label="Cloud",
        choices=[(key, CLOUD_NAMES[key]) for key in CLOUDS],
        initial="global",
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    threshold_days = forms.IntegerField(
        label="Activity threshold",
        initial=60,
        help_text="Days without a sign-in until somebody counts as inactive.",
        widget=forms.NumberInput(
            attrs={
                "class": "form-control",
                "list": "thresholds",
                "min": THRESHOLDS.start,
                "max": THRESHOLDS[-1],
            }
        ),
    )
    tags = _text("Tags", "Your own words for it, comma separated.", most=1000, required=False)
    login_url = _text("Login URL", "https only.", required=False, placeholder="https://login.microsoftonline.com")
    graph_url = _text("Graph URL", "https only.", required=False, placeholder="https://graph.microsoft.com")
    ca_file = _text("CA file", "Path on the server of a PEM file with the authorities to trust.", required=False)

    def clean_certificate(self) -> str | None:
        file: UploadedFile[bytes] | None = self.cleaned_data["certificate"]
        if file is None:
            return None
        if file.size is None or file.size > LARGEST_CERTIFICATE:
            raise forms.ValidationError("The file is larger than 1 MB; that is no certificate.")
        try:
            text: str = file.read().decode()
        except UnicodeDecodeError:
            raise forms.ValidationError("The file is not text. Give certificate and key as PEM.") from None
        return text

    def refuse(self, error: BadInput) -> None:
        """Put the service's message to the field it is about, else above the form."""
        _, _, message = str(error).partition(": ")
        self.add_error(FIELDS.get(error.field), message[:1].upper() + message[1:])

    @property
    def endpoints_open(self) -> bool:
        """Whether the folded part is worth showing: something stands in it."""
        names = ("login_url", "graph_url", "ca_file")
        return any(self[name].value() or self[name].errors for name in names)

    def new(self, product: str) -> NewApplication:
        """What is to be added. Call it on a valid form."""
        given = self.cleaned_data
        return NewApplication(
            product=product,
            tenant_id=given["tenant_id"],
            login_url=given["login_url"] or None,
            graph_url=given["graph_url"] or None,
            ca_file=given["ca_file"] or None,
            **self._common(),
        )

    def _common(self) -> dict[str, Any]:
        names = ("name", "tasks", "client_id", "cloud", "threshold_days", "tags", "certificate")
        return {name: self.cleaned_data[name] for name in names} | {"secret": self.cleaned_data["secret"] or None}


class EditForm(ConnectForm):
    """The same form for an application that exists: another tenant would be another application."""

    def __init__(self, application: Application, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, initial=_as_it_is(application))
        self.fields["tenant_id"].disabled = True
        self.fields["tenant_id"].help_text = "Another tenant is another application: add it."
        self.fields["secret"].help_text = "Leave it empty to keep the one that is stored."

    def edit(self) -> Edit:
        """What is to be changed. Call it on a valid form."""
        given = self.cleaned_data
        return Edit(
            login_url=given["login_url"], graph_url=given["graph_url"], ca_file=given["ca_file"], **self._common()
        )


def _as_it_is(application: Application) -> dict[str, Any]:
    connection = application.connection
    usual = CLOUDS[connection.cloud]
    own: Sequence[tuple[str, str, str]] = (
        ("login_url", connection.login_url, usual.login_url),
        ("graph_url", connection.graph_url, usual.graph_url),
    )
    return {
        "name": application.name,
        "tasks": list_ticked(application),
        "tenant_id": connection.tenant_id,
        "client_id": connection.client_id,
        "cloud": connection.cloud,
        "threshold_days": application.threshold_days,
        "tags": application.tags,
        "ca_file": connection.ca_file,
        **{name: "" if address == default else address for name, address, default in own},
    }
