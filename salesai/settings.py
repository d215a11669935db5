"""Settings, from the environment (12-factor). `.env` beside manage.py is read where it exists.

Development is the default and needs nothing: a secret key made on first use and the embedded
PostgreSQL, both kept in SALESAI_DATA_DIR. SALESAI_PRODUCTION=true turns on what a public server
needs and refuses to start without SECRET_KEY, DATABASE_URL and ALLOWED_HOSTS.
"""

import os
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy

from salesai.environment import (
    database,
    entries,
    flag,
    host_names,
    log_level,
    model_storage,
    options,
    read_file,
    whole_number,
)
from salesai.logs import configure_structlog, logging_config
from salesai.secret_key import kept_secret_key
from salesai.sidebar import NAVIGATION

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
read_file(env, BASE_DIR / ".env")

PRODUCTION = flag(env, "SALESAI_PRODUCTION", default=False)
DEBUG = flag(env, "DEBUG", default=False)
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG cannot be true in production: its pages of errors show everyone all there is.")
DATA_DIR = (BASE_DIR / (env.str("SALESAI_DATA_DIR", default="") or ".salesai")).resolve()

LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

# `environ` takes what begins with $ for the name of another variable.
SECRET_KEY = os.environ.get("SECRET_KEY", "")
if not SECRET_KEY:
    if PRODUCTION:
        raise ImproperlyConfigured("Set SECRET_KEY: production does not make one of its own.")
    SECRET_KEY = kept_secret_key(DATA_DIR)
ALLOWED_HOSTS = host_names(env, "ALLOWED_HOSTS", default=[] if PRODUCTION else LOCAL_HOSTS)
CSRF_TRUSTED_ORIGINS = entries(env, "CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "salesai",
    "recommender",
    "activities",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pghistory",
    "pgtrigger",
    "procrastinate.contrib.django",
    "rest_framework",
]

MIDDLEWARE = [
    "salesai.request_log.log_requests",
    "salesai.middleware.add_length",
    "salesai.metrics.measure_requests",
    "salesai.middleware.refuse_other_hosts",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "salesai.middleware.CSPMiddleware",
    "salesai.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "salesai.middleware.AuthenticationMiddleware",
    "salesai.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "activities.change_records.name_who_changes",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "salesai.urls"
WSGI_APPLICATION = "salesai.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Each thread keeps its connection, the big lever of throughput; one that a restart of the server
# has cut is found and replaced.
DATABASES = {"default": {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}}
if PRODUCTION or env.str("DATABASE_URL", default=""):
    DATABASES["default"] |= database(env, "DATABASE_URL") | {"ENGINE": "salesai.postgres_backend"}
else:
    DATABASES["default"] |= {"ENGINE": "salesai.embedded_backend", "NAME": "salesai"}

# What workers run by the clock (cron, in UTC; empty: never) as commands of manage.py.
SCHEDULES = {
    "training": (env.str("SCHEDULE_TRAINING", default="0 1 * * *"), ["train_recommender"]),
    "regeneration": (
        env.str("SCHEDULE_REGENERATION", default="0 3 * * *"),
        # `--anew`: what is left of last night's run is part of tonight's.
        ["regenerate_activities", "--queue", "--anew", *options(env, "SCHEDULE_REGENERATION_OPTIONS")],
    ),
    "cleaning": (
        env.str("SCHEDULE_CLEANING", default="0 6 * * *"),
        ["clean_up", *options(env, "SCHEDULE_CLEANING_OPTIONS")],
    ),
}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    "models": model_storage(env, "MODELS_URL", DATA_DIR / "models"),
}
STATIC_URL = "static/"
if PRODUCTION:
    STATIC_ROOT = BASE_DIR / "staticfiles"
else:
    # No collectstatic is needed to work on the project: files are served from where they are.
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    WHITENOISE_USE_FINDERS = True

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")  # of the theme's login, which does not say where to

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_TEMPLATE = "locked_out.html"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "salesai.request_log.address_of"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["activities.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["activities.permissions.KeyAllows"],
    "DEFAULT_PARSER_CLASSES": ["activities.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["activities.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "activities.negotiation.OneAnswer",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "activities.errors.answer_exception",
    "UNAUTHENTICATED_USER": None,
}

SPECTACULAR_SETTINGS = {
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"validatorUrl": None},
    "ENABLE_DJANGO_DEPLOY_CHECK": False,  # of the schema it would generate; ours is written by hand
}

TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = ["salesai.formats"]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

if PRODUCTION:
    # TLS ends at a proxy in front, which says so in this header.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = flag(env, "SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = whole_number(env, "SECURE_HSTS_SECONDS", default=31_536_000, least=0)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = flag(env, "SECURE_HSTS_INCLUDE_SUBDOMAINS", default=True)
    SECURE_HSTS_PRELOAD = flag(env, "SECURE_HSTS_PRELOAD", default=True)
    # Without the redirect people try it over HTTP, where a browser sends no secure cookie.
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT

configure_structlog()
LOGGING = logging_config(log_level(env, "LOG_LEVEL", default="INFO"), as_json=flag(env, "LOG_JSON", default=PRODUCTION))
UNFOLD = {
    "SITE_TITLE": "Sales AI",
    "SITE_HEADER": "Sales AI",
    "SITE_SUBHEADER": "Order suggestions",
    "SITE_URL": None,  # there is no other site to view
    "SITE_SYMBOL": "insights",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("activities/favicon.svg")},
    ],
    "SHOW_HISTORY": False,  # an activity's page shows its own, whoever made the change
    "DASHBOARD_CALLBACK": "activities.admin.dashboard.fill",
    "STYLES": [lambda request: static("activities/admin.css")],
    "SCRIPTS": [lambda request: static("activities/keyboard.js")],
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {"show_search": True, "navigation": NAVIGATION},
}
