"""manage.py api_key: makes an API key and prints it, on standard output. The admin does the same, and revokes keys."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from prefcenter.accounts import api_keys
from prefcenter.accounts.api_keys import Scope


class Command(BaseCommand):
    help = "Creates an API key and prints it once. Scopes: " + ", ".join(Scope)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="which system uses the key")
        parser.add_argument(
            "scopes", nargs="+", choices=[*Scope, "all"], metavar="SCOPE", help="what the key may do, or “all”"
        )
        parser.add_argument(
            "--days", type=int, help="number of days until the key expires; without it, the key never expires"
        )

    def handle(self, *, name: str, scopes: list[str], days: int | None, **options: Any) -> None:
        if days is not None and days < 1:
            raise CommandError("A key must be valid for at least one day.")
        now = timezone.now()
        wanted = list(Scope) if "all" in scopes else [Scope(one) for one in scopes]
        expires_at = now + timedelta(days=days) if days else None
        made, key = api_keys.make(name, wanted, now=now, expires_at=expires_at)
        self.stderr.write(f"API key for {made.name}. It is shown only once. Scopes: {', '.join(wanted)}.")
        self.stdout.write(key)
