"""All settings, from the environment, failing loudly.

| variable            | default                              | meaning                                        |
|---------------------|--------------------------------------|------------------------------------------------|
| VPM_DATA_DIR        | .data beside manage.py               | everything the running product writes          |
| VPM_PRODUCTION      | 0                                    | 1: HTTPS only, SECRET_KEY and VPM_HOSTS needed |
| SECRET_KEY          | made once in VPM_DATA_DIR            | Django's signing key                           |
| VPM_HOSTS           | localhost, 127.0.0.1, [::1]          | host names we answer to, comma separated       |
| VPM_DEBUG           | 0                                    | 1: Django's debug pages (never in production)  |
| DATABASE_URL        | SQLite (WAL) in VPM_DATA_DIR         | e.g. postgres://user:password@host/name        |
| CELERY_BROKER_URL   | SQLite file in VPM_DATA_DIR          | e.g. redis://host:6379/0                       |
| VPM_SYNC_EVERY      | 60                                   | seconds between two beat syncs of a repository |
| VPM_FRESH_DAYS      | 30                                   | how long a piece of evidence counts as fresh   |
| VPM_LEASE           | 60                                   | seconds without a sign before a job is dead    |
| VPM_UNDO_SECONDS    | 5                                    | how long an approval can be taken back; 0: not |
| VPM_CHECKS_BEGIN    | 30                                   | seconds checks have to begin after our push    |
| VPM_PROVIDER        | openai when a key is set, else rules | who answers an ask that names nobody           |
| VPM_OPENAI_API_KEY  | OPENAI_API_KEY                       | the key of an OpenAI-compatible endpoint       |
| VPM_OPENAI_BASE_URL | the client's own                     | where that endpoint is                         |
| VPM_MODEL           | gpt-5-mini                           | the model that is asked there                  |
| VPM_PRICES          | {}                                   | JSON: model to [price in, price out] / million |
| VPM_ASK_TIMEOUT     | 120                                  | seconds one answer may take                    |
| VPM_ASK_RETRIES     | 3                                    | how often a busy endpoint is tried within it   |
| VPM_ASK_BUDGET      | 24000                                | tokens of context an ask may carry             |
| VPM_AUTO_REVERTED   | 10                                   | % reverted at which a lane stops by itself     |
| VPM_EMBEDDER        | ngrams                               | what places texts: ngrams, openai or minilm    |
| VPM_EMBED_MODEL     | text-embedding-3-small               | the model that openai is asked for             |
| VPM_EMBED_BASE_URL  | VPM_OPENAI_BASE_URL                  | where that model is                            |
| VPM_PROJECTION      | pca                                  | how meanings become a map: pca or umap         |
| VPM_HALF_LIFE       | 28                                   | days until a piece of evidence weighs half     |
| VPM_URL             | the first of VPM_HOSTS               | where links in reminders and feeds lead        |
| VPM_MAIL_URL        | none: no mail is sent                | smtp://user:password@host:587/?tls=1, smtps:// |
| VPM_MAIL_FROM       | needed with VPM_MAIL_URL             | whom mail comes from                           |
| VPM_WEBHOOK_HOSTS   | none                                 | hosts a webhook may reach on a private network |
| VPM_GITHUB_CLIENT_ID | none: nobody signs in with GitHub   | the client ID of an OAuth App at GitHub        |
| VPM_GITHUB_CLIENT_SECRET | needed with the client ID       | its client secret                              |
| VPM_GITHUB_URL      | https://github.com                   | the web address of a GitHub Enterprise         |
"""

import json
import os
import re
import secrets
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import dj_database_url
import django_htmx
import plotly
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent


def flag(name: str) -> bool:
    """True for 1, false for 0 or unset; anything else is a mistake worth stopping for."""
    value = os.environ.get(name, "0")
    if value not in {"0", "1"}:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be 0 or 1.")
    return value == "1"


def seconds(name: str, default: int, least: int = 1) -> int:
    """A whole number from the environment, above zero unless `least` says otherwise."""
    value = os.environ.get(name, str(default))
    if not value.isdecimal() or int(value) < least:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be a whole number from {least} on.")
    return int(value)


def prices() -> dict[str, list[str]]:
    """VPM_PRICES: {"model": [price per million tokens in, price per million tokens out]}."""
    try:
        read = json.loads(os.environ.get("VPM_PRICES") or "{}")
        return {
            str(model): [str(float(one)) for one in pair] for model, pair in read.items() if len(pair) == 2
        }
    except (ValueError, TypeError, AttributeError) as error:
        raise ImproperlyConfigured(
            'VPM_PRICES must be JSON like {"gpt-5-mini": [0.25, 2]}: prices per million tokens.'
        ) from error


