"""System checks: of `check --deploy` optional settings and permissions of files (prefcenter.I001, W001), and always the
colour and the logo (E001, E002); a page leaves out what cannot be shown."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Warning, register

from prefcenter.settings import files
from prefcenter.web.branding import colours, logo


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


@register("prefcenter")
def brand_color(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    if not settings.BRAND_COLOR or colours.stylesheet(settings.BRAND_COLOR):
        return []
    return [
        Error(
            f"BRAND_COLOR is {settings.BRAND_COLOR!r}, which is not a colour.",
            hint="Write it as #rgb or #rrggbb, or leave it out.",
            id="prefcenter.E001",
        )
    ]


@register("prefcenter")
def brand_logo(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    wrong = settings.BRAND_LOGO and logo.wrong_with(settings.BRAND_LOGO)
    if not wrong:
        return []
    return [
        Error(
            f"BRAND_LOGO is {settings.BRAND_LOGO!r}, which {wrong}.",
            hint="Name an image file on this machine (SVG, PNG, WebP, GIF or JPEG) of at most 100 kB, or leave it out.",
            id="prefcenter.E002",
        )
    ]
