"""manage.py import_optouts: imports opt-outs from a file, or takes such an import back (docs/imports.md)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from prefcenter.lists.imports import ImportOptions
from prefcenter.management import taking_back
from prefcenter.management.import_command import ImportCommand
from prefcenter.models import ImportKind
from unsubscribe.choices import Channel, Purpose, SuppressionReason
from unsubscribe.models import Category

REASONS = [one.value for one in SuppressionReason if one != SuppressionReason.ERASED]


class Command(ImportCommand):
    help = (
        "Imports opt-outs from a file: unchanged exports from Mailchimp, Mailgun, SendGrid, Postmark and Klaviyo, "
        "plain lists, and SHA-256 lists from partners. A dry run unless --apply is given. It is safe to run it again."
    )
    name = "import_optouts"
    file_nargs = "?"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--reason",
            choices=REASONS,
            default="",
            help="the reason for all opt-outs; without it, as stated in the file",
        )
        parser.add_argument(
            "--category", default="", help="the slug of the category they opt out of; without it, everything"
        )

        parser.add_argument(
            "--take-back",
            type=int,
            metavar="NUMBER",
            help="take this import back (possible for 30 days); a dry run unless --apply is given",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["take_back"] is None:
            if options["file"] is None:
                raise CommandError("Name a file to import, or an import to take back with --take-back.")
            return super().handle(*args, **options)
        if options["file"] is not None:
            raise CommandError("Either import a file or take an import back, not both.")
        if options["column"] or options["means"] or options["reason"] or options["category"]:
            raise CommandError("An import can only be taken back as a whole: use --take-back without other options.")
        return taking_back.run(self, options["take_back"], is_for_real=options["apply"])

    def import_options(self, options: dict[str, Any]) -> ImportOptions:
        reason = SuppressionReason(options["reason"]) if options["reason"] else None
        category_id = _category(options["category"]) if options["category"] else None
        if category_id and reason not in {None, SuppressionReason.UNSUBSCRIBED_ALL}:
            raise CommandError("Opt-outs with this reason apply to everything: leave out --category.")
        return ImportOptions(ImportKind.OPT_OUTS, Channel(options["channel"]), reason, category_id)


def _category(slug: str) -> int:
    categories = Category.objects.filter(purpose=Purpose.MARKETING, retired_at=None)
    found = categories.filter(slug=slug).first()
    if found is None:
        known = ", ".join(categories.values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no category '{slug}' that people can opt out of. Categories: {known}.")
    return found.pk
