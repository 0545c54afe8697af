"""System checks of the site as a whole: what nobody must set, and whoever goes live should know."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Info, register


@register("prefcenter", deploy=True)
def seals_to(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    if settings.SEALS_TO:
        return []
    return [
        Info(
            "SEALS_TO is empty, so no hash of the ledger's seals leaves the house.",
            hint="Who can write to the database could make a new chain of seals. Name a mailbox they cannot change.",
            id="prefcenter.I001",
        )
    ]
