"""Django's settings, from what the operator set; `reader` says what may be set and refuses the rest by name.

Importing this makes the data folder and the secret key on the first start, and never touches the database.
"""

from __future__ import annotations

import os
from typing import Any, Final

from seatkeeper.settings.log import to_logging
from seatkeeper.settings.reader import read
from seatkeeper.settings.sign_in import providers

SEATKEEPER: Final = read(os.environ)

SECRET_KEY = SEATKEEPER.secret_key.reveal()
SECRET_KEY_FALLBACKS = [key.reveal() for key in SEATKEEPER.other_keys]
ALLOWED_HOSTS = list(SEATKEEPER.allowed_hosts)
CSRF_TRUSTED_ORIGINS = [SEATKEEPER.address.origin]  # a proxy may speak https outside and http to us
# Origins besides our own that a form may lead to.
FORM_TARGETS = [SEATKEEPER.single_sign_on.origin] if SEATKEEPER.single_sign_on else []
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
if SEATKEEPER.database["ENGINE"].endswith("postgresql"):
    INSTALLED_APPS.insert(0, "procrastinate.contrib.django")  # the tables of its queue
MIDDLEWARE = [
    "seatkeeper.web.frame.watching.watched",  # outermost: it sees every request and its answer
    "seatkeeper.web.frame.folder.in_a_folder",
    "seatkeeper.web.frame.headers.security_headers",  # it dresses every answer, errors and files included
    "seatkeeper.web.health.before_the_host_check",
    "django.middleware.security.SecurityMiddleware",
    "seatkeeper.web.frame.outdated.up_to_date",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "seatkeeper.web.frame.errors.errors_as_pages",
    "seatkeeper.web.accounts.sessions.ending_sessions",
    "seatkeeper.web.accounts.first_run.set_up_first",
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
                "seatkeeper.web.frame.context.everywhere",
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

# Sign-in. What a member may do is ours (services/members.py); how the member proves who it is, is allauth's.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["seatkeeper.web.accounts.passwords.BoundedArgon2"]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/applications"
LOGOUT_REDIRECT_URL = "/accounts/login/"
PASSWORD_RESET_TIMEOUT = 3 * 86_400  # seconds that the link of an invitation holds

ACCOUNT_ADAPTER = "seatkeeper.web.accounts.adapters.Accounts"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # there may be no mail server: an administrator lets people in
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
# Wrong passwords and codes are counted by services/limits.py; `login_failed` is what else proves a second factor.
ACCOUNT_RATE_LIMITS = {"login_failed": "30/5m/key", "login": "30/m/ip", "reauthenticate": "10/m/user"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "authenticate": "seatkeeper.web.accounts.codes.AuthenticateForm",
    "reauthenticate": "seatkeeper.web.accounts.codes.ReauthenticateForm",
}
MFA_ADAPTER = "seatkeeper.web.accounts.adapters.SecondFactors"
MFA_TOTP_ISSUER = "Seatkeeper"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = SEATKEEPER.address.is_loopback
SOCIALACCOUNT_ADAPTER = "seatkeeper.web.accounts.adapters.SignOns"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = providers(SEATKEEPER.single_sign_on)

SESSION_COOKIE_NAME = "seatkeeper_session"
SESSION_COOKIE_AGE = 7 * 86_400  # web/accounts/sessions.py ends it earlier when nobody uses it
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"  # Strict would lose the session on the way back from the single sign-on provider
CSRF_COOKIE_NAME = "seatkeeper_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "seatkeeper.web.frame.errors.forbidden"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SEATKEEPER.address.is_https
SECURE_HSTS_SECONDS = 365 * 86_400 if SEATKEEPER.address.is_https else 0
SECURE_PROXY_SSL_HEADER = None  # the server itself believes the trusted proxy, and nobody else

# What allauth counts beyond guessed passwords. One process serves the pages, so its memory is enough.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 20_000}}}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 4

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

LOGGING = to_logging(SEATKEEPER.operation.log_level, as_json=SEATKEEPER.operation.log_as_json)
