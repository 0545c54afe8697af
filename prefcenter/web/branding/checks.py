"""System checks (prefcenter.E001 and E002) of the colour and the logo; a page leaves out what cannot be shown."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from . import colours, logo


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