def base_url(default: str) -> str:
    """VPM_URL: a scheme and a host, nothing behind it."""
    value = (os.environ.get("VPM_URL") or default).rstrip("/")
    if not re.fullmatch(r"https?://[\w.-]+(:\d+)?|https?://\[[\da-fA-F:]+\](:\d+)?", value):
        raise ImproperlyConfigured(f"VPM_URL is {value!r}; it must be like https://vpm.example.org.")
    return value


def github_url() -> str:
    """VPM_GITHUB_URL: where people sign in at GitHub; without TLS on this machine alone."""
    value = (os.environ.get("VPM_GITHUB_URL") or "https://github.com").rstrip("/")
    if not re.fullmatch(r"https://[a-z0-9.-]+(:\d+)?|http://(localhost|127\.0\.0\.1)(:\d+)?", value):
        raise ImproperlyConfigured(
            f"VPM_GITHUB_URL is {value!r}; it must be like https://github.example.org."
        )
    return value


def mail(url: str) -> tuple[str, int, str, str, bool, bool]:
    """VPM_MAIL_URL as host, port, user, password, TLS, SSL. It holds a password, so no refusal repeats it."""
    try:
        parts = urlsplit(url)
        asked = parse_qs(parts.query, strict_parsing=bool(parts.query))
        tls, secure, port = asked.pop("tls", ["0"]), parts.scheme == "smtps", parts.port
        good = (
            parts.scheme in {"smtp", "smtps"} and not asked and not parts.fragment and parts.path in {"", "/"}
        )
        good = good and tls in (["0"], ["1"]) and not (secure and tls == ["1"])
    except ValueError:
        good = False
    if not good or not parts.hostname:
        raise ImproperlyConfigured(
            "VPM_MAIL_URL must be like smtp://user:password@host:587/?tls=1 or smtps://user:password@host:465/."
        )
    port = port or (465 if secure else 587 if tls == ["1"] else 25)
    return (
        parts.hostname,
        port,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        tls == ["1"],
        secure,
    )


PRODUCTION = flag("VPM_PRODUCTION")
DEBUG = flag("VPM_DEBUG")
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("VPM_DEBUG=1 shows secrets to visitors; unset it when VPM_PRODUCTION=1.")

VPM_DATA_DIR = Path(os.environ.get("VPM_DATA_DIR") or BASE_DIR / ".data").resolve()
VPM_DATA_DIR.mkdir(parents=True, exist_ok=True)


def secret_key() -> str:
    """SECRET_KEY, or on a person's own machine one made once and kept in the data folder."""
    if key := os.environ.get("SECRET_KEY"):
        return key
    if PRODUCTION:
        raise ImproperlyConfigured("SECRET_KEY is not set; production does not start without one.")
    path = VPM_DATA_DIR / "secret-key"
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
    except FileExistsError:
        pass
    return path.read_text() or secrets.token_urlsafe(64)


SECRET_KEY = secret_key()

hosts = os.environ.get("VPM_HOSTS", "")
if PRODUCTION and not hosts:
    raise ImproperlyConfigured("VPM_HOSTS is not set; name the hosts this server answers to.")
ALLOWED_HOSTS = [host.strip() for host in hosts.split(",") if host.strip()] or [
    "localhost",
    "127.0.0.1",
    "[::1]",
]
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS] if PRODUCTION else []

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth.account",
    "allauth.socialaccount",
    "csp",
    "django_htmx",
    "template_partials",
    "cells",
    "egspace",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "cells.views.session.SignedIn",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "cells.signals.Acting",
    "cells.views.refusals.RefusalMiddleware",
]

ROOT_URLCONF = "vpm.urls"
WSGI_APPLICATION = "vpm.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["cells.templatetags.words"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cells.views.shell.shell",
            ],
        },
    },
]

