"""Settings, all from environment variables; docs/running.md lists them.

Outside ENVIRONMENT=production everything has a working default, and only this machine is answered.
"""

import re
from datetime import timedelta
from pathlib import Path
from wsgiref.headers import Headers

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import devdb
from config.development import development_secrets

django_stubs_ext.monkeypatch()  # so that Django's generic classes can be subscripted when running, too

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(BASE_DIR / ".env")

ENVIRONMENT = env("ENVIRONMENT", default="development")
if ENVIRONMENT not in ("development", "production"):
    raise ImproperlyConfigured("ENVIRONMENT must be 'development' or 'production'")
PRODUCTION = ENVIRONMENT == "production"
DEBUG = False  # Never: its error pages print what people typed. `manage.py runserver` works without.

VAR_DIR = Path(env("UNDERSIGNED_VAR", default=str(BASE_DIR / "var")))  # what this installation writes

# --- secrets -----------------------------------------------------------------------------------------

_development = {} if PRODUCTION else development_secrets(VAR_DIR)


def _secret(name: str, how: str) -> str:
    value: str = env(name, default=_development.get(name, ""))
    if not value:
        raise ImproperlyConfigured(f"Set {name}. {how}")
    return value


_RANDOM = "python -c 'import secrets; print(secrets.token_urlsafe(50))' makes one."
SECRET_KEY = _secret("SECRET_KEY", _RANDOM)
# Contacts are sealed with the first key and opened with any: put a new one in front to rotate.
CONTACT_KEYS = _secret(
    "CONTACT_KEYS",
    "Comma-separated; python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())' "
    "makes one.",
).split(",")
ADDRESS_KEY = _secret("ADDRESS_KEY", _RANDOM)  # for looking an address up without storing it

# --- addresses ---------------------------------------------------------------------------------------

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
SITE_URL = env("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")  # for mails; never the Host header
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)  # how many reverse proxies of ours stand in front
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = True

# --- what is installed -------------------------------------------------------------------------------

INSTALLED_APPS = [
    "signatories",
    "letters",
    "config.desk.DeskConfig",  # django.contrib.admin, with our own site
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "crispy_forms",
    "csp",
    "django_tasks",
    "django_tasks_db",
    # Without "allauth" itself: no page in its own look can appear by mistake.
    "config.apps.AccountConfig",
    "allauth.mfa",
]
AUTH_USER_MODEL = "letters.Staff"

# A public page passes as few as can be: everything that knows who is asking works below /admin/ alone.
MIDDLEWARE = [
    "config.middleware.MomentMiddleware",
    # Before the headers of pages, most of which mean nothing on a stylesheet and cost a first visit 200 bytes.
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.CachingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.ContentSecurityPolicyMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "config.middleware.AddressLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.BodyMiddleware",
    "config.middleware.StaffSessionMiddleware",
    "config.middleware.StaffCsrfMiddleware",
    "config.middleware.StaffAuthenticationMiddleware",
    "config.middleware.StaffMessageMiddleware",
    "config.middleware.StaffAccountMiddleware",
    "config.middleware.DatabaseAwayMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "config.context.page_languages",
                "django.contrib.auth.context_processors.auth",  # for the admin; public templates never read it
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
FORMS_URLFIELD_ASSUME_HTTPS = True  # what Django 6 does by itself; the line goes with Django 5
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "plain"
CRISPY_FAIL_SILENTLY = False

# --- database ----------------------------------------------------------------------------------------

DATABASES = {
    "default": env.db("DATABASE_URL", engine="config.postgresql")
    if env("DATABASE_URL", default="")
    else devdb.settings(VAR_DIR),
}
DATABASES["default"] |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- languages and time ------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", _("English")),
    ("ar", _("Arabic")),
    ("fr", _("French")),
    ("sw", _("Swahili")),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- mail and work in the background -----------------------------------------------------------------

MAIL_DIR = VAR_DIR / "mail"
if env("EMAIL_URL", default=""):
    vars().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "config.eml.EmailBackend"  # one file a message, in MAIL_DIR
EMAIL_TIMEOUT = 30  # a mail server that hangs must not hold the worker
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Undersigned <letters@localhost>")
# Where mail comes back to, with a + and more before its @; "" where nothing reads it.
BOUNCE_ADDRESS = env("BOUNCE_ADDRESS", default="")
if BOUNCE_ADDRESS and not re.fullmatch(r"[A-Za-z0-9._-]{1,16}@[A-Za-z0-9.-]+", BOUNCE_ADDRESS):
    raise ImproperlyConfigured(
        "BOUNCE_ADDRESS must be an address such as bounces@example.org, with at most 16 letters before its @"
    )
UPDATE_MAILS_A_MINUTE = env.int(
    "UPDATE_MAILS_A_MINUTE", default=50
)  # more than that at once is taken for spam
if UPDATE_MAILS_A_MINUTE < 1:
    raise ImproperlyConfigured("UPDATE_MAILS_A_MINUTE must be 1 or more")
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}

