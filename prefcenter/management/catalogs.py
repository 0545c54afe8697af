"""The message catalogs (.po and .mo), updated to the texts in code and templates without GNU gettext.

For `manage.py translations`, with babel, which is one of the test requirements. `language` is a code of LANGUAGES.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation import to_locale

from .texts import BASE_DIR, ENGINE, SITE, Found, found

#: A msgid or a translation as babel has them: one text, or one for each plural form.
Text = str | tuple[str, ...] | list[str]

#: In this order: a text of the engine is not translated again for the site.
PACKAGES = (ENGINE, SITE)
_SOURCE_LANGUAGE = "en"
_HEADER = "# Written by manage.py translations; only the translations are edited by hand."
_CONTEXT_END = "\x04"  # as gettext itself joins context and msgid
_PLACEHOLDER = re.compile(r"%(?:\(\w+\)\w|.)?")
_TAG = re.compile(r"</?\w+")


class Texts(Catalog):
    """A catalog with a header that is the same in each run."""

    def __iter__(self) -> Iterator[Message]:
        header = {
            "Language": self.locale_identifier,
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Transfer-Encoding": "8bit",
            "Plural-Forms": self.plural_forms,
        }
        yield Message("", "".join(f"{name}: {value}\n" for name, value in header.items()))
        yield from (message for message in super().__iter__() if message.id)


def languages() -> list[str]:
    """The codes of the languages that have catalogs: all but English."""
    return [code for code, _ in settings.LANGUAGES if code != _SOURCE_LANGUAGE]


def po_path(package: str, language: str) -> Path:
    """The .po file of a package; the .mo file is beside it."""
    return BASE_DIR / package / "locale" / to_locale(language) / "LC_MESSAGES" / "django.po"


def key(message: Message) -> str:
    """The key of a message in `missing` and `fill`: the msgid (its singular), after the context if it has one."""
    msgid = message.id if isinstance(message.id, str) else message.id[0]
    return f"{message.context}{_CONTEXT_END}{msgid}" if message.context else msgid


def stored(package: str, language: str) -> Texts:
    """The catalog in the .po file; an empty one if there is none."""
    texts, path = Texts(to_locale(language), header_comment=_HEADER), po_path(package, language)
    if path.exists():
        with path.open("rb") as file:
            read = read_po(file, locale=to_locale(language))
        for message in messages(read):
            texts[message.id] = message
        texts.obsolete = read.obsolete
    return texts


def updated(package: str, language: str) -> Texts:
    """The catalog for the texts of today, with the translations that are stored and not fuzzy; obsolete ones are left
    out."""
    texts, known = Texts(to_locale(language), header_comment=_HEADER), stored(package, language)
    for text in _own(package):
        texts.add(
            text.msgid,
            _kept(known.get(_first(text.msgid), text.context), text),
            locations=[(text.file, 0)],
            auto_comments=text.comments,
            context=text.context,
        )
    return texts


def messages(catalog: Catalog) -> list[Message]:
    """The catalog's messages without the header, sorted."""
    return sorted(message for message in catalog if message.id)


def is_translated(message: Message) -> bool:
    """Whether all forms have a translation that is not fuzzy."""
    return all(_forms(message.string)) and not message.fuzzy


def mistakes(message: Message, *, forms: int) -> list[str]:
    """What is wrong with a translation, in sentences: the number of `forms`, placeholders, tags, line ends."""
    if message.pluralizable and len(_forms(message.string)) != forms:
        return [f"{key(message)!r} needs {forms} forms"]
    return [
        f"{key(message)!r} has other {what} in {string!r}"
        for string in _forms(message.string)
        for what, is_same in _SAME.items()
        if not any(is_same(msgid, string) for msgid in _forms(message.id))
    ]


def compiled(texts: Texts) -> bytes:
    """The bytes of the .mo file."""
    file = BytesIO()
    write_mo(file, texts)
    return file.getvalue()


def write(package: str, language: str, texts: Texts) -> None:
    """Writes the .po and the .mo file."""
    path, file = po_path(package, language), BytesIO()
    write_po(file, texts, width=0, sort_output=True, ignore_obsolete=True, include_lineno=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.getvalue())
    path.with_suffix(".mo").write_bytes(compiled(texts))


def _own(package: str) -> list[Found]:
    """The package's texts, without those that the engine translates."""
    by_engine = {(text.msgid, text.context) for text in found(ENGINE)} if package != ENGINE else set()
    return [text for text in found(package) if (text.msgid, text.context) not in by_engine]


def _kept(old: Message | None, text: Found) -> str | tuple[str, ...]:
    kept = _forms(old.string) if old and not old.fuzzy and old.id == text.msgid else ("",)
    return kept if len(kept) > 1 else kept[0]


def _first(msgid: str | tuple[str, ...]) -> str:
    return msgid if isinstance(msgid, str) else msgid[0]


def _forms(text: Text | None) -> tuple[str, ...]:
    """The plural forms; one for a text without plural."""
    return (text,) if isinstance(text, str) else tuple(text or ("",))


_SAME: dict[str, Callable[[str, str], bool]] = {
    "placeholders": lambda msgid, string: set(_PLACEHOLDER.findall(msgid)) == set(_PLACEHOLDER.findall(string)),
    "tags": lambda msgid, string: set(_TAG.findall(msgid)) == set(_TAG.findall(string)),
    "line ends": lambda msgid, string: _edges(msgid) == _edges(string),
}


def _edges(text: str) -> tuple[bool, bool]:
    return text.startswith("\n"), text.endswith("\n")


def missing(language: str) -> list[dict[str, Any]]:
    """What is to be translated, ready for JSON: for each text its key, the files and, where it has them, plural,
    context and comments."""
    return [
        {"key": key(message)}
        | ({"plural": message.id[1], "forms": texts.plural_forms} if message.pluralizable else {})
        | ({"context": message.context} if message.context else {})
        | ({"comments": message.auto_comments} if message.auto_comments else {})
        | {"files": sorted({file for file, _ in message.locations})}
        for texts in (updated(package, language) for package in PACKAGES)
        for message in messages(texts)
        if not is_translated(message)
    ]


def fill(language: str, given: Mapping[str, str | list[str]]) -> list[str]:
    """Updates the language's catalogs with these translations, by `key`. Returns a sentence for each that was not
    taken."""
    said, unknown = [], set(given)
    for package in PACKAGES:
        texts = updated(package, language)
        for message in messages(texts):
            unknown.discard(key(message))
            if given.get(key(message)):
                said += _take(message, given[key(message)], forms=texts.num_plurals)
        write(package, language, texts)
    return said + [f"{name!r} is nowhere in the code" for name in sorted(unknown)]


def _take(message: Message, given: str | list[str], *, forms: int) -> list[str]:
    old, message.string = message.string, given if isinstance(given, str) else tuple(given)
    if message.pluralizable == isinstance(given, str):
        wrong = [f"{key(message)!r} is {'a list of forms' if message.pluralizable else 'one text'}"]
    else:
        wrong = mistakes(message, forms=forms)
    if wrong:
        message.string = old
    return wrong
