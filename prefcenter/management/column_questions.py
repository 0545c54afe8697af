"""How commands ask what a column means (law 13), and how they are answered: --column NAME --means
"true=subscribed,…"."""

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

#: The exit status of a command that has to ask first.
STATUS = 2
_HELP = (
    "what the values of that column mean: “true=subscribed,false=unsubscribed”, or "
    f"“filled=unsubscribed,empty=subscribed”, or “{IGNORE}” if it doesn’t say who opted out"
)
_NOTHING_DONE = (
    "Nothing was imported. Say what the values mean, as in the last line below each column. Meanings: "
    f"{', '.join(Meaning)}. “empty” stands for cells without a value, “filled” for all other values. "
    f"Use --means {IGNORE} for a column that doesn’t say who opted out. Answers are remembered once you use --apply."
)
#: By the kind: the question, and what its number counts.
_ASKED = {
    QuestionKind.ORDER: ("what comes first in dates like {}?", "with a date that can be read in two ways"),
    QuestionKind.UNDATED: (
        "some values aren’t dates, like {}. Use the time of the import for these rows, as if they had no date?",
        "with a value that isn’t a date",
    ),
    QuestionKind.ADDRESSES: ("does it contain more addresses of the same people?", "with another address"),
}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--column", action="append", default=[], metavar="NAME", help="the column to answer about")
    parser.add_argument("--means", action="append", default=[], metavar="MEANING", help=_HELP)


def said(options: dict[str, Any]) -> dict[str, ColumnAnswer]:
    """The answers in the options, by answers.key of the heading; each --column goes with the --means in the same place.
    Raises CommandError for what is not understood or contradicts itself."""
    columns, means = options["column"], options["means"]
    if len(columns) != len(means):
        raise CommandError("Each --column needs its own --means after it.")
    found: dict[str, ColumnAnswer] = {}
    for column, text in zip(columns, means, strict=True):
        if not answers.key(column):
            raise CommandError("A column without a name can’t be given a meaning.")
        try:
            means = answers.parse(text)
        except NotUnderstood as error:
            raise CommandError(f"--means {shlex.quote(redact(text))}: {error}") from error
        before = found.setdefault(answers.key(column), means)
        if before.contradicts(means):
            raise CommandError(f"Column {shlex.quote(redact(column))} is given twice. Use one --means for each column.")
        found[answers.key(column)] = before.with_more(means)
    return found


def in_words(questions: Iterable[ColumnQuestion]) -> str:
    """The questions for people, with how to answer each."""
    return "\n".join([*(line for one in questions for line in _lines(one)), _NOTHING_DONE])


def not_known(question: ColumnQuestion) -> str:
    """In one line, that a column which may say who opted out was not used, and how to say what it means."""
    values = ", ".join(f"{one.shown} ({wording.rows(one.rows)})" for one in question.open_values)
    return (
        f"Column “{question.heading}” may say who opted out, but its values aren’t recognised and it was not used. "
        f"Values: {values}. Say what they mean:{_answer(question)[3:]}"
    )


def as_json(question: ColumnQuestion) -> dict[str, Any]:
    """A question for programs: `values` with their rows and meanings, and the arguments that would answer it."""
    values = [
        {"value": one.shown, "rows": one.rows, "means": one.means or None, "would_mean": one.would_mean or None}
        for one in question.values
    ]
    return {"column": question.heading, "values": values, "answer": _answer(question)}


def _lines(question: ColumnQuestion) -> list[str]:
    if question.choices:
        return [*_about(question), *(f"    or --means {shlex.quote(one)}" for one in question.choices[1:])]
    return [
        f"Column “{question.heading}” may say who opted out and who didn’t. What do its values mean?",
        *(f"{one.rows:>12,}  {one.shown}{_meaning(one.means, one.would_mean)}" for one in question.values),
        _answer(question),
    ]


def _about(question: ColumnQuestion) -> list[str]:
    """The lines for a question that is answered by one of a few words."""
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
