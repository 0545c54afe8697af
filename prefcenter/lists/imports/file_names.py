"""Whether the name of a file names a contact: by an address, by what stands before its @, or by a phone number."""

import re
import unicodedata
from collections.abc import Iterable

from unsubscribe.addresses import spellings

#: Letters: what is shorter has to be the whole name of the file ("jo"); what is so long is looked for within words too.
LEAST, LONG = 3, 8
#: How many digits at the end of a phone number name it.
LAST_DIGITS = 8
_APART = re.compile(r"[\W_]+")
_CAMEL = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])|(?<=[a-zß-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])")
_DIGITS = re.compile(r"\D")
_ENDING = re.compile(r"\.\w{1,5}\Z")


class PersonSpellings:
    """The spellings of one contact's addresses, normalised, on whatever channel."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self._words: set[str] = set()
        self._numbers: set[str] = set()
        for address in addresses:
            local, at, _ = address.rpartition("@")
            self._words |= {*map(_folded, (address, local, local.partition("+")[0]) if at else (address,))} - {""}
            if not at and len(digits := _DIGITS.sub("", address)) >= LAST_DIGITS:
                self._numbers.add(digits[-LAST_DIGITS:])

    def is_in(self, file_name: str) -> bool:
        """Whether a file's name names the contact: "ada.lovelace@…" is in "Ada Lovelace.csv", "ada" not in
        "Canada.csv"."""
        text, whole = f" {_folded(file_name)} ", _folded(_ENDING.sub("", file_name))
        digits = _DIGITS.sub("", file_name)
        return any(self._is(word, text, whole) for word in self._words) or any(one in digits for one in self._numbers)

    @staticmethod
    def _is(word: str, text: str, whole: str) -> bool:
        if len(word) < LEAST:
            return word == whole
        return f" {word} " in text or (len(word) >= LONG and word.replace(" ", "") in text.replace(" ", ""))


def _folded(text: str) -> str:
    """The words of a text in lower case, between single spaces; words end also before digits and capitals."""
    text = unicodedata.normalize("NFKC", spellings.seen(text))
    return _APART.sub(" ", _CAMEL.sub(" ", text)).strip().casefold()
