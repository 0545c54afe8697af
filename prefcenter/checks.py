"""System checks of `check --deploy` (prefcenter.I001, W001): optional settings, and permissions of files."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Info, Warning, register

from prefcenter.settings import files


@register("prefcenter", deploy=True)
def seals_to(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    if settings.SEALS_TO:
        return []
    return [
        Info(
            "SEALS_TO is empty, so no hashes of the ledger's seals are stored off-site.",
            hint="Anyone with write access to the database could create new seals. Set a mailbox they can't change.",
            id="prefcenter.I001",
        )
    ]


@register("prefcenter", deploy=True)
def private_files(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """The settings tighten the site's own files as they are read, so that what is still open belongs to another
    account."""
    database = settings.DATABASES["default"]
    name = str(database["NAME"]) if database["ENGINE"].endswith("sqlite3") else ""
    paths = files.private_paths(settings.DATA_DIR, name)
    if not (found := [path for path in paths if files.too_open(path, settings.DATA_UMASK)]):
        return []
    return [
        Warning(
            f"Other accounts on this machine can read the contacts: {', '.join(sorted(map(str, found)))}.",
            hint="Make the account that runs the site the owner of these files, or see DATA_UMASK in docs/running.md.",
            id="prefcenter.W001",
        )
    ]
