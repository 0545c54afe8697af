"""manage.py import_contacts: adds the addresses in a file as contacts. That subscribes nobody (docs/imports.md)."""

from typing import Any

from prefcenter.lists.imports import ImportOptions
from prefcenter.management.import_command import ImportCommand
from prefcenter.models import ImportKind
from unsubscribe.choices import Channel


class Command(ImportCommand):
    help = (
        "Adds the addresses in a file as contacts, with their language if a column contains it. No one gets "
        "subscribed; rows that say “unsubscribed” are refused. A dry run unless --apply is given. It is safe to run "
        "it again."
    )
    name = "import_contacts"

    def import_options(self, options: dict[str, Any]) -> ImportOptions:
        return ImportOptions(ImportKind.CONTACTS, Channel(options["channel"]))
