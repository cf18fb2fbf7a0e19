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
FORM_TARGETS: list[str] = []  # origins besides our own that a form may lead to: the single sign-on provider
DEBUG = False

INSTALLED_APPS = [
    "seatkeeper.store",
    "seatkeeper.web",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
]
MIDDLEWARE = [
    "seatkeeper.web.headers.security_headers",  # outermost: it dresses every answer, errors and files included
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "seatkeeper.web.errors.errors_as_pages",
]
ROOT_URLCONF = "seatkeeper.web.urls"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "seatkeeper.web.context.everywhere",
            ],
            "builtins": ["seatkeeper.web.templatetags.seatkeeper"],
            "string_if_invalid": "",
        },
    }
]
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # files are served from the packages themselves: nothing is collected or copied
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
