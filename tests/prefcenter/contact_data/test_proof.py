"""A proof says all there is, names nobody, and every change of it shows."""

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from prefcenter.contact_data import proof
from prefcenter.contact_data.proof import Made, Proof, canonical
from prefcenter.contact_data.proof import seals as sealed
from prefcenter.models import Feedback
from tests.factories import ADA, AddressFactory, CampaignFactory, address
from unsubscribe import actions, outbox
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, Frequency, Source, SuppressionReason
from unsubscribe.ledger import seals
from unsubscribe.ledger.seals import encoding
from unsubscribe.links import Target
from unsubscribe.models import Address, Category, ConsentEvent, OutboxMessage, Seal

pytestmark = pytest.mark.django_db

PHONE = "+4930123456"
OLD, NEW = (f"a-key-of-more-than-fifty-characters-for-tests-number-{number}" for number in "12")


def make(one: Address, *, now: datetime | None = None, about: bytes = b"") -> Proof:
    return proof.make(one.contact, Made(now or timezone.now(), "staff 7", about))


def of(one: Address, **said: Any) -> dict[str, Any]:
    """The record as its file holds it."""
    record: dict[str, Any] = json.loads(make(one, **said).file)["record"]
    return record


def findings(raw: bytes | str) -> list[str]:
    return proof.check(raw if isinstance(raw, bytes) else raw.encode()).findings


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def seal_of(ids: list[int], *, previous: Seal | None, settled: int, now: datetime) -> Seal:
    entries = [encoding.SealedEvent(id_, hash_) for id_, hash_ in sorted(encoding.hashes(ids).items())]
    made = Seal(
        number=previous.number + 1 if previous else 1,
        version=encoding.VERSION,
        at=now,
        count=len(ids),
        settled=settled,
        through=max(ids),
        previous=previous.hash if previous else encoding.NOTHING,
        entries=encoding.pack(entries),
    )
    made.hash = encoding.hash_of(made)
    made.save(force_insert=True)
    return made


@pytest.fixture
def story(ada: Address, news: Category, now: datetime) -> Address:
    """Ada opts out, comes back, wants less, complains and is blocked; some of it is sealed, the last is not."""
    campaign = CampaignFactory.create(category=news, name="June")
    phone = address(PHONE, contact=ada.contact, channel=Channel.SMS)
    actions.opt_out(
        [Target(ada.pk, news.pk, campaign.pk)], Origin(Source.ONE_CLICK, now, wording="Unsubscribe from <News>")
    )
    outbox.deliver(OutboxMessage.objects.get().pk, now=now + timedelta(minutes=2))
    actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, now + timedelta(days=1), wording="Yes, again"))
    actions.opt_down(
        [Target(ada.pk, news.pk)], Origin(Source.PAGE, now + timedelta(days=2)), frequency=Frequency.WEEKLY
    )
    actions.suppress(
        [phone.pk], Origin(Source.STAFF, now, actor="staff 7", note="Legal"), reason=SuppressionReason.MANUAL
    )
    seals.seal(now=now + timedelta(days=3))
    actions.note_access(ada.pk, Origin(Source.PAGE, now + timedelta(days=4)))
    return ada


