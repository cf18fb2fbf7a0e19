"""Django's settings, from what the operator set; `reader` says what may be set and refuses the rest by name.

Importing this makes the data folder and the secret key on the first start, and never touches the database.
"""

from __future__ import annotations

import os
from typing import Any, Final

from seatkeeper.settings.reader import read

SEATKEEPER: Final = read(os.environ)

SECRET_KEY = SEATKEEPER.secret_key.reveal()
ALLOWED_HOSTS = list(SEATKEEPER.allowed_hosts)
DEBUG = False

INSTALLED_APPS = ["seatkeeper.store"]
DATABASES: dict[str, dict[str, Any]] = {"default": SEATKEEPER.database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

# Everything a person or a script reads is on stdout; the log is for whoever runs the machine, on stderr.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"seatkeeper": {"level": SEATKEEPER.log_level, "handlers": ["stderr"], "propagate": False}},
}
