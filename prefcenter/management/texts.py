"""Finds the texts to translate in code and templates, as Django's makemessages does, but without GNU gettext.

Texts for staff and developers are not translated.
"""

import re
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from babel.messages.extract import DEFAULT_KEYWORDS, extract
from django.utils.translation.template import templatize

BASE_DIR = Path(__file__).resolve().parents[2]
ENGINE, SITE = "unsubscribe", "prefcenter"
#: What only staff and developers see, in English.
_NOT_FOR_READERS = (
    "unsubscribe/migrations/",
    "prefcenter/migrations/",
    "prefcenter/admin/",
    "prefcenter/demo/",
    "prefcenter/management/",
    "templates/admin/",
    "templates/mfa/",
    "templates/prefcenter/demo/",
)
_ENGINE_TEMPLATES = "templates/unsubscribe/"
#: Babel knows the others that Django has.
_KEYWORDS: dict[str, Any] = DEFAULT_KEYWORDS | {
    f"{name}_{more}": DEFAULT_KEYWORDS[name]
    for name in ("gettext", "ngettext", "pgettext", "npgettext")
    for more in ("lazy", "noop")
}
_ALIAS = re.compile(r"\b(\w+) as (\w+)")
_COMMENT_TAGS = ("Translators",)


class Found(NamedTuple):
    """A text and where it is. `msgid`: singular and plural for one with a plural; `file`: from the project's folder."""

    msgid: str | tuple[str, ...]
    context: str | None
    file: str
    comments: tuple[str, ...]


@cache
def found(package: str) -> list[Found]:
    """Every text of the package, in the order of its files."""
    return [text for path in _files(package) for text in found_in(path.relative_to(BASE_DIR).as_posix(), _read(path))]


def found_in(file: str, source: str) -> list[Found]:
    """The texts in `source`, which is Python or a template as the name of `file` says."""
    if not file.endswith(".py"):
        source = templatize(source, origin=file)
    aliases = {alias: _KEYWORDS[name] for name, alias in _ALIAS.findall(source) if name in _KEYWORDS}
    texts = extract("python", BytesIO(source.encode()), _KEYWORDS | aliases, _COMMENT_TAGS)
    return [Found(msgid, context, file, tuple(comments)) for _, msgid, comments, context in texts]


def _files(package: str) -> list[Path]:
    templates = (path for path in (BASE_DIR / "templates").rglob("*") if path.suffix in {".html", ".txt"})
    ours = (path for path in templates if _name(path).startswith(_ENGINE_TEMPLATES) == (package == ENGINE))
    paths = sorted([*(BASE_DIR / package).rglob("*.py"), *ours], key=_name)
    return [path for path in paths if not _name(path).startswith(_NOT_FOR_READERS)]


def _name(path: Path) -> str:
    return path.relative_to(BASE_DIR).as_posix()


def _read(path: Path) -> str:
    """The file's text; "" for a Python file without gettext, since tokenizing all of them takes most of the time."""
    source = path.read_text()
    return source if path.suffix != ".py" or "gettext" in source else ""
