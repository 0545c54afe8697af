"""The database, the cache, imported files, Celery's broker and its schedule."""

from typing import Any

from celery.schedules import crontab

from .api import WEBHOOKS_SECONDS
from .base import DATA_DIR, DATA_UMASK, env
from .files import private_paths, tighten
from .site import TIME_ZONE

_database: dict[str, Any] = env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'db.sqlite3'}")
if _database["ENGINE"].endswith("sqlite3"):
    # DELETE and not WAL: Debian 12's SQLite 3.40.1 can corrupt a WAL file that two processes share.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # Deleted content is overwritten, so that no erased address stays in the file's free pages.
        "init_command": "PRAGMA journal_mode=DELETE; PRAGMA secure_delete=ON;",
    }
else:
    _database |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    _database.setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Shared by all processes, because the rate limits of signing in are kept here; a migration makes the table.
CACHES = {"default": env.cache_url("CACHE_URL", default="dbcache://prefcenter_cache")}
CACHES["default"]["KEY_FUNCTION"] = "prefcenter.web.cache_keys.make_key"
if CACHES["default"]["BACKEND"] == "django.core.cache.backends.redis.RedisCache":
    # In seconds, so that a Redis that hangs does not hold threads.
    _timeouts = {"socket_connect_timeout": 1, "socket_timeout": 1}
    CACHES["default"]["OPTIONS"] = _timeouts | CACHES["default"].get("OPTIONS", {})
if CACHES["default"]["BACKEND"].endswith("DatabaseCache"):
    # With Django's 300 entries a flood of made-up addresses would push out the limits of all others.
    CACHES["default"].setdefault("OPTIONS", {})["MAX_ENTRIES"] = 100_000

#: For uploads until their import has ended. Machines that share the work have to share this folder.
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "imports"
FILE_UPLOAD_TEMP_DIR.mkdir(mode=0o700, exist_ok=True)
#: The largest file to import.
IMPORT_MAX_MB = env.int("IMPORT_MAX_MB", default=500)
#: How long an uploaded file is kept, and how long the report of its import.
IMPORT_FILE_DAYS = env.int("IMPORT_FILE_DAYS", default=7)
IMPORT_REPORT_DAYS = env.int("IMPORT_REPORT_DAYS", default=365)

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="filesystem://localhost")
_queue = DATA_DIR / "queue"
if CELERY_BROKER_URL.startswith("filesystem:"):
    _queue.mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "data_folder_in": str(_queue),
        "data_folder_out": str(_queue),
        "polling_interval": 0.25,
    }
elif CELERY_BROKER_URL.startswith("redis"):
    # A request waits for the broker: one that hangs may cost it three seconds at most (tasks.publish).
    CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 3, "max_retries": 0}
for _path in private_paths(DATA_DIR, _database["NAME"] if _database["ENGINE"].endswith("sqlite3") else ""):
    tighten(_path, DATA_UMASK)
CELERY_BROKER_CONNECTION_TIMEOUT = 1
# No limit: acknowledgements that fail while the broker restarts would count against it for ever, and the worker would
# stop reading. Messages are only a few ids.
CELERY_WORKER_PREFETCH_MULTIPLIER = 0
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_CONSUMER = "prefcenter.broker.consumer:Consumer"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
_every = env.float("UNSUBSCRIBE_SWEEP_SECONDS", default=60.0)
# For the hours below.
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE = {
    "sweep the outbox": {"task": "unsubscribe.tasks.sweep", "schedule": _every},
    "answer the link requests": {"task": "prefcenter.tasks.answer_link_requests", "schedule": _every},
    "send what is owed about accounts": {"task": "prefcenter.tasks.send_account_messages", "schedule": _every},
    "work on imports": {"task": "prefcenter.tasks.work_on_imports", "schedule": _every},
    "send the webhooks": {
        "task": "prefcenter.tasks.send_webhooks",
        "schedule": WEBHOOKS_SECONDS,
        # Otherwise these tasks pile up while all threads are busy.
        "options": {"expires": WEBHOOKS_SECONDS},
    },
    "seal the ledger": {"task": "prefcenter.tasks.seal_ledger", "schedule": 3600.0},
    "forget old sessions": {"task": "prefcenter.tasks.forget_sessions", "schedule": 24 * 3600.0},
    "forget what the cache had": {"task": "prefcenter.tasks.forget_cached", "schedule": 3600.0},
    "forget old answers": {"task": "prefcenter.tasks.forget_answers", "schedule": 24 * 3600.0},
    "send the feedback digest": {
        "task": "prefcenter.tasks.send_feedback_digest",
        # Each gets one a week; the later hours are tries again after a failure.
        "schedule": crontab(minute="0", hour="7-12", day_of_week="mon"),
    },
}
