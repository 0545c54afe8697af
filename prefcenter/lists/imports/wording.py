"""The outcomes of an import for people, on pages and on the terminal. `counts` is a Progress.figures throughout."""

from collections.abc import Mapping
from typing import Any

from prefcenter.models import ImportKind
from unsubscribe.actions import ImportStanding
from unsubscribe.choices import Source

from .progress import PASSED_OVER, TAKEN, UNPLACED

OUTCOMES = {
    ImportKind.OPT_OUTS: {
        "new": "New opt-outs",
        "domains": "New suppressed domains",
        "covered": "Contacts at these domains",
        "already": "Already recorded",
        "overtaken": "Resubscribed since: kept",
        "refused": "Refused",
        "invalid": "Invalid",
    },
    ImportKind.CONTACTS: {
        "new": "New contacts",
        "already": "Already known",
        "blocked": "Opted out: kept",
        "refused": "Refused",
        "invalid": "Invalid",
    },
}
#: Outcomes that are shown only where there are any.
_RARE = frozenset({"domains", "covered"})
_NOTHING_READ = "None of the lines in this file is valid, so nothing was imported."
_ALL_ELSEWHERE = (
    "All lines in this file are for another channel, so nothing was imported. Import the file again for that channel."
)
_ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with a byte order mark",
    "cp1252": "Latin-1 (Windows-1252)",
    "cp932": "Shift JIS",
    "xlsx": "Spreadsheet",
}


def figures(kind: ImportKind, counts: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """Key, label and number of each outcome that this kind of import shows."""
    found = [(name, label, counts.get(name, 0)) for name, label in OUTCOMES[kind].items()]
    return [one for one in found if one[2] or one[0] not in _RARE]


def in_words(kind: ImportKind, counts: Mapping[str, Any]) -> str:
    """The figures in one line: new opt-outs 12, already recorded 3, and so on."""
    return ", ".join(f"{label[:1].lower()}{label[1:]} {number:,}" for _, label, number in figures(kind, counts))


def lifts(standing: ImportStanding) -> list[tuple[str, int]]:
    """Label and number of what is lifted when an import is taken back; domains only where there are any."""
    always = [("Suppressions lifted", standing.suppressions), ("Category opt-outs lifted", standing.choices)]
    return [*always, ("Domain suppressions lifted", standing.domains)] if standing.domains else always


def said_again(standing: ImportStanding) -> list[tuple[str, int]]:
    """Why something stays when an import is taken back, with how often that is the reason."""
    return [(_why(how), number) for how, number in sorted(standing.said_again.items())]


def _why(how: str) -> str:
    if how == Source.IMPORT:
        return "Also in another import"
    source = dict(Source.choices).get(how, "unknown, or an import that can’t be taken back")
    return f"Recorded again since. Source: {source}"


def other_addresses(counts: Mapping[str, Any]) -> list[str]:
    """A sentence for each further column with addresses: whether it was used, and how many there are."""
    said = {
        TAKEN: "Column “{}” is used, too: it contains {}. An opt-out applies to the whole row.",
        PASSED_OVER: "Column “{}” is not used: it contains {}.",
    }
    return [said[key].format(name, _more(number)) for key in said for name, number in counts.get(key, {}).items()]


def _more(number: int) -> str:
    return f"{number:,} more address{'' if number == 1 else 'es'}"


def lost(counts: Mapping[str, Any]) -> list[str]:
    """What makes the command end with an error although it went through, a sentence each: noes that could not be
    placed, or a file of which nothing was imported. [] if there is nothing."""
    if found := counts.get(UNPLACED):
        return [_unplaced(number, why) for why, number in found.items()]
    said = {"invalid": _NOTHING_READ, "elsewhere": _ALL_ELSEWHERE}
    return [sentence for name, sentence in said.items() if counts.get(name, 0) == counts.get("rows", 0) > 0]


def _unplaced(number: int, why: str) -> str:
    return f"{rows(number)} with an opt-out could not be imported: {why}."


def encoding(name: str) -> str:
    """An encoding for people. `name`: as Python names it, or "xlsx"."""
    return _ENCODINGS.get(name, name.upper())


def rows(number: int) -> str:
    return f"{number:,} row{'' if number == 1 else 's'}"
