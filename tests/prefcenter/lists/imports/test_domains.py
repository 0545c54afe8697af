"""`*@corp.example` in a file is a block on a whole domain: foreseen, counted, refused where it must be, and held."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.conftest import NOW
from tests.factories import AddressFactory
from unsubscribe import actions, gate
from unsubscribe.actions import Origin
from unsubscribe.choices import Source, SuppressionReason
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, DomainSuppression, Suppression

pytestmark = pytest.mark.django_db
PUBLIC = "this is a public email provider: its domain is never suppressed as a whole"


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "data"


def run(folder: Path, text: str, *arguments: str, command: str = "import_optouts") -> dict[str, Any]:
    path, out = folder / "no.csv", io.StringIO()
    path.write_text(text, encoding="utf-8")
    call_command(command, str(path), *arguments, stdout=out, stderr=io.StringIO())
    said: dict[str, Any] = json.loads(out.getvalue())
    return said


def figures(said: dict[str, Any]) -> dict[str, int]:
    names = ("new", "domains", "covered", "already", "overtaken", "refused", "invalid")
    return {name: said[name] for name in names if said.get(name)}


def test_a_dry_run_counts_the_domains_and_the_contacts_they_would_cover(tmp_path: Path) -> None:
    eve = AddressFactory.create(text="eve@corp.example")
    AddressFactory.create(text="eve@also.corp.example")
    AddressFactory.create(text="bob@corp.example")
    AddressFactory.create(text="second@corp.example", contact=eve.contact)
    text = "email\n*@corp.example\nada@example.com\n@CORP.example.\n*@other.example\n"
    assert figures(run(tmp_path, text)) == {"new": 1, "domains": 2, "covered": 2, "already": 1}
    assert not DomainSuppression.objects.exists()
    said = run(tmp_path, text, "--apply")
    assert figures(said) == {"new": 1, "domains": 2, "already": 1}
    rows = DomainSuppression.objects.order_by("id").values_list("domain", "reason", "source", "actor", "note")
    note = f"Import {said['import']}, A plain list."
    assert {row[0] for row in rows} == {"corp.example", "other.example"}
    assert {row[1:4] for row in rows} == {("unsubscribed_all", "import", "import_optouts")}
    assert {row[4] for row in rows} <= {note, note.replace("A plain list", "A table")}
    assert not Address.objects.filter(value__contains="*").exists()
    assert figures(run(tmp_path, text, "--apply")) == {"already": 4}


def test_what_was_blocked_is_not_written_to(tmp_path: Path, news: Category) -> None:
    run(tmp_path, "*@corp.example\n*@bücher.example\n", "--apply")
    texts = ["eve@corp.example", "eve@xn--bcher-kva.example", "eve@bücher.example", "eve@sub.corp.example"]
    assert [one.may_send for one in gate.check(texts, Mailing(news), now=NOW)] == [False, False, False, True]


def test_a_list_may_begin_with_a_domain(tmp_path: Path) -> None:
    assert figures(run(tmp_path, "@corp.example\n@other.example\n", "--apply")) == {"domains": 2}


def test_domains_that_cannot_be_blocked_are_refused_with_their_line(tmp_path: Path) -> None:
    said = run(
        tmp_path,
        "email\n*@gmail.com\n@yahoo.co.jp\n*@*.corp.example\n*@corp\n*@-corp.example\nada@example.com\n",
        "--apply",
    )
    assert figures(said) == {"new": 1, "refused": 2, "invalid": 3}
    no_domain = "this is not a domain that can be suppressed"
    assert [(one["line"], one["problem"]) for one in said["problems"]] == [
        (2, PUBLIC),
        (3, PUBLIC),
        (4, no_domain),
        (5, no_domain),
        (6, no_domain),
    ]
    assert (DomainSuppression.objects.count(), Suppression.objects.count()) == (0, 1)


def test_the_staff_may_choose_another_reason(tmp_path: Path) -> None:
    run(tmp_path, "*@corp.example\n", "--apply", "--reason", "manual")
    assert DomainSuppression.objects.get().reason == SuppressionReason.MANUAL


def test_one_category_is_nothing_that_a_domain_can_leave(tmp_path: Path, news: Category) -> None:
    said = run(tmp_path, "email\n*@corp.example\nada@example.com\n", "--apply", "--category", "news")
    assert figures(said) == {"new": 1, "refused": 1}
    assert not DomainSuppression.objects.exists()


def test_no_contact_is_made_of_a_domain(tmp_path: Path) -> None:
    said = run(
        tmp_path, "email\n*@corp.example\n@corp.example\nada@example.com\n", "--apply", command="import_contacts"
    )
    assert figures(said) == {"new": 1, "refused": 2}
    assert {one["problem"] for one in said["problems"]} == {
        "this is a whole domain, which can’t be imported as a contact"
    }
    assert Address.objects.count() == 1


def test_an_older_no_does_not_undo_what_the_staff_lifted_since(tmp_path: Path) -> None:
    mailgun = 'address,tags,created_at\n*@corp.example,*,"Mon, 05 Jan 2026 10:00:00 UTC"\n'
    assert figures(run(tmp_path, mailgun, "--apply")) == {"domains": 1}
    actions.lift_domains(["corp.example"], Origin(Source.STAFF, NOW), reason=SuppressionReason.UNSUBSCRIBED_ALL)
    assert figures(run(tmp_path, mailgun, "--apply")) == {"overtaken": 1}
    assert not DomainSuppression.objects.filter(lifted_at=None).exists()


def test_a_domain_is_one_however_it_is_written_and_never_somebody(tmp_path: Path, news: Category) -> None:
    spellings = [
        "mailto:*@corp1.example",
        "Corp <*@corp2.example>",
        "(*@corp3.example)",
        "\uff0a@corp4.example",
        "\u2217@corp5.example",
        "**@corp6.example",
        ".*@corp7.example",
        "%@corp8.example",
        "*\u200b@corp9.example",
        "<@corp10.example>",
    ]
    text = "email\n" + "\n".join(spellings) + "\n"
    assert figures(run(tmp_path, text, "--apply")) == {"domains": len(spellings)}
    texts = [f"eve@corp{number}.example" for number in range(1, len(spellings) + 1)]
    assert not any(one.may_send for one in gate.check(texts, Mailing(news), now=NOW))
    assert not Address.objects.exists()
    assert figures(run(tmp_path, text, command="import_contacts")) == {"refused": len(spellings)}
