"""manage.py demo: sets up the demo and runs it. Before the settings are read, manage.py calls
demo_environment.prepare."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from prefcenter.demo import seed
from prefcenter.demo.backends import folder
from prefcenter.management import demo_environment


class Command(BaseCommand):
    help = "Sets up a demo in its own folder and runs it. Run it again to continue where you left off."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        demo_environment.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Start the demo with 'manage.py demo': it sets up its own environment.")
        self._say("Preparing the database…")
        call_command("migrate", verbosity=0, interactive=False)
        seed.fill()
        if not seed.has_history():
            self._say("Writing three months of history: made-up contacts, and what they chose.")
            written = seed.write_history(on_progress=self._progress)
            self._say(f"Wrote {written.events} consent events of {written.contacts} contacts.")
        sent = seed.send_first()
        if sent:
            self._say(f"Sent the first newsletter to {sent} contacts.")
        self._say(
            f"\n  Demo inbox            {settings.SITE_URL}/demo/"
            f"\n  Emails as files       {folder()}"
            f"\n  Admin                 {settings.SITE_URL}/admin/"
            f"\n                        sign in as {seed.LOGIN}; the code arrives in the demo inbox"
            "\n\n  Open an email, tap Unsubscribe, wait for the confirmation, send the next newsletter."
            "\n  Press Ctrl-C to stop.\n"
        )
        # The mailbox posts to the site it belongs to, so a request must not be alone in its process.
        call_command("serve", port=options["port"])

    def _progress(self, percent: int) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"\r{percent} %" if percent < 100 else "\r", ending="")
            self.stdout.flush()

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()
