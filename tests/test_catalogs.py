"""Whatever the house says to people it says in every language it offers. `manage.py translations` helps."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Message
from django.template import Context, Template
from django.utils import translation

from prefcenter.management import catalogs
from prefcenter.management.catalogs import PACKAGES, languages
from prefcenter.management.texts import BASE_DIR, ENGINE, found_in

pytestmark = pytest.mark.sqlite_only

every_catalog = pytest.mark.parametrize(("package", "language"), [(p, code) for p in PACKAGES for code in languages()])


@every_catalog
def test_a_catalog_holds_what_code_and_templates_say_and_nothing_else(package: str, language: str) -> None:
    stored, said = catalogs.stored(package, language), catalogs.updated(package, language)
    assert said_in(stored) == said_in(said), "please run: manage.py translations"
    assert not stored.obsolete


def said_in(texts: catalogs.Texts) -> set[Any]:
    return {(message.id, message.context) for message in catalogs.messages(texts)}


@every_catalog
def test_everything_is_translated_and_nothing_is_left_in_doubt(package: str, language: str) -> None:
    open_ = [
        message.id
        for message in catalogs.messages(catalogs.stored(package, language))
        if not catalogs.is_translated(message)
    ]
    assert open_ == [], f"please run: manage.py translations --missing {language}"


@every_catalog
def test_a_translation_keeps_placeholders_tags_and_line_ends(package: str, language: str) -> None:
    texts = catalogs.stored(package, language)
    translated = filter(catalogs.is_translated, catalogs.messages(texts))
    assert [said for one in translated for said in catalogs.mistakes(one, forms=texts.num_plurals)] == []


@every_catalog
def test_what_runs_is_compiled_from_what_is_read(package: str, language: str) -> None:
    compiled = catalogs.po_path(package, language).with_suffix(".mo").read_bytes()
    assert compiled == catalogs.compiled(catalogs.stored(package, language)), "please run: manage.py translations"


@pytest.mark.parametrize("language", languages())
def test_django_says_what_the_catalogs_say(language: str) -> None:
    known = {
        message.id: message.string
        for package in PACKAGES
        for message in catalogs.messages(catalogs.stored(package, language))
        if catalogs.is_translated(message) and isinstance(message.id, str) and not message.context
    }
    with translation.override(language):
        assert {msgid: translation.gettext(msgid) for msgid in known} == known


@pytest.mark.parametrize(
    ("file", "source", "said"),
    [
        ("a.py", 'from x import gettext as _\n_("One") % {"x": _("Two")}', [("One", None), ("Two", None)]),
        ("a.py", 'from x import pgettext_lazy as p\np("verb", "Post")', [("Post", "verb")]),
        ("a.py", 'ngettext("a day", "%(n)s days", n)', [(("a day", "%(n)s days"), None)]),
        ("a.py", '_("in " "two parts")\n_(variable)\nfor _ in range(2):\n    x("no")', [("in two parts", None)]),
        ("a.html", '{% translate "100% free" %}', [("100%% free", None)]),
        ("a.html", '{% translate "Post" context "verb" as x %}{{ _("Two") }}', [("Post", "verb"), ("Two", None)]),
        (
            "a.html",
            "{% blocktranslate trimmed %}\n  One\n  {{ x }} 5%\n{% endblocktranslate %}",
            [("One %(x)s 5%%", None)],
        ),
        ("a.txt", "{% blocktranslate %}One\n{{ x }}{% endblocktranslate %}", [("One\n%(x)s", None)]),
        ("a.html", "<p>Not marked</p>{# _('no') #}", []),
    ],
)
def test_a_text_is_found_as_django_will_ask_for_it(file: str, source: str, said: list[Any]) -> None:
    assert [(one.msgid, one.context) for one in found_in(file, source)] == said


@pytest.mark.parametrize(
    "source", ["{% translate '5% off' %}", "{% blocktranslate trimmed %}\n 5% off\n {{ x }}\n{% endblocktranslate %}"]
)
def test_a_template_asks_for_what_was_found(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def gettext(msgid: str) -> str:
        asked.append(msgid)
        return msgid

    monkeypatch.setattr("django.utils.translation._trans.gettext", gettext)
    page = Template("{% load i18n %}" + source).render(Context({"x": "now"}))
    assert asked == [one.msgid for one in found_in("a.html", source)]
    assert "5% off" in page


@pytest.mark.parametrize(
    ("msgid", "string", "is_fine"),
    [
        ("%(what)s until %(day)s", "bis %(day)s: %(what)s", True),
        ("%(what)s until %(day)s", "bis %(day)s", False),
        ("%(what)s", "%(was)s", False),
        ("5%% off", "5 %% weniger", True),
        ("5%% off", "5 % weniger", False),
        ("<b>Yes</b>", "<b>Ja</b>", True),
        ("<b>Yes</b>", "<i>Ja</i>", False),
        ("Yes\n", "Ja", False),
        (("a day", "%(n)s days"), ("ein Tag", "%(n)s Tage"), True),
        (("a day", "%(n)s days"), ("ein Tag", "%(m)s Tage"), False),
        (("a day", "%(n)s days"), ("ein Tag",), False),
    ],
)
def test_a_mistake_in_a_translation_is_seen(msgid: Any, string: Any, is_fine: bool) -> None:
    assert (catalogs.mistakes(Message(msgid, string), forms=2) == []) is is_fine


def test_a_translator_fills_in_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogs, "BASE_DIR", tmp_path)
    keys = [one["key"] for one in json.loads(json.dumps(catalogs.missing("de")))]
    assert {"Weekly at most", "You’re subscribed to %(what)s."} <= set(keys)
    given = {
        "Weekly at most": "Höchstens wöchentlich",
        "You’re subscribed to %(what)s.": "Wieder an.",
        "Nobody says it": "Nein",
    }
    said = catalogs.fill("de", given)
    assert len(said) == 2
    assert len(catalogs.missing("de")) == len(keys) - 1
    message = catalogs.stored(ENGINE, "de").get("Weekly at most")
    assert message is not None
    assert message.string == "Höchstens wöchentlich"


def test_without_babel_the_command_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "babel.py").write_text("raise ModuleNotFoundError('No module named babel', name='babel')")
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "DATA_DIR": str(tmp_path), "DEBUG": "true"}
    command = [sys.executable, "manage.py", "translations"]
    done = subprocess.run(command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("CommandError: This command needs Babel")
    assert "Traceback" not in done.stderr
