"""`import_optouts --take-back NUMBER`: prints what is lifted and what stays, and with --apply does it."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from prefcenter.lists import imports
from prefcenter.lists.imports import ImportStanding, Lost, NotNow, wording
from prefcenter.models import ImportRun, ImportState

_NONE = "There is no import {number}."
_NOT_NOW = "Import {number} can’t be taken back: it added contacts, isn’t finished, or finished more than 30 days ago."
_TWICE = "Import {number} has already been taken back, or is being taken back. Nothing to do."
_DRY = "Dry run: nothing was taken back. Add --apply to take the import back."
_INTERRUPTED = "Interrupted. The worker will continue."


def run(command: BaseCommand, number: int, *, is_for_real: bool) -> None:
    """Takes the import with this number back if `is_for_real`, and prints what is lifted: words on a terminal, else
    JSON. Raises CommandError."""
    one = ImportRun.objects.filter(id=number).first()
    if one is None:
        raise CommandError(_NONE.format(number=number))
    if not imports.can_be_taken_back(one, now=timezone.now()):
        is_done = one.state in {ImportState.TAKING_BACK, ImportState.TAKEN_BACK}
        raise CommandError((_TWICE if is_done else _NOT_NOW).format(number=number))
    standing = imports.foresee_taking_back(one)
    if is_for_real:
        _take_back(command, one)
    if command.stdout.isatty():
        _say(command, one, standing)
        command.stdout.write(f"Done: import {number} has been taken back." if is_for_real else _DRY)
    else:
        command.stdout.write(json.dumps(_summary(one, standing, is_for_real=is_for_real), indent=2))


def _take_back(command: BaseCommand, one: ImportRun) -> None:
    def say(lifted: int) -> None:
        if command.stderr.isatty():
            command.stderr.write(f"\r{lifted:,} taken back", style_func=str, ending="")
            command.stderr.flush()

    try:
        imports.take_back_here(one, now=timezone.now(), on_progress=say)
    except NotNow as error:
        raise CommandError(_NOT_NOW.format(number=one.pk)) from error
    except Lost as error:
        raise CommandError("A worker will continue.") from error
    except KeyboardInterrupt as error:
        raise CommandError(_INTERRUPTED, returncode=130) from error


def _say(command: BaseCommand, one: ImportRun, standing: ImportStanding) -> None:
    stays = [*wording.said_again(standing), ("Lifted since", standing.ended), ("Contact erased", standing.erased)]
    lines = [*wording.lifts(standing), *((f"Unchanged. {why}", count) for why, count in stays)]
    for label, count in [*lines, ("Already there when it was imported", one.counts.get("already", 0))]:
        command.stdout.write(f"{count:>12,}  {label}")


def _summary(one: ImportRun, standing: ImportStanding, *, is_for_real: bool) -> dict[str, Any]:
    counted = standing._asdict()
    figures = {"blocks": counted.pop("suppressions"), **counted, "already": one.counts.get("already", 0)}
    return {"import": one.pk, "applied": is_for_real, **figures}
