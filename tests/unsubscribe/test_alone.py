"""Another project installs `unsubscribe` alone: its wheel, its one URL and the guarded backend are enough to send."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.sqlite_only

ROOT = Path(__file__).resolve().parent.parent.parent

SETTINGS = """
import sys
for name in ("prefcenter", *"allauth csp cryptography dkim dns environ granian ninja openpyxl psycopg".split(),
             *"pydantic standardwebhooks whitenoise".split()):
    sys.modules[name] = None  # the site, and what only the site needs: whoever imports one here fails
SECRET_KEY = "a-key-for-tests-of-more-than-fifty-characters-0123456789"
UNSUBSCRIBE_ADDRESS_KEY = "an-address-key-for-tests-0123456789abcdef"
UNSUBSCRIBE_BASE_URL = "https://shop.example"
UNSUBSCRIBE_SENDER_NAME = "The shop"
UNSUBSCRIBE_HAS_PAGES = False
UNSUBSCRIBE_CONFIRMATION_DELAY = 0
ALLOWED_HOSTS = ["shop.example"]
INSTALLED_APPS = ["unsubscribe"]
ROOT_URLCONF = "unsubscribe.urls"
MIDDLEWARE = ["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DEFAULT_FROM_EMAIL = "shop@shop.example"
CELERY_BROKER_URL = "memory://"
USE_TZ = True
EMAIL_BACKEND = "unsubscribe.backends.GuardedEmailBackend"
UNSUBSCRIBE_EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
"""

SENDS = """
import django
django.setup()
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone
import unsubscribe
from unsubscribe import tasks
from unsubscribe.models import Category

assert "/installed/" in unsubscribe.__file__, "the wheel, and not the folder we work in"
mail.outbox = []
Category.objects.create(slug="news", name="News")

def send():
    return EmailMessage("June", "Hello", to=["ada@example.com"], headers={"X-Unsubscribe-Category": "news"}).send()

assert send() == 1
[letter] = mail.outbox
link = letter.message()["List-Unsubscribe"].split(">")[0].strip("<")
assert letter.message()["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
client = Client(enforce_csrf_checks=True, headers={"host": "shop.example"})
assert client.get(link.removeprefix("https://shop.example")).status_code == 405
answer = client.post(link.removeprefix("https://shop.example"), {"List-Unsubscribe": "One-Click"})
assert answer.status_code == 200, answer.content
assert send() == 0
tasks.sweep()
confirmation = mail.outbox[-1]
assert "News" in confirmation.body and "reply to this email" in confirmation.body, confirmation.body
assert "https://" not in confirmation.body
assert len(mail.outbox) == 2
print("It was respected.")
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it would be published, without the site's half of it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, ROOT]
    subprocess.run(list(map(str, build)), check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "installed")
    assert (folder / "installed" / "unsubscribe" / "locale").is_dir()
    return folder / "installed"


def test_a_tiny_project_with_the_engine_alone_sends_and_respects_a_no(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "tiny.py").write_text(SETTINGS)
    (tmp_path / "sends.py").write_text(SENDS)
    for command in (["-m", "django", "migrate", "-v", "0"], ["-m", "django", "check"], ["sends.py"]):
        done = run(command, installed, tmp_path)
        assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("It was respected.\n")


def test_the_wheel_says_that_the_engine_is_typed(installed: Path) -> None:
    """PEP 561: without this file a type checker takes everything of the engine for Any."""
    assert (installed / "unsubscribe" / "py.typed").is_file()


def run(command: list[str], installed: Path, folder: Path) -> Any:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{installed}:{folder}",
        "DJANGO_SETTINGS_MODULE": "tiny",
    }
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