# --- files -------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]


def _never_guessed(headers: Headers, path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"


WHITENOISE_ADD_HEADERS_FUNCTION = _never_guessed
WHITENOISE_ALLOW_ALL_ORIGINS = False  # a header for copies on other hosts, which we have none of
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR_DIR / "pictures"},
    },
    "staticfiles": {"BACKEND": "config.static.ShortenedStaticFilesStorage"},
}
FONT_DIRS = env.list("FONT_DIRS", default=[])  # beside the system's own; documents are set in what is there
DOCUMENTS_DIR = VAR_DIR / "documents"  # addressed letters, for a day; web server and worker share it
PUBLIC_BODY_BYTES = 64 * 1024  # the longest sign form is under 8 kB
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # a letter in Burmese, percent-encoded, is nine bytes a letter
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000  # sixty recipients of a letter are 500 fields of its form
FILE_UPLOAD_HANDLERS = [
    "config.uploads.MemoryUploadHandler"
]  # lists hold contacts: none of it reaches a disk
FILE_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024  # kept of all files of a request; five thousand rows are 1 MB

# --- headers and cookies -----------------------------------------------------------------------------

SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = "/admin/"  # public pages carry no cookie
SESSION_COOKIE_AGE = 30 * 60  # idle: a desk left open in a shared office
SESSION_SAVE_EVERY_REQUEST = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Strict"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_FAILURE_VIEW = "config.errors.form_too_old"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"  # no-referrer would make our own posts say "Origin: null"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False  # the coalition's other sites are theirs to decide
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: [] for name in ("camera", "geolocation", "microphone", "payment", "usb")
}

# --- staff -------------------------------------------------------------------------------------------

