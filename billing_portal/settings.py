"""All settings, from the environment; `.env.example` lists what may be set.

Times are kept in UTC and shown in `BILLING_ZONE`. Amounts are whole đồng.
"""

from ipaddress import ip_network
from pathlib import Path

from django.utils.translation import gettext_lazy as _
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from billing_portal.environment import (
    LOCAL_HOSTS,
    Environment,
    database,
    host_of,
    mail,
    mail_events,
    owner,
    read_files,
    readable_url,
    refuse_demo_in_public,
    usable_key,
    with_password,
)
from billing_portal.openapi import DOCUMENT

BASE_DIR = Path(__file__).resolve().parent.parent

env = Environment()
read_files(BASE_DIR)
DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / ".data"))).absolute()

DEBUG = env.bool("DEBUG", False)
DEMO = env.bool("DEMO", False)  # an app of its own: seeded customers, their sign-ins shown, a clock that staff may move
SECRET_KEY = env.str("SECRET_KEY", "only-for-debugging-on-this-machine" if DEBUG else "")
usable_key(SECRET_KEY)
SECRET_KEY_FALLBACKS = env.list("FORMER_SECRET_KEYS", default=[])  # what second factors are still encrypted with

# --- Where we are reached ---------------------------------------------------------------------------------------------

PUBLIC_URL = env.str("PUBLIC_URL", "http://localhost:8000").rstrip("/")  # for people, gateways and product teams
PORTAL_URL = env.str("PORTAL_URL", PUBLIC_URL).rstrip("/")  # for the sandbox beside us; never redirected to https
HTTPS = PUBLIC_URL.startswith("https://")
ALLOWED_HOSTS = list(  # the machine's own names whatever is said: health is asked there
    dict.fromkeys([*env.list("ALLOWED_HOSTS", default=[host_of(PUBLIC_URL)]), *LOCAL_HOSTS, host_of(PORTAL_URL)])
)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
OURS_ALONE = (
    "__Host-" if HTTPS else ""
)  # browsers take such a cookie from this host alone, by https: no neighbour plants one
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{OURS_ALONE}sessionid", f"{OURS_ALONE}csrftoken"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 365 * 86400 if HTTPS else 0
SECURE_SSL_REDIRECT = HTTPS
SILENCED_SYSTEM_CHECKS = [
    "security.W001",  # TransportMiddleware is Django's SecurityMiddleware, which the check knows by its own name only
    "security.W005",  # HSTS for other hosts of the domain is not ours to promise
    "security.W021",
]
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # probed from inside, without TLS; so is PORTAL_URL
BEHIND_PROXY = env.bool("BEHIND_PROXY", False)  # only when the proxy sets X-Forwarded-Proto and -For itself
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"

# --- Applications -----------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    *(["demo"] if DEMO else []),
    "billing_portal",
    "foresight",
    "orders",
    "budgets",
    "payments",
    "ledger",
    "invoices",
    "usage",
    "lifecycle",
    "catalog",
    "team",
    "door",
    "notifications",
    "accounts",
    "billing_portal.staff.StaffAreaConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_fsm",
    "pgtrigger",
    "csp",
    "allauth.account",
    "door.usersessions.Config",
    "allauth.mfa",
]
MIDDLEWARE = [
    "billing_portal.transport.TransportMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "billing_portal.middleware.UnkeptMiddleware",
    # Guessing what lies beside reflected input by the size of the answer (BREACH) finds nothing here: Django masks the CSRF
    # token anew in every answer and adds random bytes to what it compresses; keys are shown once, never again.
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.ChosenCustomerMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "door.middleware.ProviderMiddleware",
    "door.middleware.LastingMiddleware",
    "door.middleware.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "billing_portal.middleware.RefusalMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "billing_portal.urls"
WSGI_APPLICATION = "billing_portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "billing_portal.context.portal",
                *(["demo.context.sign_ins"] if DEMO else []),
            ],
            "builtins": ["billing_portal.templatetags.forms"],
        },
    }
]

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = LOGIN_URL
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

