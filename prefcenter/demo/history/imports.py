"""The history's imports of opt-outs, as the list of imports shows them; one of them was a mistake and is taken back.

There are no files, so the ImportRuns are made here; the opt-outs themselves go through actions.
"""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from prefcenter.lists.imports.files import fingerprint
from prefcenter.lists.imports.progress import Progress
from prefcenter.models import ImportKind, ImportRun, ImportState
from unsubscribe import actions
from unsubscribe.actions import ImportedNo, Origin
from unsubscribe.choices import Channel, Source, SuppressionReason
from unsubscribe.models import Category, ConsentEvent

from . import texts
from .contacts import SampleContact, SampleContacts

FORMAT, LABEL = "mailgun_unsubscribes", "Mailgun: unsubscribes"
#: The part of the rows with contacts who had left already.
KNOWN = 0.15
BYTES_A_ROW = 58
#: From upload to confirmation, and from there to the end.
WAITED, WORKED = timedelta(minutes=4), timedelta(seconds=9)


def opt_outs(
    contacts: SampleContacts, category: Category, rows: int, rng: random.Random, *, staff_id: int | None, now: datetime
) -> list[ConsentEvent]:
    """Imports opt-outs of `rows` contacts from the category, and returns their events. `staff_id`: who did; None is the
    command."""
    some = _picked(contacts, category, rows, rng)
    run = _run(some, texts.IMPORTED, rng, staff_id=staff_id, now=now, category=category)
    return _take(run, some, category.pk, now=now)


def by_mistake(
    contacts: SampleContacts, category: Category, rows: int, rng: random.Random, *, staff_id: int | None, now: datetime
) -> ImportRun:
    """Imports a wrong list, likewise, to be taken back."""
    some = _picked(contacts, category, rows, rng)
    run = _run(some, texts.IMPORTED_BY_MISTAKE, rng, staff_id=staff_id, now=now, category=category)
    _take(run, some, category.pk, now=now)
    return run


def take_back(run: ImportRun, *, staff_id: int | None, now: datetime) -> None:
    """Takes the import back as a whole."""
    most, note = max(1, run.position), f"Import {run.pk} was taken back."
    lifted = 0
    while (taken := actions.take_back(run.pk, most=most, now=now, actor=_actor(staff_id), note=note)).looked_at:
        lifted += taken.lifted
    rows = ImportRun.objects.filter(id=run.pk)
    rows.update(state=ImportState.TAKEN_BACK, taken_back=lifted, taken_back_at=now + WORKED, taken_back_by_id=staff_id)


def _picked(contacts: SampleContacts, category: Category, rows: int, rng: random.Random) -> list[SampleContact]:
    """Contacts, most of whom get the category; each once."""
    left = [one for one in contacts.leavers if not one.is_erased][: round(rows * KNOWN)]
    getting = [one for one in contacts.all if one.gets(category)]
    return list(dict.fromkeys([*left, *rng.sample(getting, min(rows - len(left), len(getting)))]))


def _run(
    some: Sequence[SampleContact],
    file_name: str,
    rng: random.Random,
    *,
    staff_id: int | None,
    now: datetime,
    category: Category,
) -> ImportRun:
    size = len(some) * BYTES_A_ROW + 24
    return ImportRun.objects.create(
        kind=ImportKind.OPT_OUTS,
        state=ImportState.RUNNING,
        file_name=file_name,
        sha256=fingerprint(rng.randbytes(32)),
        size=size,
        bytes_read=size,
        recognised=FORMAT,
        encoding="utf-8",
        channel=Channel.EMAIL,
        category=category,
        answers={},
        created_by_id=staff_id,
        confirmed_by_id=staff_id,
        created_at=now - WAITED,
        checked_at=now - WAITED + WORKED,
        confirmed_at=now,
    )


def _take(run: ImportRun, some: Sequence[SampleContact], category_id: int, *, now: datetime) -> list[ConsentEvent]:
    said = [ImportedNo(one.digests[Channel.EMAIL]) for one in some]
    note, actor = f"Import {run.pk}, {LABEL}.", _actor(run.confirmed_by_id)
    origin = Origin(Source.IMPORT, now, actor=actor, note=note, import_id=run.pk)
    counts = actions.import_opt_outs(said, origin, channel=Channel.EMAIL, category_id=category_id)
    found = Progress(position=len(some), last_line=len(some) + 1)
    found.counts.update(counts._asdict())
    found.reasons[SuppressionReason.UNSUBSCRIBED_ALL] = len(some)
    run.position, run.last_line, run.counts, run.foreseen = len(some), len(some) + 1, found.figures, found.figures
    run.state, run.finished_at = ImportState.DONE, now + WORKED
    run.save()
    return list(ConsentEvent.objects.filter(contact__any_of=[one.contact_id for one in some], note=note))


def _actor(staff_id: int | None) -> str:
    return f"staff {staff_id}" if staff_id else "import_optouts"