class TestWhatItSays:
    def test_each_line_of_the_ledger_oldest_first_with_all_that_is_known(self, story: Address, now: datetime) -> None:
        record = of(story)
        events = list(ConsentEvent.objects.order_by("id"))
        assert [line["id"] for line in record["lines"]] == [event.pk for event in events]
        first, *_, last = record["lines"]
        assert first["event"]["at"] == "2026-03-10T12:00:00.000000Z"
        assert first["event"]["wording"] == "Unsubscribe from <News>"
        assert first["words"] == {
            "kind": "Opted out",
            "what": "Unsubscribed from “News” by email.",
            "source": "One-click",
            "channel": "Email",
            "address": "a•••@example.com",
            "category": "News",
            "campaign": "June",
            "before": "Not chosen; Every message; No pause",
            "after": "Unsubscribed; Every message; No pause",
        }
        assert first["mails"] == [{"id": OutboxMessage.objects.earliest("id").pk, "status": "sent"}]
        assert last["words"]["what"] == "The contact received a copy of all data held about them."
        blocked = next(line for line in record["lines"] if line["event"]["channel"] == "sms")
        assert blocked["words"]["what"] == "Suppressed: Blocked by staff."
        assert (blocked["event"]["actor"], blocked["event"]["note"]) == ("staff 7", "Legal")
        assert blocked["words"]["address"] == "+49•••56"

    def test_its_sentences_speak_about_the_contact_and_not_to_them(
        self, ada: Address, news: Category, now: datetime
    ) -> None:
        target, origin = Target(ada.pk, news.pk), Origin(Source.PAGE, now)
        [left] = actions.opt_out([target], origin)
        actions.undo([left.pk], origin)
        actions.opt_in([target], origin._replace(wording="Yes, News"))
        actions.opt_down([target], origin, frequency=Frequency.WEEKLY)
        actions.pause([target], origin, until=date(2026, 4, 9))
        actions.suppress([ada.pk], origin, reason=SuppressionReason.COMPLAINT)
        actions.suppress([ada.pk], Origin(Source.API, now), reason=SuppressionReason.COMPLAINT)
        assert [line["words"]["what"] for line in of(ada)["lines"]] == [
            "Unsubscribed from “News” by email.",
            "The earlier setting for “News” by email is back.",
            "Subscribed to “News” by email.",
            "“News” by email: at most once a week.",
            "“News” by email is paused until April 9, 2026.",
            "Suppressed: Complained.",
            "The same opt-out was repeated in another way.",
        ]

    def test_what_holds_today_and_who_made_it(self, story: Address, now: datetime) -> None:
        record = of(story, now=now)
        assert record["made"] == {
            "version": 1,
            "at": "2026-03-10T12:00:00.000000Z",
            "by": "staff 7",
            "house": "Example Post",
            "house_address": "1 Main Street, Springfield",
            "site": "https://mail.example.com",
        }
        assert [(one["state"], one["words"]["frequency"]) for one in record["preferences"]] == [
            ("subscribed", "At most weekly")
        ]
        assert [(one["reason"], one["lifted_at"]) for one in record["blocks"]] == [("manual", None)]
        assert [one["words"]["address"] for one in record["addresses"]] == ["a•••@example.com", "+49•••56"]
        assert [one["status"] for one in record["mails"]].count("sent") == 1

    def test_each_line_names_the_seal_that_covers_it_or_says_that_none_does_yet(self, story: Address) -> None:
        record = of(story)
        assert {line["standing"] for line in record["lines"][:-1]} == {"sealed"}
        assert {line["seal"] for line in record["lines"][:-1]} == {1}
        assert (record["lines"][-1]["standing"], record["lines"][-1]["seal"]) == ("open", None)
        assert record["standings"] == {"sealed": len(record["lines"]) - 1, "open": 1}
        [seal] = record["seals"]
        assert (seal["number"], seal["hash"]) == (record["newest_seal"], Seal.objects.get().fingerprint)

    def test_of_many_seals_it_names_those_that_cover_a_line_and_the_newest(
        self, ada: Address, news: Category, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sealed, "MOST_LINES", 3)
        others = [AddressFactory.create() for _ in range(7)]
        for number, who in enumerate([ada, *others[:3], ada, *others[3:]]):
            actions.opt_out([Target(who.pk, news.pk if number else None)], Origin(Source.PAGE, now))
            seals.seal(now=now)
        record = of(ada)
        assert [line["seal"] for line in record["lines"]] == [1, 5]
        assert [seal["number"] for seal in record["seals"]] == [1, 5, 9]
        actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, now, wording="Yes"))
        seals.seal(now=now)
        record = of(ada)
        assert {line["standing"] for line in record["lines"]} == {"sealed"}
        assert [seal["number"] for seal in record["seals"]] == [1, 5, 10]

    def test_a_line_that_came_late_is_found_in_the_seal_that_took_it(
        self, ada: Address, news: Category, now: datetime
    ) -> None:
        """As on PostgreSQL, when a transaction that had drawn its number early committed after the next one."""
        for kind in (None, news.pk):
            actions.opt_out([Target(AddressFactory.create().pk, news.pk)], Origin(Source.PAGE, now))
            actions.opt_out([Target(ada.pk, kind)], Origin(Source.PAGE, now))
        ids = list(ConsentEvent.objects.order_by("id").values_list("id", flat=True))
        late, highest = ids[1], ids[-1]
        first = seal_of([id_ for id_ in ids if id_ != late], previous=None, settled=0, now=now)
        seal_of([late], previous=first, settled=highest, now=now)
        record = of(ada)
        assert [(line["id"], line["standing"], line["seal"]) for line in record["lines"]] == [
            (late, "sealed", 2),
            (highest, "sealed", 1),
        ]
        assert list(seals.verify()) == []

    def test_nothing_has_happened_yet(self, ada: Address) -> None:
        made = make(ada)
        record = made.record
        assert (record["lines"], record["seals"], record["newest_seal"], record["about"]) == ([], [], None, None)
        assert findings(made.file) == []

    def test_what_they_told_us_as_feedback_is_theirs(self, story: Address, now: datetime) -> None:
        Feedback.objects.create(event=ConsentEvent.objects.earliest("id"), text="My own words", created_at=now)
        assert b"My own words" not in make(story).file

    def test_it_speaks_english_whatever_the_site_speaks(self, story: Address, now: datetime) -> None:
        english = make(story, now=now).file
        with translation.override("de"):
            assert make(story, now=now).file == english

    @pytest.mark.parametrize("column", ["wording", "note", "actor"])
    def test_no_address_is_in_it_whatever_was_written_into_the_ledger(
        self, column: str, ada: Address, news: Category, now: datetime
    ) -> None:
        words: dict[str, Any] = {column: f"Stop writing to {ADA}"}
        origin = Origin(Source.STAFF, now, **words)
        actions.opt_out([Target(ada.pk, news.pk)], origin)
        made = make(ada, about=sha256(ADA.encode()).digest())
        assert ADA.encode() not in made.file
        [line] = made.record["lines"]
        assert (line["event"][column], line["is_redacted"]) == ("Stop writing to •••", True)
        assert findings(made.file) == list(proof.against_ledger(made.record)) == []

    def test_it_takes_as_many_queries_for_much_as_for_little(self, ada: Address, news: Category, now: datetime) -> None:
        def happen(times: int) -> int:
            for day in range(times):
                until = (now + timedelta(days=day + 1)).date()
                actions.pause([Target(ada.pk, news.pk)], Origin(Source.PAGE, now), until=until)
                actions.pause([Target(ada.pk)], Origin(Source.PAGE, now), until=until)
                seals.seal(now=now)
            with CaptureQueriesContext(connection) as asked:
                make(ada)
            return len(asked)

        little = happen(1)
        assert happen(30) == little <= 15