PASSWORD_RESET_TIMEOUT = 3600
SIGN_UP = env.bool("SIGN_UP", True)  # else staff make every account

# The front door (see `door/`): people sign in by mail address and password. An account is there when its address is confirmed,
# never before, so allauth has none to verify; and the brake is our own (docs/decisions/011).
ACCOUNT_ADAPTER = "door.adapter.Adapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = False  # whose page belongs to someone else signs in with another address
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
ACCOUNT_REAUTHENTICATION_METHODS = ["password", "mfa"]  # either shows anew that it is you, see accounts/proof.py
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
STAFF_SECOND_FACTOR = env.bool("STAFF_SECOND_FACTOR", not DEMO)  # the demo's sign-ins are known to everybody
MFA_ADAPTER = "door.second_factor.SecondFactor"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1  # half a minute: telephones' clocks differ

# --- Database and Redis -----------------------------------------------------------------------------------------------

DATABASES = {"default": database(env)}
DATABASE_APPLICATION = DATABASES["default"]["USER"]  # who runs the portal; granted what it needs, see store/rights.py
DATABASE_OWNER = owner(
    env, DATABASE_APPLICATION
)  # who owns the tables, for what migrates and nothing else; {}: the same

REDIS_URL = with_password(
    readable_url("REDIS_URL", env.str("REDIS_URL", "redis://127.0.0.1:6379/0")), env.str("REDIS_PASSWORD", "")
)
CACHES = {
    "default": {
        "BACKEND": "billing_portal.circuit.CircuitCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "portal",
        "OPTIONS": {
            "socket_connect_timeout": 1,
            "socket_timeout": 1,
            # A line that was closed is opened again; never a wait.
            "retry": Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        },
    }
}

# --- Celery: a doorbell, never the record -----------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,  # above the longest task
    "socket_connect_timeout": 2,
    "socket_timeout": 10,  # a server that takes the line and says nothing
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1_000
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "celery"
COURIERS = "couriers"  # the queue of what may be kept waiting outside the house: a worker of its own, with threads
CELERY_TASK_ROUTES = {
    "lifecycle.tasks.deliver_to_product": {"queue": COURIERS},
    "payments.tasks.work_at_gateway": {"queue": COURIERS},
}

# --- Languages and time -----------------------------------------------------------------------------------------------

