"""Apps, middleware, templates, languages, branding and static files."""

from .base import BASE_DIR, DATA_DIR, IS_LOCAL, env

INSTALLED_APPS = [
    "unsubscribe",
    "prefcenter",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "prefcenter.accounts.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "ninja",
]
MIDDLEWARE = [
    "prefcenter.web.middleware.AnyHostForLinks",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "prefcenter.web.middleware.ReadersLanguage",
    "prefcenter.web.middleware.CalmErrors",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "prefcenter.web.middleware.LastSlash",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "prefcenter.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
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
LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en")
#: By code, each language's own name for itself, as the pages show it.
LANGUAGES = [
    ("en", "English"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("es", "Español"),
    ("pt-br", "Português (Brasil)"),
    ("ja", "日本語"),
    ("ar", "العربية"),
]
#: The sender's colour, #rgb or #rrggbb, made readable in light and dark; "" for the stylesheet's own.
BRAND_COLOR = env.str("BRAND_COLOR", default="").strip()
#: The path of an image (SVG, PNG, WebP, GIF or JPEG, at most 100 kB), from the project's folder; "" for none.
BRAND_LOGO = env.str("BRAND_LOGO", default="")
if BRAND_LOGO:
    BRAND_LOGO = str(BASE_DIR / BRAND_LOGO)
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
_static_files = "whitenoise.storage.CompressedManifestStaticFilesStorage"
if IS_LOCAL:
    _static_files = "django.contrib.staticfiles.storage.StaticFilesStorage"
# Static files need not be collected.
WHITENOISE_USE_FINDERS = IS_LOCAL
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _static_files},
}
