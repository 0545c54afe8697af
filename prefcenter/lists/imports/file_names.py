"""Whether the name of a file names a person: by an address, by what stands before its @, or by a number."""

import re
import unicodedata
from collections.abc import Iterable

from unsubscribe.addresses import spellings

#: A shorter one is a word of many a name ("a", "jo"); one so long is looked for within words, too.
LEAST, LONG = 3, 8
#: So many digits at the end of a phone number name it, with or without what stands before them.
LAST_DIGITS = 8
_APART = re.compile(r"[\W_]+")
_CAMEL = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])|(?<=[a-zß-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])")
_DIGITS = re.compile(r"\D")
_ENDING = re.compile(r"\.\w{1,5}\Z")


class PersonSpellings:
    """The addresses of one person, on whatever channel."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self._words: set[str] = set()
        self._numbers: set[str] = set()
        for address in addresses:
            local, at, _ = address.rpartition("@")
            self._words |= {*map(_folded, (address, local, local.partition("+")[0]) if at else (address,))} - {""}
            if not at and len(digits := _DIGITS.sub("", address)) >= LAST_DIGITS:
                self._numbers.add(digits[-LAST_DIGITS:])

    def is_in(self, file_name: str) -> bool:
        """In any spelling: "ada.lovelace@…" is in "Ada Lovelace.csv", "ada" is not in "Canada.csv"."""
        text, whole = f" {_folded(file_name)} ", _folded(_ENDING.sub("", file_name))
        digits = _DIGITS.sub("", file_name)
        return any(self._is(word, text, whole) for word in self._words) or any(one in digits for one in self._numbers)

    @staticmethod
    def _is(word: str, text: str, whole: str) -> bool:
        if len(word) < LEAST:
            return word == whole
        return f" {word} " in text or (len(word) >= LONG and word.replace(" ", "") in text.replace(" ", ""))


def _folded(text: str) -> str:
    """Its words, in lower case, with a space between them; also where letters meet digits, and before a capital."""
    text = unicodedata.normalize("NFKC", spellings.seen(text))
    return _APART.sub(" ", _CAMEL.sub(" ", text)).strip().casefold()
