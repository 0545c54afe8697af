"""How commands ask what a column means, and how they are answered: --column NAME --means "true=subscribed,…"."""

import shlex
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import CommandError

from prefcenter.lists.imports import ColumnAnswer, ColumnQuestion, NotUnderstood, wording
from prefcenter.lists.imports.columns import answers
from prefcenter.lists.imports.columns.answers import IGNORE, Meaning
from prefcenter.lists.imports.columns.questions import QuestionKind
from unsubscribe.addresses import redact

#: With which a command ends that has to ask first.
STATUS = 2
_HELP = (
    "what the values of that column mean: “true=subscribed,false=unsubscribed”, or "
    f"“filled=unsubscribed,empty=subscribed”, or “{IGNORE}” if it does not say who opted out"
)
_NOTHING_DONE = (
    "Nothing was imported. Please say what the values mean, as in the last line below each column: each is "
    f"{', '.join(Meaning)}. “empty” stands for cells without a value, “filled” for all that are not named. "
    f"--means {IGNORE} is for a column that does not say who opted out. What you say is kept once it is applied."
)
#: Of each kind: the question, and what its number counts.
_ASKED = {
    QuestionKind.ORDER: ("which comes first in its dates, such as {}?", "can be read in two ways"),
    QuestionKind.UNDATED: (
        "some of its dates cannot be read, such as {}. Shall these rows count as said now, as if there were no date?",
        "cannot be read as a date",
    ),
    QuestionKind.ADDRESSES: ("does it hold further addresses of the same people?", "with another address"),
}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--column", action="append", default=[], metavar="NAME", help="a column that was asked about")
    parser.add_argument("--means", action="append", default=[], metavar="MEANING", help=_HELP)


def said(options: dict[str, Any]) -> dict[str, ColumnAnswer]:
    """By the keys of the headings. Each --column goes with the --means in the same place."""
    columns, means = options["column"], options["means"]
    if len(columns) != len(means):
        raise CommandError("Please give each --column its --means, one after the other.")
    found: dict[str, ColumnAnswer] = {}
    for column, text in zip(columns, means, strict=True):
        if not answers.key(column):
            raise CommandError("A column without a name means nothing, and nothing can be said of it.")
        try:
            means = answers.parse(text)
        except NotUnderstood as error:
            raise CommandError(f"--means {shlex.quote(redact(text))}: {error}") from error
        before = found.setdefault(answers.key(column), means)
        if before.contradicts(means):
            raise CommandError(
                f"Column {shlex.quote(redact(column))} is given twice: please say in one --means what it means."
            )
        found[answers.key(column)] = before.with_more(means)
    return found


def in_words(questions: Iterable[ColumnQuestion]) -> str:
    return "\n".join([*(line for one in questions for line in _lines(one)), _NOTHING_DONE])


def not_known(question: ColumnQuestion) -> str:
    """In a line: a column that may say no, was not looked at for the answer."""
    values = ", ".join(f"{one.shown} ({wording.rows(one.rows)})" for one in question.open_values)
    return (
        f"Column “{question.heading}” may say who opted out; it is not known, and was not looked at. "
        f"Its values: {values}. Say what they mean:{_answer(question)[3:]}"
    )


def as_json(question: ColumnQuestion) -> dict[str, Any]:
    """For programs: what the values are, what they would mean, and how to answer."""
    values = [
        {"value": one.shown, "rows": one.rows, "means": one.means or None, "would_mean": one.would_mean or None}
        for one in question.values
    ]
    return {"column": question.heading, "values": values, "answer": _answer(question)}


def _lines(question: ColumnQuestion) -> list[str]:
    if question.choices:
        return [*_about(question), *(f"    or --means {shlex.quote(one)}" for one in question.choices[1:])]
    return [
        f"Column “{question.heading}” may say who opted out and who did not. What do its values mean?",
        *(f"{one.rows:>12,}  {one.shown}{_meaning(one.means, one.would_mean)}" for one in question.values),
        _answer(question),
    ]


def _about(question: ColumnQuestion) -> list[str]:
    """Of a question that one of a few words answers."""
    [example] = question.values
    asked, what = _ASKED[QuestionKind(question.kind)]
    said = f"Column “{question.heading}”: {asked.format(example.shown)}"
    return [said, f"{example.rows:>12,}  {what}", _answer(question)]


def _meaning(means: str, would_mean: str) -> str:
    if means:
        return f": means {means}"
    return f": would mean {would_mean}" if would_mean else ": ?"


def _answer(question: ColumnQuestion) -> str:
    return f"    --column {shlex.quote(question.heading.strip())} --means {shlex.quote(question.proposal)}"
