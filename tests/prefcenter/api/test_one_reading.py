"""A no in one spelling holds whatever other spelling is asked about (issue lines A6 and A11)."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.management import call_command

from tests.factories import CategoryFactory
from unsubscribe.choices import SuppressionReason
from unsubscribe.models import Address, Suppression

from .conftest import Caller

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]

#: One mailbox, as a file may have it and as others ask about it.
SPELLINGS = [
    (
        "ada@example.com",
        ["Ada <ada@example.com>", "\u200bada@example.com", "mailto:ada@example.com", "ada@example.com,"],
    ),
    ("a..b@docomo.ne.jp", ['"a..b"@docomo.ne.jp', 'Ken <"a..b"@docomo.ne.jp>', "<A..B@docomo.ne.jp>"]),
    ("ab.@ezweb.ne.jp", ['"ab."@ezweb.ne.jp', "mailto:ab.@ezweb.ne.jp", "ab.＠ezweb．ne．jp"]),
    (".ab@ezweb.ne.jp", ['".ab"@ezweb.ne.jp', "(.ab@ezweb.ne.jp)", ".ab@ezweb.ne.jp."]),
]
PAIRS = [pair for value, others in SPELLINGS for one in others for pair in ((value, one), (one, value))]


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "data"


def imported(tmp_path: Path, *texts: str) -> dict[str, Any]:
    path, out = tmp_path / "no.csv", io.StringIO()
    path.write_text("email\n" + "".join(f'"{one.replace(chr(34), chr(34) * 2)}"\n' for one in texts), encoding="utf-8")
    call_command("import_optouts", str(path), "--apply", stdout=out, stderr=io.StringIO())
    said: dict[str, Any] = json.loads(out.getvalue())
    return said


@pytest.mark.parametrize(("said", "asked"), PAIRS, ids=ascii)
def test_an_imported_no_holds_at_every_entry_point_in_every_spelling(
    said: str, asked: str, tmp_path: Path, caller: Caller, settings: Any
) -> None:
    CategoryFactory.create()
    assert imported(tmp_path, said)["new"] == 1
    assert imported(tmp_path, asked)["already"] == 1
    [one] = caller.post("/audience", {"category": "news", "addresses": [asked]}).json()["results"]
    assert one["verdict"] == "suppressed"
    [found] = caller.post("/suppressions/search", {"addresses": [asked]}).json()["suppressed"]
    assert found == {"address": asked, "reasons": ["unsubscribed_all"]}
    assert caller.post("/contacts/lookup", {"addresses": [asked]}).json()["contact_ids"] != [None]
    settings.EMAIL_BACKEND = "unsubscribe.backends.GuardedEmailBackend"
    settings.UNSUBSCRIBE_EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert EmailMessage("News", "Hello.", None, [asked]).send() == 0
    assert mail.outbox == []


@pytest.mark.parametrize("said", ["a..b@docomo.ne.jp", "Ab. <ab.@ezweb.ne.jp>"])
def test_a_no_by_the_api_to_an_old_japanese_address_is_kept(said: str, caller: Caller) -> None:
    for told, new in ((said, 1), (f"{said},", 0)):
        assert caller.post("/suppressions", {"suppressions": [{"address": told}]}).json()["new"] == new
    assert Suppression.objects.get().reason == SuppressionReason.UNSUBSCRIBED_ALL


@pytest.mark.parametrize("asked", ["a..b@docomo.ne.jp", '"a..b"@docomo.ne.jp'])
def test_who_said_nothing_at_an_old_japanese_address_is_written_to(asked: str, caller: Caller) -> None:
    CategoryFactory.create()
    question = {"category": "news", "addresses": [asked], "include": {"links": True}}
    [one] = caller.post("/audience", question).json()["results"]
    assert one["verdict"] == "send"
    assert Address.objects.get().value == "a..b@docomo.ne.jp"


def test_what_cannot_be_an_address_is_refused_with_its_line(tmp_path: Path) -> None:
    said = imported(tmp_path, "Ada <ada@example.com>", "Ada <ada@example>", "mailto:%ff@example.com")
    assert said["new"] == 1
    assert said["problems"] == [{"line": line, "problem": "this is not a valid address"} for line in (3, 4)]
