"""Opening the data folder: settings are read, the database is made or brought to today's shape."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from seatkeeper.services.members import Who


ORGANIZATION: Final = "SEATKEEPER_ORGANIZATION"


def open_home() -> Who:
    """Ready to call services in the organization that was named, or the only one.

    Raises BadSetting for a setting, folder, database or key that cannot be used, BadInput without an organization.
    """
    open_installation()
    from seatkeeper.services.members import operator_in

    return operator_in(os.environ.get(ORGANIZATION, ""))


def open_installation() -> Who:
    """Ready to call services that concern the installation as a whole. Raises BadSetting."""
    who = open_with_any_key()
    from seatkeeper.services import keys

    keys.check()
    return who


def open_with_any_key() -> Who:
    """The same where the key may be lost."""
    set_up()
    from seatkeeper import __version__
    from seatkeeper.services.machine import migrate
    from seatkeeper.services.members import operator
    from seatkeeper.telemetry import start_tracing

    start_tracing(__version__)
    migrate()
    return operator()


def set_up() -> None:
    """Django with our settings; nothing is written to the database yet."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "seatkeeper.settings"
    import django

    django.setup()
