"""The history's imports of opt-outs, as the list of imports shows them; one of them was a mistake and is taken back.

There are no files, so the ImportRuns are made here; the opt-outs themselves go through actions.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from prefcenter.lists.imports.files import fingerprint
from prefcenter.lists.imports.progress import Progress
from prefcenter.models import ImportKind, ImportRun, ImportState, staff_actor
from unsubscribe import actions
from unsubscribe.actions import ImportedNo, Origin
from unsubscribe.choices import Channel, Source, SuppressionReason
from unsubscribe.models import Category, ConsentEvent

from .contacts import SampleContact, SampleContacts

FORMAT, LABEL = "mailgun_unsubscribes", "Mailgun: unsubscribes"
#: The part of the rows with contacts who had left already.
KNOWN = 0.15
BYTES_A_ROW = 58
#: From upload to confirmation, and from there to the end.
WAITED, WORKED = timedelta(minutes=4), timedelta(seconds=9)


def opt_outs(
    file_name: str, some: Sequence[SampleContact], category: Category, *, staff_id: int | None, now: datetime
) -> tuple[ImportRun, list[ConsentEvent]]:
    """Imports opt-outs of these contacts from the category; returns the run and its events. `staff_id`: who did it;
    None is the command."""
    size = len(some) * BYTES_A_ROW + 24
    run = ImportRun.objects.create(
        kind=ImportKind.OPT_OUTS,
        state=ImportState.DONE,
        file_name=file_name,
        sha256=fingerprint(sha256(f"{file_name} {now}".encode()).digest()),
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
        finished_at=now + WORKED,
    )
    note, actor = f"Import {run.pk}, {LABEL}.", _actor(staff_id)
    said = [ImportedNo(one.digests[Channel.EMAIL]) for one in some]
    origin = Origin(Source.IMPORT, now, actor=actor, note=note, import_id=run.pk)
    counts = actions.import_opt_outs(said, origin, channel=Channel.EMAIL, category_id=category.pk)
    found = Progress(position=len(some), last_line=len(some) + 1)
    found.counts.update(counts._asdict())
    found.reasons[SuppressionReason.UNSUBSCRIBED_ALL] = len(some)
    run.position, run.last_line = found.position, found.last_line
    run.counts = run.foreseen = found.figures
    run.save()
    return run, list(ConsentEvent.objects.filter(contact__any_of=[one.contact_id for one in some], note=note))


def take_back(run: ImportRun, *, staff_id: int | None, now: datetime) -> None:
    """Takes the import back as a whole."""
    most, note = max(1, run.position), f"Import {run.pk} was taken back."
    lifted = 0
    while (taken := actions.take_back(run.pk, most=most, now=now, actor=_actor(staff_id), note=note)).looked_at:
        lifted += taken.lifted
    rows = ImportRun.objects.filter(id=run.pk)
    rows.update(state=ImportState.TAKEN_BACK, taken_back=lifted, taken_back_at=now + WORKED, taken_back_by_id=staff_id)


def pick(contacts: SampleContacts, category: Category, rows: int) -> list[SampleContact]:
    """`rows` contacts, most of whom get the category; each once."""
    left = [one for one in contacts.leavers if not one.is_erased][: round(rows * KNOWN)]
    getting = [one for one in contacts.all if one.gets(category)]
    return list(dict.fromkeys([*left, *contacts.rng.sample(getting, min(rows - len(left), len(getting)))]))


def _actor(staff_id: int | None) -> str:
    return staff_actor(staff_id) if staff_id else "import_optouts"
