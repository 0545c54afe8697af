"""manage.py demo: from nothing to a running site with mails in a mailbox, in one command."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from prefcenter.demo import environment, seed
from prefcenter.demo.backends import folder


class Command(BaseCommand):
    help = "Makes a demonstration in a folder of its own and runs it. Running it again goes on where it was."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        environment.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Please start the demo as 'manage.py demo': it sets up its own surroundings.")
        self._say("Preparing the database.")
        call_command("migrate", verbosity=0, interactive=False)
        seed.fill()
        sent = seed.send_first()
        if sent:
            self._say(f"Sent the first newsletter to {sent} contacts.")
        self._say(
            f"\n  The mailbox           {settings.SITE_URL}/demo/"
            f"\n  The mails as files    {folder()}"
            f"\n  The admin             {settings.SITE_URL}/admin/"
            f"\n                        sign in as {seed.LOGIN}; the code comes to the mailbox"
            "\n\n  Open a mail, tap Unsubscribe, wait for the confirmation, send the next newsletter."
            "\n  Ctrl-C ends it.\n"
        )
        # The mailbox posts to the site it belongs to, so a request must not be alone in its process.
        call_command("serve", port=options["port"])

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()