class TestWhose:
    def test_the_sha256_of_the_address_says_which_one_it_is(self, story: Address) -> None:
        record = of(story, about=sha256(ADA.encode()).digest())
        assert record["about"] == {
            "sha256": sha256(ADA.encode()).hexdigest(),
            "address_ids": [story.pk],
        }

    def test_an_erased_address_is_still_known_by_it(self, story: Address, now: datetime) -> None:
        actions.erase([story.contact_id], Origin(Source.PAGE, now))
        story.refresh_from_db()
        made = make(story, about=sha256(ADA.encode()).digest())
        record = made.record
        assert record["contact"]["erased_at"] == "2026-03-10T12:00:00.000000Z"
        assert record["about"]["address_ids"] == [story.pk]
        assert {one["words"]["address"] for one in record["addresses"]} == {"•••"}
        assert record["lines"][-1]["words"]["what"] == "Suppressed: Erased."
        assert findings(made.file) == []
        assert b"example.com" not in made.file.replace(b"https://mail.example.com", b"")


class TestChanges:
    def test_as_it_was_made_nothing_is_found(self, story: Address) -> None:
        checked = proof.check(make(story).file)
        assert (checked.findings, checked.is_retired) == ([], False)

    def test_each_value_that_is_changed_is_found_and_its_place_named(self, story: Address) -> None:
        raw = make(story, about=sha256(ADA.encode()).digest()).file
        tried = 0
        for where, changed in every_change(json.loads(raw)["record"]):
            document = json.loads(raw) | {"record": changed}
            said = findings(json.dumps(document))
            assert said[0].startswith("This is not what was signed."), where
            assert where[0] == "checksums" or any(f"Changed: {place(where)}" in one for one in said), (where, said)
            tried += 1
        assert tried > 200

    def test_each_byte_that_is_changed_is_found(self, ada: Address, news: Category, now: datetime) -> None:
        actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, now))
        raw = make(ada).file
        unnoticed = []
        for position in range(len(raw)):
            changed = raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]
            try:
                if not findings(changed):
                    unnoticed.append(raw[position : position + 1])
            except proof.NoProof:
                continue
        # A line break between the parts that has become another blank says nothing else.
        assert set(unnoticed) <= {b"\n"}

    def test_blanks_and_order_are_no_change(self, story: Address) -> None:
        document = json.loads(make(story).file)
        reordered = {"signature": document["signature"], "record": dict(reversed(document["record"].items()))}
        assert findings(json.dumps(reordered, indent=2)) == []

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"\xff\xfe",
            b"null",
            b"[]",
            b"{}",
            b'{"record":1,"signature":{}}',
            b'{"record":{},"record":{},"signature":{}}',
            b'{"record":{"lines":[{"a":1,"a":1}]},"signature":{}}',
            b"[" * 100_000,
            b'{"record":{"made":' + b"9" * 5000 + b"}}",
        ],
        ids=lambda raw: repr(raw[:30]),
    )
    def test_what_is_no_proof_is_said(self, raw: bytes) -> None:
        with pytest.raises(proof.NoProof, match="not a proof"):
            proof.check(raw)

    @pytest.mark.parametrize(
        "record",
        [
            {},
            {"checksums": []},
            {"checksums": {"lines": 1}, "lines": []},
            {"lines": [1], "checksums": {"lines": []}},
            {"made": "\ud800", "checksums": {"made": None}},
            {"made": 1.5, "checksums": {}},
        ],
        ids=repr,
    )
    def test_whatever_is_put_into_a_record_breaks_nothing(self, record: dict[str, Any], story: Address) -> None:
        document = json.loads(make(story).file) | {"record": record}
        assert findings(json.dumps(document))[0].startswith("This is not what was signed.")

    @pytest.mark.parametrize(
        "part",
        [
            {"signature": {"algorithm": "none", "public_key": "", "value": ""}},
            {"signature": None},
            {"signature": {"algorithm": "Ed25519", "public_key": 1, "value": 2}},
            {"added": "This was never said."},
        ],
        ids=repr,
    )
    def test_without_its_signature_nobody_vouches_for_it(self, part: dict[str, Any], story: Address) -> None:
        document = json.loads(make(story).file) | part
        assert findings(json.dumps(document)) == [
            "This is not what was signed. It can’t be determined where it was changed."
        ]

    def test_a_signature_spelt_otherwise_is_another_one(self, story: Address) -> None:
        document = json.loads(make(story).file)
        document["signature"]["value"] = document["signature"]["value"].upper()
        assert findings(json.dumps(document)) != []


