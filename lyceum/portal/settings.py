"""Django settings of the portal, derived from :mod:`lyceum.config`."""

from __future__ import annotations

from pathlib import Path

import dj_database_url
import dj_email_url
from django.utils.translation import gettext_lazy as _

from lyceum.config import settings as lyceum_settings

LYCEUM = lyceum_settings()
PACKAGE = Path(__file__).resolve().parents[1]
_secrets = LYCEUM.secrets()

SECRET_KEY = _secrets.django_key
DEBUG = LYCEUM.debug
_any_host = LYCEUM.host == "0.0.0.0" and not LYCEUM.public_host  # noqa: S104
ALLOWED_HOSTS = (
    ["*"]
    if _any_host
    else [LYCEUM.public_host or LYCEUM.host, LYCEUM.notebook_host, "127.0.0.1", "localhost"]
)
CSRF_TRUSTED_ORIGINS = [LYCEUM.portal_url]

INSTALLED_APPS = [
    "lyceum.portal",
    "lyceum.accounts",
    "lyceum.projects",
    "lyceum.notebooks",
    "lyceum.datasets",
    "lyceum.serving",
    "lyceum.tasks",
    "lyceum.editor",
    "lyceum.competitions",
    "lyceum.notifications",
    "lyceum.courses",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "csp",
    "oauth2_provider",
    "django_htmx",
    "ninja",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "lyceum.portal.middleware.origin_guard",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "lyceum.portal.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "lyceum.portal.middleware.htmx_answers",
    "lyceum.portal.middleware.domain_errors",
]

ROOT_URLCONF = "lyceum.portal.urls"
ASGI_APPLICATION = "lyceum.portal.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "lyceum.portal.context.platform",
            ],
        },
    }
]

DATABASES = {"default": dj_database_url.parse(LYCEUM.django_database_url, conn_max_age=0)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
_rules = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_rules}.UserAttributeSimilarityValidator"},
    {"NAME": "lyceum.accounts.passwords.MinimumLengthValidator"},
    {"NAME": f"{_rules}.CommonPasswordValidator"},
    {"NAME": f"{_rules}.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_ADAPTER = "lyceum.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "lyceum.accounts.entrance.LoginForm",
    "signup": "lyceum.accounts.entrance.SignupForm",
    "add_email": "lyceum.accounts.entrance.AddEmailForm",
    "reset_password": "lyceum.accounts.entrance.ResetPasswordForm",
    "reset_password_from_key": "lyceum.accounts.entrance.ResetPasswordKeyForm",
    "change_password": "lyceum.accounts.entrance.ChangePasswordForm",
}
ACCOUNT_USER_DISPLAY = "lyceum.accounts.adapter.shown_name"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Lyceum] "
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_USERNAME_BLACKLIST = ["admin", "administrator", "root", "lyceum", "aistudio", "official"]
ACCOUNT_USERNAME_MIN_LENGTH = 2
ACCOUNT_DEFAULT_HTTP_PROTOCOL = LYCEUM.public_scheme
# dj-email-url's form, e.g. smtp+tls://user:password@mail.example.org:587
vars().update(dj_email_url.parse(LYCEUM.email_url))
DEFAULT_FROM_EMAIL = LYCEUM.email_from

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
USE_I18N = True
# Each app has its own `locale`; `common` is no app.
LOCALE_PATHS = [PACKAGE / "common" / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = LYCEUM.root / "static"
MEDIA_URL = "/media/"
MEDIA_ROOT = LYCEUM.root / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "lyceum.portal.storage.StaticStorage"},
}
# Before `collectstatic` (development, tests) files come straight from the apps.
WHITENOISE_USE_FINDERS = not (STATIC_ROOT / "staticfiles.json").exists()
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

# In the database, so that login throttling counts over all processes.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "portal_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# `__Host-`: over https a notebook on a host name under ours cannot plant cookies here.
_cookie = "__Host-lyceum" if LYCEUM.public_scheme == "https" else "lyceum"
SESSION_COOKIE_NAME = f"{_cookie}_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LYCEUM.public_scheme == "https"
CSRF_COOKIE_NAME = f"{_cookie}_csrf"
CSRF_FAILURE_VIEW = "lyceum.portal.failures.csrf_failure"
LANGUAGE_COOKIE_NAME = "lyceum_language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
USE_X_FORWARDED_HOST = False
# The front door appends the address it saw to X-Forwarded-For; in front of it
# stands, when learners come by https, one TLS proxy of the operator's.
ALLAUTH_TRUSTED_PROXY_COUNT = 2 if LYCEUM.public_scheme == "https" else 1
if LYCEUM.public_scheme == "https":
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# No script, frame or style but our own files; `style` attributes carry colours
# and sizes computed from data. Forms may end at the notebooks' origin, where
# the hub's login answers.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:", LYCEUM.notebook_url],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "frame-src": ["'self'", LYCEUM.notebook_url],
        "form-action": ["'self'", LYCEUM.notebook_url],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
    },
}

OAUTH2_PROVIDER = {
    "SCOPES": {"identify": "Know who you are"},
    "PKCE_REQUIRED": True,
    # As long as a session: logging out takes the hub's token back earlier.
    "ACCESS_TOKEN_EXPIRE_SECONDS": 14 * 24 * 3600,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    # A line for each call to the hub would bury what the dispatcher has to say.
    "loggers": {"httpx": {"level": "WARNING"}},
}
