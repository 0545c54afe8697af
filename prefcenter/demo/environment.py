"""Sets the environment of the demo before Django reads its settings. It knows nothing of Django."""

import os
import secrets
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path

SECRETS = ("SECRET_KEY", "UNSUBSCRIBE_ADDRESS_KEY")


def parser() -> ArgumentParser:
    arguments = ArgumentParser(prog="manage.py demo", add_help=False)
    add_arguments(arguments)
    return arguments


def add_arguments(arguments: ArgumentParser) -> None:
    arguments.add_argument("--port", type=_port, default=8000, help="the port the site listens on (8000)")
    arguments.add_argument("--dir", default="demo", help="the folder for its database and emails (./demo)")


def port(argv: list[str]) -> int:
    """Where the site is to answer; ends the process, with a sentence, for what is no port."""
    options, _ = parser().parse_known_args(argv)
    return int(options.port)


def prepare(argv: list[str]) -> None:
    """Everything the demo needs, whatever the environment said before; secrets are kept in its folder."""
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


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ArgumentTypeError(f"'{text}' is not a port; ports go from 1 to 65535")
    return int(text)


def _kept_secrets(file: Path) -> dict[str, str]:
    """Made once, so that the links in yesterday's mails still work today."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text("".join(f"{name}={secrets.token_urlsafe(40)}\n" for name in SECRETS))
    return dict(line.split("=", 1) for line in file.read_text().splitlines())