SQLITE = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}
DATABASES = {
    "default": dj_database_url.parse(
        os.environ.get("DATABASE_URL") or f"sqlite:///{VPM_DATA_DIR / 'vpm.sqlite3'}",
        conn_max_age=60,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = SQLITE
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL") or f"sqla+sqlite:///{VPM_DATA_DIR / 'broker.sqlite3'}"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        "visibility_timeout": 600,
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
        # A broker that is away is the sweeper's business; a person who pressed a button does not wait for it.
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
        "interval_max": 0,
    }
    if CELERY_BROKER_URL.startswith("redis")
    else {}
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(VPM_DATA_DIR / "beat-schedule")
VPM_SYNC_EVERY = seconds("VPM_SYNC_EVERY", 60)
VPM_FRESH_DAYS = seconds("VPM_FRESH_DAYS", 30)
VPM_LEASE = seconds("VPM_LEASE", 60)
VPM_UNDO_SECONDS = seconds("VPM_UNDO_SECONDS", 5, least=0)
VPM_CHECKS_BEGIN = seconds("VPM_CHECKS_BEGIN", 30, least=0)
VPM_OPENAI_API_KEY = os.environ.get("VPM_OPENAI_API_KEY") or os.environ.get("OPENAI_API_KEY", "")
VPM_OPENAI_BASE_URL = os.environ.get("VPM_OPENAI_BASE_URL", "")
VPM_PROVIDER = os.environ.get("VPM_PROVIDER") or ("openai" if VPM_OPENAI_API_KEY else "rules")
VPM_MODEL = os.environ.get("VPM_MODEL") or "gpt-5-mini"
VPM_PRICES = prices()
VPM_ASK_TIMEOUT = seconds("VPM_ASK_TIMEOUT", 120)
VPM_ASK_RETRIES = seconds("VPM_ASK_RETRIES", 3)
VPM_ASK_BUDGET = seconds("VPM_ASK_BUDGET", 24_000)
VPM_AUTO_REVERTED = seconds("VPM_AUTO_REVERTED", 10)
VPM_EMBEDDER = os.environ.get("VPM_EMBEDDER") or "ngrams"
if VPM_EMBEDDER not in {"ngrams", "openai", "minilm"}:
    raise ImproperlyConfigured(f"VPM_EMBEDDER is {VPM_EMBEDDER!r}; it must be ngrams, openai or minilm.")
VPM_EMBED_MODEL = os.environ.get("VPM_EMBED_MODEL") or "text-embedding-3-small"
VPM_EMBED_BASE_URL = os.environ.get("VPM_EMBED_BASE_URL") or VPM_OPENAI_BASE_URL
VPM_PROJECTION = os.environ.get("VPM_PROJECTION") or "pca"
if VPM_PROJECTION not in {"pca", "umap"}:
    raise ImproperlyConfigured(f"VPM_PROJECTION is {VPM_PROJECTION!r}; it must be pca or umap.")
VPM_HALF_LIFE = seconds("VPM_HALF_LIFE", 28)
VPM_URL = base_url(f"https://{ALLOWED_HOSTS[0].lstrip('.')}" if PRODUCTION else "http://localhost:8000")
VPM_WEBHOOK_HOSTS = {
    host.strip().lower() for host in os.environ.get("VPM_WEBHOOK_HOSTS", "").split(",") if host.strip()
}
mail_url = os.environ.get("VPM_MAIL_URL", "")
VPM_MAIL = bool(
    mail_url
)  # the URL is no setting: it holds a password, and Django's debug pages show settings
EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD, EMAIL_USE_TLS, EMAIL_USE_SSL = mail(
    mail_url or "smtp://localhost"
)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = os.environ.get("VPM_MAIL_FROM", "")
if VPM_MAIL and "@" not in DEFAULT_FROM_EMAIL:
    raise ImproperlyConfigured("VPM_MAIL_FROM must be a mail address, because VPM_MAIL_URL is set.")
CELERY_BEAT_SCHEDULE = {
    "sync every repository": {"task": "cells.sync_all", "schedule": VPM_SYNC_EVERY},
    "ask the cells whose cadence has passed": {"task": "cells.ask_due", "schedule": 60},
    "settle what stopped moving": {"task": "cells.settle", "schedule": 5},
    "make again the maps that something changed": {"task": "egspace.refresh_all", "schedule": 30},
    "send the reminders that are due": {"task": "cells.remind", "schedule": 60},
    "tidy": {"task": "cells.tidy", "schedule": 3600},
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ja", _("Japanese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = os.environ.get("TZ") or "Asia/Tokyo"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VPM_DATA_DIR / "static"
# Front-end code comes out of installed Python packages or is written by us.
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("htmx", Path(django_htmx.__file__).parent / "static" / "django_htmx"),
    ("plotly", Path(plotly.__file__).parent / "package_data"),
]
STATICFILES_FINDERS = ["vpm.static.OwnFinder", "vpm.static.AppsFinder"]
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "vpm.static.OwnStatic"},
}

# Of django-allauth only the way to GitHub and back is used; cells/views/sign_in.py says how.
VPM_GITHUB_CLIENT_ID = os.environ.get("VPM_GITHUB_CLIENT_ID", "")
VPM_GITHUB_CLIENT_SECRET = os.environ.get("VPM_GITHUB_CLIENT_SECRET", "")
VPM_GITHUB_URL = github_url()
if bool(VPM_GITHUB_CLIENT_ID) != bool(VPM_GITHUB_CLIENT_SECRET):
    raise ImproperlyConfigured(
        "VPM_GITHUB_CLIENT_ID and VPM_GITHUB_CLIENT_SECRET: set both of them, or none."
    )
SOCIALACCOUNT_ADAPTER = "cells.views.sign_in.Adapter"

LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "map"
LOGOUT_REDIRECT_URL = "sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# Style elements that plotly inserts: an empty one it fills through the CSSOM, and that of its (unused) street maps.
# The browser tests fail on any other, so an upgrade that changes them is noticed.
PLOTLY_STYLES = [
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    "'sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o='",
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "style-src": [SELF, *PLOTLY_STYLES],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^health$"]
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"cells": {"level": "INFO"}, "egspace": {"level": "INFO"}},
}
