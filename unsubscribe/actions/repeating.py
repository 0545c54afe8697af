"""Notes that a choice that stands already was made again (law 12). It changes nothing that the gate asks for.

Said again the same way, only the time moves on. A no said again another way is an event of its own, of the kind AGAIN,
whose before and after are alike; no mail confirms it. Undo and the taking back of imports look at both. Less said again
(a frequency, a pause) is no event, and only its time moves on. What imports alone have said is noted by import, see
ImportRepeat.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from ..choices import PreferenceState
from ..models import DomainSuppression, ImportRepeat, Preference, Suppression
from ..rules import OWN_VOICE
from .origin import Origin
from .recording import Change, record

#: A no that an import may have set.
No = Suppression | Preference | DomainSuppression
N = TypeVar("N", bound=No)


def preferences_again(said: Sequence[tuple[Preference, Change]], origin: Origin) -> None:
    """Choices that stand already, each with the event that it is if it was said another way. The contacts are locked.

    A yes said again counts only from the person, or with its evidence, and is no event.
    """
    counts = [
        (row, change)
        for row, change in said
        if row.state == PreferenceState.UNSUBSCRIBED
        or (row.state == PreferenceState.SUBSCRIBED and (origin.source in OWN_VOICE or origin.given_at))
    ]
    if not counts:
        return
    rows = Preference.objects.filter(id__any_of=[row.pk for row, _ in counts])
    at = origin.given_at or origin.now
    no = [one for one in counts if one[0].state == PreferenceState.UNSUBSCRIBED]
    note_said({row: at for row, _ in no}, import_id=origin.import_id)
    rows.update(said_at=Greatest(Coalesce("said_at", at), at), said_by=origin.source)
    record([change for row, change in no if row.said_by != origin.source], origin, confirm=False)


def less_again(rows: Collection[Preference], origin: Origin) -> None:
    """Frequencies and pauses that stand already. The contacts are locked."""
    if rows:
        moved = Preference.objects.filter(id__any_of=[row.pk for row in rows])
        moved.update(less_said_at=Greatest(Coalesce("less_said_at", origin.now), origin.now))


def older_again(said: Mapping[Preference, datetime], origin: Origin) -> None:
    """No's to a category that imports set, and that somebody else said in a file, then. Older than what holds now, they
    are no event. The contacts are locked."""
    note_said(said, import_id=origin.import_id)
    for row, at in said.items():
        row.said_by = origin.source if at > (row.said_at or row.changed_at) else row.said_by
        row.said_at = max(row.said_at or at, at)
    Preference.objects.bulk_update(said, ["said_at", "said_by"], batch_size=500)


def blocks_again(rows: Collection[Suppression], changes: Iterable[Change], origin: Origin) -> None:
    """Blocks that stand already, and for each address that asked for one of them the event that it is if it was asked
    another way. The contacts are locked."""
    if not rows:
        return
    by_address = {row.address_id: row.said_by or row.source for row in rows}
    note_said(dict.fromkeys(rows, origin.now), import_id=origin.import_id)
    there = Suppression.objects.filter(id__any_of=[row.pk for row in rows])
    there.update(said_at=Greatest(Coalesce("said_at", origin.now), origin.now), said_by=origin.source)
    record([one for one in changes if by_address[one.address.pk] != origin.source], origin, confirm=False)


def note_said(said: Mapping[N, datetime], *, import_id: int | None) -> None:
    """Who said these no's again, before `said_at` of the rows moves on to when: an import that can be taken back, or
    somebody after whom they stand for good. All of one model, and locked."""
    of_imports = [row for row in said if row.import_id is not None]
    if of_imports and import_id is None:
        repeats(type(of_imports[0])).filter(row_id__any_of=[row.pk for row in of_imports]).delete()
    elif import_id is not None:
        words = words_of(of_imports)
        keep_repeats({row: {import_id: said[row]} for row in of_imports if words[row.pk]})


def words_of(rows: Collection[N]) -> dict[int, dict[int, datetime]]:
    """Of each of these rows, by its id: which imports said it, and when; none where it stands for good, because
    somebody else has said it too. All of one model."""
    of_imports = {row.pk: row for row in rows if row.import_id is not None}
    found: dict[int, dict[int, datetime]] = {row.pk: {} for row in rows}
    if not of_imports:
        return found
    said = repeats(type(next(iter(rows)))).filter(row_id__any_of=list(of_imports))
    for row_id, import_id, at in said.values_list("row_id", "import_id", "at"):
        found[row_id][import_id] = at
    for id_, row in of_imports.items():
        if row.said_at is None or found[id_]:
            found[id_][row.import_id or 0] = row.changed_at if isinstance(row, Preference) else row.since
    return found


def keep_repeats(words: Mapping[N, Mapping[int, datetime]]) -> None:
    """Which imports said these rows, beside the one that set each, and when."""
    rows = [
        ImportRepeat(model=str(row._meta.model_name), row_id=row.pk, import_id=import_id, at=at)
        for row, some in words.items()
        for import_id, at in some.items()
        if import_id != row.import_id
    ]
    key = ["model", "row_id", "import_id"]
    ImportRepeat.objects.bulk_create(rows, update_conflicts=True, unique_fields=key, update_fields=["at"])


def repeats(model: type[Model]) -> QuerySet[ImportRepeat]:
    return ImportRepeat.objects.filter(model=model._meta.model_name)


def repeats_of_row(model: type[No]) -> QuerySet[ImportRepeat]:
    """For a subquery of rows of this model."""
    return repeats(model).filter(row_id=OuterRef("pk"))


def is_of_imports(model: type[No]) -> Q:
    """Of a no that an import set: whether nobody but imports that can be taken back has said it since."""
    return Q(said_at=None) | Q(Exists(repeats_of_row(model)))
