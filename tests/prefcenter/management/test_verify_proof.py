"""manage.py verify_proof: what is said of a file, and the exit status."""

import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection

from prefcenter.contact_data import proof
from prefcenter.contact_data.proof import Made
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Source
from unsubscribe.ledger import seals
from unsubscribe.links import Target
from unsubscribe.models import Address, Category, ConsentEvent, Seal

pytestmark = pytest.mark.django_db


def run(file: Path, *arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("verify_proof", str(file), *arguments, stdout=out)
    except SystemExit as left:
        return int(str(left.code)), out.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def event(ada: Address, news: Category, now: datetime) -> ConsentEvent:
    [made] = actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, now))
    seals.seal(now=now)
    actions.note_access(ada.pk, Origin(Source.PAGE, now))
    return made


@pytest.fixture
def file(event: ConsentEvent, tmp_path: Path, now: datetime) -> Path:
    path = tmp_path / "proof.json"
    path.write_bytes(proof.make(event.contact, Made(now, "staff 7")).file)
    return path


def test_an_untouched_proof_is_said_to_be_one(file: Path, event: ConsentEvent) -> None:
    fingerprint = proof.fingerprint(json.loads(file.read_bytes())["record"])
    said = (
        f"Unchanged since it was created at 2026-03-10T12:00:00.000000Z by staff 7, about contact {event.contact_id}.\n"
        "Events: 2, not sealed yet: 1, sealed: 1.\n{}"
        f"Fingerprint: {fingerprint}\n"
    )
    assert run(file) == (0, said.format(""))
    assert run(file, "--against-ledger") == (0, said.format("The ledger still matches it.\n"))


def test_a_changed_proof_is_one_no_more_and_is_compared_with_nothing(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"Unsubscribed", b"Subscribed", 1))
    said = (1, "This is not what was signed.\nChanged: lines, entry 1.\n")
    assert run(file) == said
    assert run(file, "--against-ledger") == said


def test_a_ledger_that_says_something_else_is_found_only_when_asked(file: Path, event: ConsentEvent) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE unsubscribe_consentevent SET wording = 'never said' WHERE id = %s", [event.pk])
    assert run(file)[0] == 0
    assert run(file, "--against-ledger") == (1, f"Event {event.pk} no longer says the same.\n")


def test_a_new_chain_of_seals_is_not_the_one_in_the_proof(file: Path, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM unsubscribe_seal")
    seals.seal(now=now + timedelta(days=1))
    assert Seal.objects.count() == 1
    assert list(seals.verify()) == []
    assert run(file, "--against-ledger") == (1, "Seal 1 is missing or has been replaced.\n")


def test_a_retired_key_is_mentioned(file: Path, settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-for-tests-of-more-than-fifty-characters-0123456789"
    status, said = run(file)
    assert status == 0
    assert "It was signed with a key that has since been retired.\n" in said


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "The file can’t be read: No such file or directory."), (b"{", "This file is not a proof")],
)
def test_what_cannot_be_read_is_said(content: bytes | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "proof.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError, match=said) as refused:
        run(path)
    assert refused.value.returncode == 2


def test_a_database_that_is_away_is_said_and_the_signature_needs_none(file: Path) -> None:
    def away(*args: Any) -> None:
        raise OperationalError("connection refused\nat some host")

    with connection.execute_wrapper(away):
        assert run(file)[0] == 0
        with pytest.raises(CommandError, match="The database doesn’t respond: connection refused") as refused:
            run(file, "--against-ledger")
    assert refused.value.returncode == 2
