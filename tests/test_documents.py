"""The documents promise nothing that is not there, and leave out no setting, scope or command that is."""

import ast
import re
from argparse import ArgumentParser
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from pkgutil import resolve_name

import pytest
from django.apps import apps
from django.core.management import get_commands, load_command_class
from django.db.models import TextChoices
from django.urls import Resolver404, resolve
from django.utils.text import slugify

from prefcenter.accounts.api_keys import Scope
from prefcenter.api.site import api
from unsubscribe import choices, headers

pytestmark = pytest.mark.sqlite_only

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
CODE = [path for package in ("unsubscribe", "prefcenter") for path in (ROOT / package).rglob("*.py")]
every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
#: Set by `manage.py demo` for itself, and by nobody else.
OF_THE_DEMO = {"PREFCENTER_DEMO"}


@cache
def text(path: Path) -> str:
    return path.read_text()


@cache
def in_the_environment() -> dict[str, object]:
    """The names in `env.str("NAME")`, `env("NAME")`, `os.environ.get("NAME")` and the like, and of the secrets, with
    their defaults; None for what is no constant."""
    return {
        str(call.args[0].value): next((_constant(one.value) for one in call.keywords if one.arg == "default"), None)
        for path in CODE
        for call in ast.walk(ast.parse(text(path)))
        if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant)
        if re.match(r"env\b|_secret\b|os\.environ\.get\b|os\.getenv\b", ast.unparse(call.func))
        if str(call.args[0].value).isupper()
    }


