"""Imports go down and never up, and rooms on one floor do not know each other (design section 3)."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

BASE_DIR = Path(__file__).resolve().parent.parent
ENGINE, SITE = "unsubscribe", "prefcenter"


class Floor(NamedTuple):
    """What lives here. `is_open`: its rooms may know each other; elsewhere they may not."""

    rooms: frozenset[str]
    is_open: bool = False


def _floor(rooms: str, *, is_open: bool = False) -> Floor:
    return Floor(frozenset(rooms.split()), is_open)


# From the bottom to the top. A new room is given its place here first.
HOUSE = {
    ENGINE: [
        _floor(
            "rules addresses spellings domains public_mail base32 keyed token_text choices errors conf sentences",
            is_open=True,
        ),
        _floor("models"),
        _floor("links"),
        _floor("headers folding"),
        _floor("mail claims", is_open=True),
        _floor("outbox"),
        _floor("tasks"),
        _floor("horizon gathering agreeing"),
        _floor("covering"),
        _floor("actions gate queries seals feed"),
        _floor("audience"),
        _floor("views backends"),
        _floor("urls"),
        _floor("checks apps", is_open=True),
    ],
    SITE: [
        _floor("models"),
        _floor(
            "accounts imports exports tables audience_file message_check supervisor middleware logs templatetags "
            "languages brand visits privacy link_requests tasks feedback_digest people "
            "folder_broker worker_consumer cache_keys link_failures content_types "
            "figures charts opt_outs proof previews sample_year bench api_keys problems outgoing words",
            is_open=True,
        ),
        _floor("pages api webhooks admin demo management"),
        _floor("urls settings celery wsgi asgi checks apps __init__", is_open=True),
    ],
}
#: The engine's own face has nothing behind it; the site's makes Celery known and is wiring.
NO_FLOOR = {ENGINE}
ALLOWED = {("prefcenter.management", "prefcenter.demo")}


class Import(NamedTuple):
    target: str
    line: int
    is_in_function: str


def complaints(module: str, source: str, *, is_package: bool = False) -> list[str]:
    """What is wrong with the imports of `module`, a dotted name in one of the two packages."""
    return [said for one in _imports(module, ast.parse(source), is_package) if (said := _complaint(module, one))]


def _complaint(module: str, one: Import) -> str:
    where = f"{module}:{one.line}"
    if one.is_in_function and not (module.endswith(".apps") and one.is_in_function == "ready"):
        return f"{where} imports {one.target} inside the function {one.is_in_function}"
    package, target_package = _package(module), _package(one.target)
    if target_package not in HOUSE:
        return ""
    if (package, target_package) == (ENGINE, SITE):
        return f"{where}: the engine knows of no site, but imports {one.target}"
    if package != target_package:
        return ""
    return _within(where, _room(module), _room(one.target))


def _within(where: str, room: str, target: str) -> str:
    if room == target or (room, target) in ALLOWED:
        return ""
    here, there = _storey(room), _storey(target)
    if here is None or there is None:
        return f"{where}: {room if here is None else target} has no floor yet; give it one in HOUSE"
    if there > here:
        return f"{where}: {room} looks up to {target}"
    if there == here and not HOUSE[_package(room)][here].is_open:
        return f"{where}: {room} knows its neighbour {target}"
    return ""


def _storey(room: str) -> int | None:
    package, _, name = room.partition(".")
    return next((index for index, floor in enumerate(HOUSE[package]) if name in floor.rooms), None)


def _package(module: str) -> str:
    return module.partition(".")[0]


def _room(module: str) -> str:
    package, _, rest = module.partition(".")
    return f"{package}.{rest.split('.')[0] or '__init__'}"


def _imports(module: str, tree: ast.AST, is_package: bool, function: str = "") -> Iterator[Import]:
    for node in ast.iter_child_nodes(tree):
        inside = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not function else function
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno, inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(module, node, is_package)
            # `from unsubscribe import gate` names the room only after the "import".
            names = [f"{source}.{alias.name}" for alias in node.names] if source in HOUSE else [source]
            yield from (Import(name, node.lineno, inside) for name in names)
        yield from _imports(module, node, is_package, inside)


def _absolute(module: str, node: ast.ImportFrom, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    parent = parts[: len(parts) - node.level + is_package]
    return ".".join([*parent, node.module] if node.module else parent)


def _files() -> list[Path]:
    return [
        path
        for package in HOUSE
        for path in sorted((BASE_DIR / package).rglob("*.py"))
        if not {"migrations", "tests"} & set(path.relative_to(BASE_DIR).parts)
    ]


def _module(path: Path) -> str:
    return ".".join(path.relative_to(BASE_DIR).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", _files(), ids=_module)
def test_imports_go_down_and_never_up(path: Path) -> None:
    assert complaints(_module(path), path.read_text(), is_package=path.name == "__init__.py") == []


def test_every_room_has_a_floor() -> None:
    homeless = {_room(_module(path)) for path in _files() if _module(path) not in NO_FLOOR}
    assert {room for room in homeless if _storey(room) is None} == set()


def test_the_files_are_found_at_all() -> None:
    found = set(map(_module, _files()))
    assert {"unsubscribe.gate", "unsubscribe.actions.ledger", "prefcenter.management.commands.demo"} <= found


@pytest.mark.parametrize(
    ("module", "source", "complaint"),
    [
        ("unsubscribe.rules", "from .models import Address", "unsubscribe.rules looks up to unsubscribe.models"),
        ("unsubscribe.rules", "from . import models", "unsubscribe.rules looks up to unsubscribe.models"),
        ("unsubscribe.rules", "import unsubscribe.models.contacts", "unsubscribe.rules looks up to unsubscribe.models"),
        ("unsubscribe.rules", "from unsubscribe import gate as g", "unsubscribe.rules looks up to unsubscribe.gate"),
        ("unsubscribe.models.contacts", "from ..links import sign", "unsubscribe.models looks up to unsubscribe.links"),
        ("unsubscribe.models.contacts", "from .. import gate", "unsubscribe.models looks up to unsubscribe.gate"),
        ("unsubscribe.links", "from .headers import ONE_CLICK", "unsubscribe.links looks up to unsubscribe.headers"),
        ("unsubscribe.outbox", "from . import tasks", "unsubscribe.outbox looks up to unsubscribe.tasks"),
        ("unsubscribe.gate", "from .actions import opt_out", "unsubscribe.gate knows its neighbour"),
        ("unsubscribe.actions.ledger", "from ..queries import address", "unsubscribe.actions knows its neighbour"),
        ("unsubscribe.gate", "from .audience import ask", "unsubscribe.gate looks up to unsubscribe.audience"),
        ("unsubscribe.views", "from . import backends", "unsubscribe.views knows its neighbour"),
        ("unsubscribe.gate", "from prefcenter.models import Feedback", "the engine knows of no site"),
        ("unsubscribe.gate", "import prefcenter", "the engine knows of no site"),
        ("unsubscribe.gate", "if True:\n    from prefcenter import pages", "the engine knows of no site"),
        ("prefcenter.models", "from prefcenter.tables import Row", "prefcenter.models looks up to prefcenter.tables"),
        ("prefcenter.tables.rows", "from prefcenter import pages", "prefcenter.tables looks up to prefcenter.pages"),
        ("prefcenter.pages.forms", "from prefcenter.admin import staff", "prefcenter.pages knows its neighbour"),
        ("prefcenter.pages", "from prefcenter.demo import seed", "prefcenter.pages knows its neighbour"),
        ("prefcenter.demo.seed", "from prefcenter.management import x", "prefcenter.demo knows its neighbour"),
        ("prefcenter.admin", "from prefcenter import urls", "prefcenter.admin looks up to prefcenter.urls"),
        ("prefcenter.imports", "from prefcenter import celery_app", "has no floor yet"),
        ("unsubscribe.gate", "def f():\n    from . import rules", "inside the function f"),
        ("unsubscribe.gate", "class A:\n    async def f(self):\n        import json", "inside the function f"),
        ("unsubscribe.gate", "def f():\n    def g():\n        import json", "inside the function f"),
        ("unsubscribe.apps", "def load():\n    from . import checks", "inside the function load"),
        ("unsubscribe.links", "def ready():\n    from . import conf", "inside the function ready"),
        ("unsubscribe.brand_new", "from . import rules", "unsubscribe.brand_new has no floor yet"),
        ("unsubscribe.gate", "from . import brand_new", "unsubscribe.brand_new has no floor yet"),
    ],
)
def test_an_import_that_goes_up_is_found(module: str, source: str, complaint: str) -> None:
    [said] = complaints(module, source)
    assert complaint in said


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("unsubscribe.gate", "from datetime import date\nimport django.db"),
        ("unsubscribe.gate", "from . import rules\nfrom .models import Address\nfrom unsubscribe.links import sign"),
        ("unsubscribe.rules", "from .choices import Answer"),
        ("unsubscribe.actions.ledger", "from .locking import lock\nfrom .. import outbox"),
        ("unsubscribe.apps", "class C:\n    def ready(self):\n        from . import checks"),
        ("prefcenter.pages.forms", "from unsubscribe import actions\nfrom . import results"),
        ("prefcenter.management.commands.demo", "from prefcenter.demo import seed"),
        ("prefcenter.urls", "from prefcenter.pages.preferences import preferences"),
    ],
)
def test_an_import_that_goes_down_is_fine(module: str, source: str) -> None:
    assert complaints(module, source) == []


def test_a_package_counts_its_dots_from_within_itself() -> None:
    assert complaints("unsubscribe.actions", "from .ledger import record\nfrom ..rules import confirms") == [
        "unsubscribe.actions:1: unsubscribe.ledger has no floor yet; give it one in HOUSE"
    ]
    assert complaints("unsubscribe.actions", "from .ledger import record", is_package=True) == []
