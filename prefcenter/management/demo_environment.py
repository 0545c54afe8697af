"""Sets the environment of the demo before Django reads its settings (manage.py)."""

import os
import secrets
from argparse import ArgumentParser
from pathlib import Path

from . import listening

#: Made at the first start and kept in the demo's folder.
SECRETS = ("SECRET_KEY", "UNSUBSCRIBE_ADDRESS_KEY")


def parser() -> ArgumentParser:
    """For the command line of `manage.py demo`."""
    arguments = ArgumentParser(prog="manage.py demo", add_help=False)
    add_arguments(arguments)
    return arguments


def add_arguments(arguments: ArgumentParser) -> None:
    """The options of `manage.py demo`."""
    arguments.add_argument("--port", type=listening.port, default=8000, help="the port the site listens on (8000)")
    arguments.add_argument("--dir", default="demo", help="the folder for its database and emails (./demo)")


def port(argv: list[str]) -> int:
    """The port on the command line. Ends the process with a sentence if it is not one."""
    options, _ = parser().parse_known_args(argv)
    return int(options.port)


def prepare(argv: list[str]) -> None:
    """Sets all that the demo needs, whatever the environment has. Makes its folder, with the secrets in it."""
    options, _ = parser().parse_known_args(argv)
    folder = Path(options.dir).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ |= _kept_secrets(folder / "secrets") | {
        "DEBUG": "true",
        "PREFCENTER_DEMO": "true",
        "DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "CELERY_BROKER_URL": "filesystem://localhost",
        "CACHE_URL": "dbcache://prefcenter_cache",
        "SITE_URL": f"http://localhost:{options.port}",
        "ALLOWED_HOSTS": "localhost",
        "SECRET_KEY_FALLBACKS": "",
        "UNSUBSCRIBE_HTTP_ON_LOCALHOST": "true",
        "UNSUBSCRIBE_MAILTO": "",
        "UNSUBSCRIBE_LIST_DOMAIN": "lists.fernwood.example",
        "UNSUBSCRIBE_ONE_CLICK_SCOPE": "category",
        "UNSUBSCRIBE_CONFIRMATION_DELAY": "5",
        "UNSUBSCRIBE_SWEEP_SECONDS": "5",
        "SENDER_NAME": "Fernwood Books",
        "SENDER_POSTAL_ADDRESS": "12 Mill Lane, Fernwood",
        "DEFAULT_FROM_EMAIL": "Fernwood Books <hello@fernwood.example>",
    }


def _kept_secrets(file: Path) -> dict[str, str]:
    """The secrets in this file, made if it does not exist: kept so that links in the demo's old emails still work."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text("".join(f"{name}={secrets.token_urlsafe(40)}\n" for name in SECRETS))
    return dict(line.split("=", 1) for line in file.read_text().splitlines())