def _constant(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def read_from_the_environment() -> frozenset[str]:
    return frozenset(in_the_environment())


@cache
def read_from_settings() -> frozenset[str]:
    """What the engine asks a Django project for."""
    engine = "".join(text(path) for path in CODE if (ROOT / "unsubscribe") in path.parents)
    return frozenset(re.findall(r'settings(?:\.|,\s*")(UNSUBSCRIBE_\w+)', engine))


def in_tables_of_settings(document: str) -> Iterator[str]:
    """The names in the first column of each table that is headed `name`."""
    for table in re.findall(r"(?m)^\| name \|.*\n\|[-| ]+\n((?:\|.*\n)+)", document):
        for row in table.splitlines():
            yield from re.findall(r"`([A-Z][A-Z0-9_]+)`", row.split("|")[1])


def defaults(document: str) -> Iterator[tuple[str, str]]:
    """Of each setting in such a table the default that is written beside it, where there is one for each of a row."""
    for table in re.findall(r"(?m)^\| name \|.*\n\|[-| ]+\n((?:\|.*\n)+)", document):
        for row in table.splitlines():
            cells = [re.sub(r"`[^`]+`", "", row.split("|")[column]).strip(" ,") for column in (1, -2)]
            named, said = (re.findall(r"`([^`]+)`", row.split("|")[column]) for column in (1, -2))
            if len(named) == len(said) and cells == ["", ""]:
                yield from zip(named, said, strict=True)


@every_document
def test_every_default_that_is_documented_is_the_one_in_the_code(document: Path) -> None:
    known = {name: str(one).lower().removesuffix(".0") for name, one in in_the_environment().items() if one is not None}
    said = {name: default.lower() for name, default in defaults(text(document)) if name in known}
    assert said == {name: known[name] for name in said}


def documented_settings() -> set[str]:
    return {name for path in DOCUMENTS for name in in_tables_of_settings(text(path))}


def test_every_setting_that_is_documented_is_read() -> None:
    assert documented_settings() - read_from_the_environment() == set()


def test_every_setting_that_is_read_is_documented() -> None:
    assert read_from_the_environment() - documented_settings() - OF_THE_DEMO == set()


def test_every_setting_of_the_engine_is_documented_and_can_be_set_in_the_environment() -> None:
    everything = "".join(map(text, DOCUMENTS))
    assert {name for name in read_from_settings() if f"`{name}" not in everything} == set()
    set_by_the_site = {name for path in (ROOT / "prefcenter" / "settings").glob("*.py") for name in names_set(path)}
    # A project without the site says so in its own settings.
    assert read_from_settings() - set_by_the_site == {"UNSUBSCRIBE_HAS_PAGES"}


def names_set(path: Path) -> set[str]:
    return set(re.findall(r"(?m)^(UNSUBSCRIBE_\w+)\b.* = ", text(path)))


@every_document
def test_no_document_names_a_setting_that_no_code_reads(document: Path) -> None:
    named = set(re.findall(r"\bUNSUBSCRIBE_[A-Z_]*[A-Z]\b", text(document)))
    named |= set(re.findall(r"\b([A-Z][A-Z0-9_]{3,})=", text(document)))
    read_by_tests = {"PLAN_LINES", "TEST_ON", "TEST_FONT"}
    of_a_django_project = {"EMAIL_BACKEND", "UNSUBSCRIBE_EMAIL_BACKEND", "UNSUBSCRIBE_BASE_URL", "INSTALLED_APPS"}
    assert named - read_from_the_environment() - read_from_settings() - read_by_tests - of_a_django_project == set()


def commands(document: str) -> Iterator[tuple[str, set[str]]]:
    """Each `manage.py NAME`, with the options that stand on its line before a comment, pipe or closing mark."""
    for name, rest in re.findall(r"manage\.py ([a-z_]+)([^`\n#|&]*)", document):
        yield name, set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", rest))


@every_document
def test_every_command_and_option_in_a_document_exists(document: Path) -> None:
    for name, options in commands(text(document)):
        assert name in get_commands(), name
        parser: ArgumentParser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
        assert options <= set(parser._option_string_actions), f"manage.py {name}"


def code(document: str) -> list[str]:
    """What stands between backticks, and in blocks."""
    blocks = re.findall(r"(?ms)^```\w*\n(.*?)^```", document)
    return [*blocks, *re.findall(r"`([^`\n]+)`", re.sub(r"(?ms)^```.*?^```", "", document))]


#: Of pip, pytest, Django and our own tools.
OPTIONS_OF_OTHERS = {
    "--require-hashes",
    "--ignore",
    "--dist",
    "--cov",
    "--screenshots",
    "--deploy",
    "--json",
}


@every_document
def test_every_option_in_a_document_is_one_of_a_command(document: Path) -> None:
    named = {one for part in code(text(document)) for one in re.findall(r"(?<![\w-])--[a-z][a-z-]*", part)}
    assert named - options_of_ours() - OPTIONS_OF_OTHERS == set()


@cache
def options_of_ours() -> frozenset[str]:
    parsers = [load_command_class("prefcenter", name).create_parser("manage.py", name) for name in own_commands()]
    return frozenset(one for parser in parsers for one in parser._option_string_actions)


#: Words of files and of programs that are not ours.
WORDS_OF_OTHERS = {"client_max_body_size"}


@every_document
def test_every_name_in_a_document_is_one_in_the_code(document: Path) -> None:
    """A command, a verb, a field: what was renamed is not named any more."""
    named = {one for part in code(text(document)) for one in re.findall(r"^[a-z]+(?:_[a-z]+)+\b(?![./])", part)}
    assert named - words_of_ours() - WORDS_OF_OTHERS == set()


@cache
def words_of_ours() -> frozenset[str]:
    files = [*CODE, *(ROOT / "templates").rglob("*.html"), *(ROOT / "tests").rglob("*.py")]
    return frozenset(own_commands()).union(*(re.findall(r"[a-z]+(?:_[a-z]+)+", text(path)) for path in files))


@every_document
def test_every_dotted_name_in_a_document_leads_somewhere(document: Path) -> None:
    nowhere = []
    for name in set(re.findall(r"\b(?:unsubscribe|prefcenter|django)(?:\.\w+)+", "\n".join(code(text(document))))):
        try:
            resolve_name(name)
        except (ImportError, AttributeError):
            nowhere.append(name)
    assert set(nowhere) - permissions() == set()


def permissions() -> set[str]:
    return {
        f"{model._meta.app_label}.{name}"
        for model in apps.get_models()
        for name in [
            *(f"{power}_{model._meta.model_name}" for power in model._meta.default_permissions),
            *(name for name, _ in model._meta.permissions),
        ]
    }


@every_document
def test_every_file_in_a_document_is_there(document: Path) -> None:
    named = {one for part in code(text(document)) for one in re.findall(r"^\w[\w./]*\.py\b|^\w[\w/]*/$", part)}
    folders = [ROOT, *(path for path in ROOT.glob("*/*/") if path.is_dir()), ROOT / "unsubscribe", ROOT / "prefcenter"]
    assert {one for one in named if not any((folder / one).exists() for folder in folders)} == set()


@every_document
def test_every_header_of_the_guard_in_a_document_is_one(document: Path) -> None:
    said = set(re.findall(r"X-Unsubscribe-[A-Za-z-]*[a-z]", text(document)))
    assert said <= {headers.CATEGORY, headers.CAMPAIGN, headers.PURPOSE}


def own_commands() -> set[str]:
    return {path.stem for path in (ROOT / "prefcenter" / "management" / "commands").glob("[a-z]*.py")}


@pytest.mark.parametrize("name", sorted(own_commands()))
def test_every_command_of_ours_stands_in_a_document(name: str) -> None:
    assert any(f"manage.py {name}" in text(path) for path in DOCUMENTS)


def test_the_scopes_of_the_api_are_those_in_its_document() -> None:
    rows = re.search(r"(?m)^\| scope \|.*\n\|[-| ]+\n((?:\|.*\n)+)", text(ROOT / "docs" / "api.md"))
    assert rows is not None
    documented = {scope for row in rows[1].splitlines() for scope in re.findall(r"`([a-z:]+)`", row.split("|")[1])}
    assert documented == set(Scope)


@every_document
def test_every_scope_that_a_document_names_exists(document: Path) -> None:
    assert set(re.findall(r"\b[a-z]+:(?:read|write)\b", text(document))) <= set(Scope)


def test_every_choice_there_is_stands_among_the_words() -> None:
    """Of each closed list that code, database and API share every member, and beside it nothing that was renamed."""
    words = {
        one for part in code(text(ROOT / "docs" / "words.md")) for one in re.findall(r"^[a-z]+(?:_[a-z]+)*$", part)
    }
    lists = [one for one in vars(choices).values() if isinstance(one, type) and issubclass(one, TextChoices)]
    scopes = {*choices.OneClickScope}
    assert {str(member) for one in lists for member in one} - scopes == words


def paths(document: str) -> set[str]:
    """What stands in code and begins with a slash, or is a page of a site at localhost; a variable part is any."""
    found = re.findall(r"`(?:GET |POST |PATCH |PUT |DELETE )?(/[^`\s?]*)[^`]*`", document)
    found += re.findall(r"http://localhost:8000(/[^\s`>)]*)", document)
    return {re.sub(r"TOKEN|…|\{[^}]*\}|NUMBER", "1", path) for path in found}


def api_paths() -> set[str]:
    schema = api.get_openapi_schema()
    return {re.sub(r"\{[^}]*\}", "1", path) for path in schema["paths"]}


@every_document
def test_every_address_in_a_document_leads_somewhere(document: Path) -> None:
    assert [path for path in paths(text(document)) if not leads_somewhere(path)] == []


def leads_somewhere(path: str) -> bool:
    """The admin takes every address that begins like its own, and says that there is no such page."""
    try:
        urls = "prefcenter.demo.urls" if path.startswith("/demo/") else None
        return resolve(path.removeprefix("/demo"), urls).url_name is not None
    except Resolver404:
        return f"/api/v1{path}" in api_paths()


def anchors(document: Path) -> set[str]:
    return {slugify(heading) for heading in re.findall(r"(?m)^#+ (.*)$", text(document))}


@every_document
def test_every_link_to_another_document_leads_to_its_place(document: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", text(document)):
        there = (document.parent / target).resolve() if target else document
        assert there.is_file(), target
        assert not anchor or anchor in anchors(there), f"{target}#{anchor}"