LANGUAGE_CODE = env.str("LANGUAGE_CODE", "vi")
LANGUAGES = [("vi", _("Vietnamese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
BILLING_ZONE = env.str("BILLING_ZONE", "Asia/Ho_Chi_Minh")
CELERY_TIMEZONE = BILLING_ZONE  # "the first of the month" is meant there

# --- Files ------------------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(DATA_DIR / "static")))
STATICFILES_DIRS = [
    place
    for folder, place in [
        (BASE_DIR / "static", BASE_DIR / "static"),
        (BASE_DIR / "docs" / "screens", ("screens", BASE_DIR / "docs" / "screens")),
    ]
    if folder.is_dir()
]
"""Pictures of pages, which the help shows, lie with the documentation."""
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG

# --- Mail: into a folder unless a server is named (the portal shows every notice anyway) ------------------------------

DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("MAIL_FROM", "Billing Portal <billing@localhost>")
_mail = mail(env, folder=DATA_DIR / "mails")
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_FILE_PATH = _mail["EMAIL_FILE_PATH"]
EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"], _mail["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"], _mail["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail["EMAIL_USE_TLS"], _mail["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = 10
MAIL_EVENTS, MAIL_EVENTS_KEY = mail_events(env)  # who tells of bounces and complaints, and the key they sign by

# --- REST -------------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "catalog.api.authentication.ProductKeyAuthentication",
        "accounts.api.authentication.CustomerKeyAuthentication",
        "accounts.api.authentication.UserAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.permissions.MayUse"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.api.throttling.PrincipalThrottle"],
    "DEFAULT_THROTTLE_RATES": {"principal": env.str("API_RATE", "600/min")},
    "DEFAULT_PARSER_CLASSES": ["accounts.api.parsing.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "accounts.api.pagination.KeysetPagination",
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_SCHEMA_CLASS": "accounts.api.schema.Schema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "accounts.api.problems.handle",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = DOCUMENT

# --- Gateways (payments/gateways/registry.py says what each needs), and what a page may load --------------------------

SANDBOX_URL = env.str("SANDBOX_URL", "").rstrip("/")  # how we reach it; empty: there is none
SANDBOX_PUBLIC_URL = env.str("SANDBOX_PUBLIC_URL", SANDBOX_URL).rstrip("/")  # how the customer's browser reaches it
SANDBOX_APP_ID = env.str("SANDBOX_APP_ID", "2553")
SANDBOX_KEY1 = env.str("SANDBOX_KEY1", "")  # signs what we send
SANDBOX_KEY2 = env.str("SANDBOX_KEY2", "")  # verifies what they send
SANDBOX_GATEWAYS = env.list("SANDBOX_GATEWAYS", default=["zalopay"])  # whom it plays
SHOP_KEYS_FILE = Path(env.str("SHOP_KEYS_FILE", str(DATA_DIR / "shop-keys.json")))  # from the demo data to its shops

ZALOPAY_APP_ID = env.str("ZALOPAY_APP_ID", "")  # the merchant's number; empty: customers cannot pay there
ZALOPAY_KEY1 = env.str("ZALOPAY_KEY1", "")  # signs what we send
ZALOPAY_KEY2 = env.str("ZALOPAY_KEY2", "")  # verifies what they send
ZALOPAY_URL = env.str("ZALOPAY_URL", "https://openapi.zalopay.vn")
ZALOPAY_STATEMENT_URL = env.str(
    "ZALOPAY_STATEMENT_URL", ""
)  # of a day's statement, as agreed; empty: staff read its file
ZALOPAY_AGREEMENTS = env.bool("ZALOPAY_AGREEMENTS", False)  # the contract allows linking wallets

MOMO_PARTNER_CODE = env.str("MOMO_PARTNER_CODE", "")  # empty: customers cannot pay there
MOMO_ACCESS_KEY = env.str("MOMO_ACCESS_KEY", "")
MOMO_SECRET = env.str("MOMO_SECRET", "")
MOMO_URL = env.str("MOMO_URL", "https://payment.momo.vn")
MOMO_STATEMENT_URL = env.str("MOMO_STATEMENT_URL", "")
MOMO_PUBLIC_KEY = env.str("MOMO_PUBLIC_KEY", "")  # MoMo's own, of merchants that may link wallets

VNPAY_TMN_CODE = env.str("VNPAY_TMN_CODE", "")  # the merchant's terminal; empty: customers cannot pay there
VNPAY_SECRET = env.str("VNPAY_SECRET", "")
VNPAY_PAY_URL = env.str("VNPAY_PAY_URL", "https://pay.vnpay.vn/vpcpay.html")  # where browsers go
VNPAY_API_URL = env.str("VNPAY_API_URL", "https://merchant.vnpay.vn/merchant_webapi/api/transaction")
VNPAY_STATEMENT_URL = env.str("VNPAY_STATEMENT_URL", "")
VNPAY_IP_ADDRESS = env.str("VNPAY_IP_ADDRESS", "127.0.0.1")  # our server's, kept there with each call

STRIPE_KEY = env.str("STRIPE_KEY", "")  # the secret key; empty: nobody pays by card
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET", "")  # verifies what they send
STRIPE_URL = env.str("STRIPE_URL", "https://api.stripe.com")

# A form that answers with a redirect to a gateway needs that gateway's origin in form-action.
GATEWAY_ORIGINS = env.list(
    "GATEWAY_ORIGINS",
    default=[
        *(["https://*.zalopay.vn"] if ZALOPAY_APP_ID else []),
        *(["https://*.momo.vn"] if MOMO_PARTNER_CODE else []),
        *(["https://*.stripe.com"] if STRIPE_KEY else []),
        *(["/".join(VNPAY_PAY_URL.split("/")[:3])] if VNPAY_TMN_CODE else []),
        *([SANDBOX_PUBLIC_URL] if SANDBOX_PUBLIC_URL else []),
    ],
)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'", *GATEWAY_ORIGINS],
    }
}

# Product teams choose the addresses of their webhooks. Those of this machine and of private networks are refused at each
# call, except in these networks, say 10.20.0.0/16.
WEBHOOK_INSIDE_NETWORKS = [str(ip_network(each)) for each in env.list("WEBHOOK_INSIDE_NETWORKS", default=[])]

# So do customers those of their own sign-ins (docs/decisions/026), and of these networks nothing is called either, but where you
# know every customer.
PROVIDER_INSIDE_NETWORKS = [str(ip_network(each)) for each in env.list("PROVIDER_INSIDE_NETWORKS", default=[])]

METRICS_TOKEN = env.str("METRICS_TOKEN", "")  # what Prometheus shows at /metrics; empty: there is no such page

# --- Business ---------------------------------------------------------------------------------------------------------

QUOTE_LIFETIME_MINUTES = env.int("QUOTE_LIFETIME_MINUTES", 15)
RENEWAL_WINDOW_DAYS = env.int("RENEWAL_WINDOW_DAYS", 3)
INVOICE_DUE_DAYS = env.int("INVOICE_DUE_DAYS", 15)
HOLD_DAYS_AHEAD = env.int("HOLD_DAYS_AHEAD", 3)
TAX_SPLITS_USAGE = env.bool("TAX_SPLITS_USAGE", True)  # use that crosses a change of VAT: at both rates, or at the last
PROVISIONING_TIMEOUT_MINUTES = env.int("PROVISIONING_TIMEOUT_MINUTES", 15)
USAGE_OLDEST_DAYS = env.int("USAGE_OLDEST_DAYS", 62)
TOP_UP_MINIMUM = env.int("TOP_UP_MINIMUM", 10_000)
TOP_UP_MAXIMUM = env.int("TOP_UP_MAXIMUM", 100_000_000)

# A month-end bill is held back that is this many times the usual, unless it is below a floor; or, where nothing is usual yet,
# one above a bound.
OUTLIER_FACTOR = env.int("OUTLIER_FACTOR", 5)
OUTLIER_FLOOR = env.int("OUTLIER_FLOOR", 20_000_000)
OUTLIER_NEW_CUSTOMER = env.int("OUTLIER_NEW_CUSTOMER", 50_000_000)

# What one person of a group moves in a day without a second one, by act, in đồng; "administrator" are superusers.
ALONE = {
    "adjust-credit": env.limits("ALONE_ADJUST_CREDIT", 0),
    "grant-credit": env.limits("ALONE_GRANT_CREDIT", 5_000_000),
    "grant-poc": env.limits("ALONE_GRANT_POC", 5_000_000),
    "bank-transfer": env.limits("ALONE_BANK_TRANSFER", 1_000_000_000),
    "book-received": env.limits("ALONE_BOOK_RECEIVED", 100_000_000),
    "book-given-back": env.limits("ALONE_BOOK_GIVEN_BACK", 0),
    "bank-return": env.limits("ALONE_BANK_RETURN", 0),
    "credit-note": env.limits("ALONE_CREDIT_NOTE", 5_000_000),
    "coupons": env.limits("ALONE_COUPONS", 20_000_000, by="catalogue"),  # what all of their uses can take off
    "switch-mode": env.limits("ALONE_SWITCH_MODE", 5_000_000),  # what the customer's resources cost in 30 days
}
UNREVIEWED = env.limits("UNREVIEWED_OPENINGS", 20, by="support")

CLOCK_MOVABLE = env.bool("CLOCK_MOVABLE", DEMO)
refuse_demo_in_public(
    PUBLIC_URL,
    {"DEMO": DEMO, "CLOCK_MOVABLE": CLOCK_MOVABLE, "SANDBOX_URL": SANDBOX_URL},
    meant=env.bool("DEMO_IN_PUBLIC", False),
)

# --- The seller, on pages, documents and mails ------------------------------------------------------------------------

SELLER_IS_NAMED = bool(env.str("SELLER_NAME", "") and env.str("SELLER_TAX_CODE", "") and env.str("SELLER_ADDRESS", ""))
SELLER_NAME = env.str("SELLER_NAME", "Billing Portal Demo")
SELLER_TAX_CODE = env.str("SELLER_TAX_CODE", "0000000000")
SELLER_ADDRESS = env.str("SELLER_ADDRESS", "Thành phố Hồ Chí Minh, Việt Nam")
SELLER_SALES = env.str("SELLER_SALES", "")  # how to reach us: phone, mail
SELLER_SUPPORT = env.str("SELLER_SUPPORT", "")
SELLER_TERMS_URL = env.str("SELLER_TERMS_URL", "")
SELLER_PRIVACY_URL = env.str("SELLER_PRIVACY_URL", "")
PRIVACY_DAYS = {  # by when what people ask about their data is done: law 91/2025 and decree 356/2025
    "hand_over": env.int("PRIVACY_DAYS_HAND_OVER", 10),
    "correct": env.int("PRIVACY_DAYS_CORRECT", 10),
    "withdraw": env.int("PRIVACY_DAYS_WITHDRAW", 15),
    "erase": env.int("PRIVACY_DAYS_ERASE", 20),
    "close": env.int("PRIVACY_DAYS_CLOSE", 20),
}
PRIVACY_FIRST_ANSWER_DAYS = env.int("PRIVACY_FIRST_ANSWER_DAYS", 2)  # working days, by the same law
CLOSING_DAYS = env.int("CLOSING_DAYS", 3)  # so long an owner can think better of closing the account; three at least
SELLER_BANK = env.str("SELLER_BANK", "")  # where to pay; shown when the account's number is given as well
SELLER_BANK_ACCOUNT = env.str("SELLER_BANK_ACCOUNT", "")
SELLER_BANK_HOLDER = env.str("SELLER_BANK_HOLDER", SELLER_NAME)
SELLER_BANK_BIN = env.str(
    "SELLER_BANK_BIN", ""
)  # the bank's six digits at NAPAS; with it, customers are shown QR codes
LINKED_CHARGE_LIMIT = env.int("LINKED_CHARGE_LIMIT", 5_000_000)  # of a new linked account, at once; customers change it
LINKED_MONTH_LIMIT = env.int("LINKED_MONTH_LIMIT", 20_000_000)
AUTOMATIC_TOP_UPS_A_DAY = env.int("AUTOMATIC_TOP_UPS_A_DAY", 3)
AUTOMATIC_RETRY_HOURS = {  # after each decline in a row; one more switches the automatic charge off
    "top_up": [int(hours) for hours in env.list("AUTOMATIC_TOP_UP_COOL_OFF_HOURS", default=["12", "24", "48"])],
    "invoices": [int(hours) for hours in env.list("AUTOMATIC_PAYMENT_RETRY_HOURS", default=["24", "72", "120"])],
}
BANK_TRANSFER_ORDER_HOURS = env.int("BANK_TRANSFER_ORDER_HOURS", 24)  # so long an order waits for its transfer
BANK_TRANSFER_DAYS = env.int("BANK_TRANSFER_DAYS", 7)  # so long a code for a top-up or for invoices is shown
BANK_FEED_SECRET = env.str("BANK_FEED_SECRET", "")  # what the bank's service shows to tell us of transfers; empty: none

# --- Logs -------------------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "billing_portal.logs.JsonFormatter"}},
    "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}},
    "root": {"handlers": ["stdout"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # Messages come and go every few seconds; what a job did, it says itself (`billing_portal.jobs`).
        **{f"celery.{part}": {"level": "WARNING"} for part in ("beat", "worker.strategy", "app.trace")},
    },
}