class TestKeys:
    def test_what_an_old_key_signed_is_ours_as_long_as_it_is_listed(self, story: Address, settings: Any) -> None:
        settings.SECRET_KEY = OLD
        raw = make(story).file
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
        assert proof.check(raw) == proof.Checked(json.loads(raw)["record"], [], is_retired=True)
        settings.SECRET_KEY_FALLBACKS = []
        assert "an unknown key" in findings(raw)[0]

    def test_what_somebody_else_signed_is_not_ours(self, story: Address, settings: Any) -> None:
        settings.SECRET_KEY = "somebody-elses-key-of-more-than-fifty-characters-0123456789"
        raw = make(story).file
        settings.SECRET_KEY = NEW
        assert "an unknown key" in findings(raw)[0]

    def test_outsiders_can_check_it_without_us(self, story: Address, client: Client, tmp_path: Path) -> None:
        """As docs/proof.md tells them to."""
        made = make(story)
        (tmp_path / "proof.json").write_bytes(made.file)
        published = client.get("/proof-key.pem", secure=True, headers={"host": "mail.example.com"})
        (tmp_path / "proof-key.pem").write_bytes(published.content)
        [commands] = blocks("sh", containing="openssl")
        done = subprocess.run(["sh", "-eu", "-c", commands], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.stderr, done.returncode) == ("", 0)
        assert done.stdout == f"{made.fingerprint}  -\nSignature Verified Successfully\n"

    def test_outsiders_can_hash_each_line_as_the_seal_does(self, story: Address, tmp_path: Path) -> None:
        (tmp_path / "proof.json").write_bytes(make(story).file)
        [script] = blocks("python", containing="sha256")
        done = subprocess.run(["python3", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        said = done.stdout.splitlines()
        assert len(said) == ConsentEvent.objects.count()
        assert all(line.endswith(" as sealed") for line in said)

    def test_the_keys_are_published_newest_first_and_no_secret_with_them(self, client: Client, settings: Any) -> None:
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
        both = client.get("/proof-key.pem", secure=True, headers={"host": "mail.example.com"}).content.decode()
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = OLD, []
        old = client.get("/proof-key.pem", secure=True, headers={"host": "mail.example.com"}).content.decode()
        keys = re.findall(r"-----BEGIN PUBLIC KEY-----\n[^-]+-----END PUBLIC KEY-----\n", both)
        assert len(keys) == 2
        assert old == f"In use:\n{keys[1]}"
        assert both == f"In use:\n{keys[0]}\nRetired:\n{keys[1]}"
        assert "PRIVATE" not in both


class TestAgainstTheLedger:
    def test_what_came_since_takes_nothing_back(self, story: Address, news: Category, now: datetime) -> None:
        record = of(story)
        actions.opt_out([Target(story.pk, news.pk)], Origin(Source.PAGE, now))
        seals.seal(now=now)
        Category.objects.update(name="Renamed")
        assert list(proof.against_ledger(record)) == []

    @pytest.mark.parametrize(
        ("statement", "said"),
        [
            ("UPDATE unsubscribe_consentevent SET note = 'never said' WHERE id = %s", "no longer says the same"),
            ("UPDATE unsubscribe_consentevent SET at = '2020-01-01' WHERE id = %s", "no longer says the same"),
            ("UPDATE unsubscribe_outboxmessage SET event_ids = '[]' WHERE id = %s", ""),
            ("DELETE FROM unsubscribe_consentevent WHERE id = %s", "is no longer in the ledger of this contact"),
        ],
    )
    def test_a_line_that_was_touched_is_named(self, statement: str, said: str, story: Address) -> None:
        record = of(story)
        first = record["lines"][0]["id"]
        sql(statement, first)
        assert list(proof.against_ledger(record)) == ([f"Event {first} {said}."] if said else [])

    def test_a_seal_that_was_touched_is_named(self, story: Address, now: datetime) -> None:
        record = of(story)
        ids = [line["id"] for line in record["lines"] if line["seal"]]
        sql("UPDATE unsubscribe_seal SET at = '2020-01-01'")
        assert list(proof.against_ledger(record)) == [f"Event {id_} no longer matches the seals." for id_ in ids]
        sql("DELETE FROM unsubscribe_seal")
        said = list(proof.against_ledger(record))
        assert said == [
            *(f"Event {id_} is no longer in seal 1." for id_ in ids),
            "Seal 1 is missing or has been replaced.",
        ]
        seals.seal(now=now + timedelta(days=9))
        assert list(proof.against_ledger(record)) == said[-1:]

    def test_what_another_person_did_is_not_proven_as_somebodys_own(self, story: Address) -> None:
        bob = address("bob@example.com")
        mine, theirs = bytes(story.digest), bytes(bob.digest)
        for row, digest in ((bob, bytes(32)), (story, theirs), (bob, mine)):
            sql("UPDATE unsubscribe_address SET digest = %s WHERE id = %s", digest, row.pk)
        record = of(story, about=sha256(b"bob@example.com").digest())
        assert record["about"]["address_ids"] == [story.pk]
        standings = {one["standing"] for one in record["lines"] if one["event"]["address_id"] == story.pk}
        assert standings == {"touched", "open"}

    def test_a_touched_ledger_is_not_signed_as_a_sound_one(self, story: Address) -> None:
        first, second, *_ = ConsentEvent.objects.order_by("id").values_list("id", flat=True)
        sql("UPDATE unsubscribe_consentevent SET note = 'never said' WHERE id = %s", first)
        record = of(story)
        assert record["lines"][0]["standing"] == "touched"
        assert record["standings"]["touched"] == 1
        # A line that was put where the seals had closed already.
        sql("UPDATE unsubscribe_consentevent SET id = -5 WHERE id = %s", second)
        assert of(story)["lines"][0]["standing"] == "missed"

    def test_a_seal_of_another_version_is_not_called_broken(self, story: Address) -> None:
        sql("UPDATE unsubscribe_seal SET version = 2")
        assert of(story)["standings"] == {"unknown": ConsentEvent.objects.count() - 1, "open": 1}

    @pytest.mark.parametrize("facts", ['{"state": "never"}', '{"suppressed": 5}', "[1]", '"x"', '{"other": null}'])
    def test_odd_facts_are_told_as_they_stand(self, facts: str, story: Address) -> None:
        sql("UPDATE unsubscribe_consentevent SET after = %s", facts)
        made = make(story)
        assert made.record["lines"][0]["event"]["after"] == json.loads(facts)
        assert findings(made.file) == []

    @pytest.mark.parametrize(
        "statement",
        ["UPDATE unsubscribe_consentevent SET at = %s", "UPDATE unsubscribe_seal SET at = %s"],
    )
    def test_what_cannot_be_read_is_said(self, statement: str, story: Address) -> None:
        sql(statement, "2026-13-45 12:00:00" if connection.vendor == "sqlite" else "infinity")
        with pytest.raises(proof.Unreadable, match="verify_ledger"):
            make(story)

    @pytest.mark.sqlite_only("only SQLite takes bytes for a text")
    @pytest.mark.parametrize("column", ["kind", "note"])
    def test_bytes_where_a_text_belongs_cannot_be_read(self, column: str, story: Address) -> None:
        sql(f"UPDATE unsubscribe_consentevent SET {column} = x'c3a4'")  # noqa: S608  (a name from above)
        with pytest.raises(proof.Unreadable):
            make(story)


def every_change(value: Any, *path: Any) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Each leaf changed, each list shortened and each dictionary extended, one at a time."""
    if isinstance(value, dict):
        yield (*path, "added"), value | {"added": 1}
        for key, one in value.items():
            yield from ((where, value | {key: new}) for where, new in every_change(one, *path, key))
    elif isinstance(value, list):
        if value:
            yield (*path, len(value) - 1), value[:-1]
        for number, one in enumerate(value):
            changes = every_change(one, *path, number)
            yield from ((where, [*value[:number], new, *value[number + 1 :]]) for where, new in changes)
    else:
        yield path, f"{value}." if isinstance(value, str) else 7 if value is None else value + 1


def place(where: tuple[Any, ...]) -> str:
    name, *rest = where
    is_entry = name in {"addresses", "preferences", "blocks", "lines", "mails", "seals"}
    return f"{name}, entry {rest[0] + 1}." if is_entry and rest else f"{name}."


def blocks(language: str, *, containing: str) -> list[str]:
    """The examples of docs/proof.md."""
    text = (Path(__file__).resolve().parents[3] / "docs" / "proof.md").read_text()
    found = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [one for one in found if containing in one]


def test_the_spelling_is_that_of_rfc_8785() -> None:
    """Its example of strings (section 3.2.3), and what JSON must escape."""
    value = {
        "\u20ac": "Euro Sign",
        "1": "One",
        "\r": "CR",
        "\u0080": "Control",
        "\u00f6": "o",
        "\u007f\u2028": '\x0f\n"\\/',
    }
    assert canonical.spell(value).decode() == (
        '{"\\r":"CR","1":"One","\u007f\u2028":"\\u000f\\n\\"\\\\/","\u0080":"Control","ö":"o","€":"Euro Sign"}'
    )
    assert canonical.spell({"b": [1, None, True], "a": {}}) == b'{"a":{},"b":[1,null,true]}'