LOGIN_URL = ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"
AUTHENTICATION_BACKENDS = ["letters.accounts.StaffBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "letters.accounts.LongestPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600  # seconds; who asked for the link is at the computer
ACCOUNT_ADAPTER = "signatories.entrance.adapters.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"  # superusers type the addresses
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False  # signatories/limits.py counts for all processes together
ACCOUNT_REAUTHENTICATION_TIMEOUT = 5 * 60  # seconds: a desk left open is not whoever sits at it
ACCOUNT_SESSION_REMEMBER = False  # the cookie goes with the browser window, at the latest
MFA_ADAPTER = "signatories.entrance.adapters.FactorAdapter"
MFA_FORMS = {
    "login_webauthn": "signatories.entrance.forms.KeyLoginForm",
    "reauthenticate_webauthn": "signatories.entrance.forms.ConfirmKeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Undersigned"
MFA_TOTP_TOLERANCE = 1  # half a minute each way: clocks of old phones are wrong
MFA_ALLOW_UNVERIFIED_EMAIL = True  # we verify none

# --- numbers, each with its reason -------------------------------------------------------------------

LIVE_POLL_SECONDS = 15  # soon enough to be live; 1,000 readers are 67 requests a second
CONFIRM_LINK_LIFE = timedelta(days=14)  # boards meet on Thursdays
OWN_PAGE_LINK_LIFE = timedelta(days=365)  # leaving must stay easy; a new link is one mail away
VOUCH_LINK_LIFE = timedelta(
    days=30
)  # who is asked asks its colleagues first; its own page leads there for longer
AGREE_LINK_LIFE = timedelta(
    days=90
)  # longer than any letter waits for a new yes; every reminder brings another one
AGREE_REMINDERS = (3, timedelta(days=2))  # as for confirming: two, four and six days after it was asked
AGREE_LAST_REMINDER = timedelta(hours=48)  # before signing ends, to who is silent still
PHONE_CODE_LIFE = timedelta(days=3)  # a chat is read within hours, and staff call again after a weekend
CONFIRM_GRACE = timedelta(hours=72)  # slow mail must not cost a signature sent in time
MAILS_BEFORE_CONFIRMED = 5  # more is a weapon against somebody's mailbox
MAILS_ASKED_FOR = (10, timedelta(days=1))  # to one address over all letters: an office signs for its members
CODE_TRIES = 5  # of a million: guessing is hopeless
VOUCHES_A_SIGNATURE = 3  # asked for; two are enough, and one may not answer
VOUCHES_ASKED_OF_ONE = (10, timedelta(days=7))  # a well-known network must not be buried in our mail
PRESSURE_BURST = (5, timedelta(minutes=5))  # from one place; a camp's Wi-Fi signs more slowly
PRESSURE_DAY = (20, timedelta(days=1))  # a workshop fits; a herd does not
WORKSHOP_PLACES = 30  # a room
WORKSHOP_PLACES_AT_MOST = 100  # a hall; more than that in one place moderators should look at one by one
WORKSHOP_LIFE = timedelta(days=14)  # boards meet on Thursdays, and a training goes on the week after
WORKSHOP_LIFE_AT_MOST = timedelta(days=31)  # a sheet that still hangs there is anybody's
WORKSHOP_KEPT = timedelta(days=90)  # who sat in which room; it mattered while they were decided
WRONG_CODES = (20, timedelta(minutes=1))  # of a workshop, from one place: a room full of typing errors
COMMENTS_FROM_ONE_PLACE = (30, timedelta(hours=1))  # an office that reads a draft together
COMMENTS_A_TEXT = 500  # all stand on one page; nobody reads more
COMMENTERS_KEPT = timedelta(days=30)  # after the launch: by then everybody asked has been answered
DRAFT_COMMENTERS_KEPT = timedelta(days=365)  # of a letter that is never launched
PRESS_CONTACTS = 5  # of a letter: a journalist on a deadline wants to know whom to call
PRESS_LINK_LIFE = timedelta(days=14)  # before a launch; a link in an old mail is anybody's
PRESS_LINK_LIFE_AT_MOST = timedelta(days=60)
QUOTES_SHOWN = 100  # on one page, the newest; nobody quotes from more
SMALL_CELL = 3  # fewer unnamed organisations than this would name them by their country
MODERATION_AMBER = timedelta(hours=24)
MODERATION_RED = timedelta(hours=72)
ERASE_UNCONFIRMED_AFTER = timedelta(days=30)
ERASE_REJECTED_AFTER = timedelta(days=30)
ERASE_CONTACTS_AFTER_CLOSING = timedelta(days=182)  # six months: the follow-up is written by then
ERASE_KEPT_CONTACTS_AFTER_CLOSING = timedelta(days=730)  # for those who agreed to be kept
UNDO_FOR = timedelta(minutes=5)  # a decision can be taken back, and its mail waits as long
UNDO_MERGE_FOR = timedelta(days=1)  # two organisations that were none are noticed the next morning
BATCH_KEPT = timedelta(days=7)  # which ones came from one place matters while they are decided
SESSION_LIFE = timedelta(hours=8)  # a working day; whoever stole a cookie has no more than that
LOGIN_TRIES = (5, timedelta(minutes=15))  # wrong ones, as one person from one place: five are typing errors
LOGIN_TRIES_FROM_ONE_PLACE = (20, timedelta(hours=1))  # an office that returns from a holiday
CODE_TRIES_FROM_NEW_BROWSERS = (30, timedelta(days=1))  # of a million, three at a time; known browsers go on
PASSWORD_LENGTH_AT_MOST = 128  # a sentence fits; hashing a megabyte would be work that strangers give us
BULK_LIMIT = 50  # rows a person has really looked at
CONTACT_EXPORTS = (3, timedelta(days=1))  # of one person: a mistyped choice or two, and no habit
LIST_ROWS = 5_000  # of one imported list; a longer one is brought in parts
LIST_KEPT = timedelta(hours=24)  # what was uploaded and not written; its contacts nobody has agreed to keep
LIST_MAILS = (50, timedelta(minutes=1))  # a sender of thousands at once is taken for spam
UPDATE_MAILS_KEPT = timedelta(days=30)  # to which mailboxes one went: as long as mail comes back
INVITATION_REMINDERS = (2, timedelta(days=5))  # to who is silent, and how far apart: then somebody calls
INVITATION_MAILS_APART = timedelta(days=1)  # however often staff press the button
INVITATION_LINES = 500  # pasted at once: a longer list is a spreadsheet to be cleaned first
ERASE_INVITED_AFTER_ANSWER = timedelta(days=7)  # a no or a slip can be changed; then the address is of no use
BOUNCES_IN_A_ROW = 3  # for reasons that may pass, on different days: a full mailbox that nobody empties
BOUNCES_FORGOTTEN_AFTER = timedelta(days=30)  # further apart than this they are not in a row
REFUSALS_FORGOTTEN_AFTER = timedelta(days=365)  # one more mail tells whether it is still gone
NAMES_ON_PAPER = 10_000  # 130 pages, made in two seconds; who wants to read more wants the list itself
PARCEL_KEPT = timedelta(days=1)  # addressed letters: long enough to send them, and made again in seconds
COUNTED_AT_MOST = 5_000  # rows of a list: nobody turns a hundred pages, and counting on reads the whole table
NAMES_PER_PAGE = 200  # one screenful of patience on a slow line
OPEN_DATA_PER_PAGE = 1_000  # 150 kB; most letters are one page, and a long one takes no worker for long
PAGE_CACHE_BYTES = 32 * 1024 * 1024  # rendered pages kept per process

# --- logs --------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"redact": {"()": "config.logs.Redact"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["redact"]},
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": [], "level": "WARNING"},
        "django.request": {"level": "ERROR"},  # wrong addresses and refused forms are not news
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # scanners send them all day
        "letters": {"level": "INFO"},
        "signatories": {"level": "INFO"},
    },
}
