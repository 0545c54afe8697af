"""How long the figures of the admin's front page take on the configured database, beside a floor and each plan.

    python -m tests.benchmarks.figures [--days 365] [--runs 5] [--json FILE]

The floor is one SELECT count(*) over the ledger, in the same run: what the machine takes to look at every line once.
Fill the database first: `python -m tests.sample_data` writes a million events. It changes nothing.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prefcenter.settings")
django.setup()

from django.contrib.auth.models import AnonymousUser  # noqa: E402  (nothing of Django's can be imported before)
from django.db import connection  # noqa: E402
from django.template.loader import render_to_string  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from prefcenter.admin.overview import page  # noqa: E402
from prefcenter.admin.overview.form import DAYS, LookForm  # noqa: E402
from prefcenter.reports import Period, Selection, counts, health, rates, reasons  # noqa: E402
from unsubscribe.models import Category, ConsentEvent  # noqa: E402

Question = Callable[[Selection], object]

QUESTIONS: dict[str, Question] = {
    "floor: count(*) of the ledger": lambda selection: ConsentEvent.objects.count(),
    "wishes over time and by door": counts.count,
    "rates by category and campaign": lambda selection: rates.compare(selection, has_api_complaints=False),
    "complaints over time": lambda selection: rates.complaints_over_time(
        selection, [(step, 0) for step in selection.period.buckets]
    ),
    "reasons": reasons.rank,
    "outbox, from wish to confirmation": lambda selection: health.outbox(selection.period),
    "seals": lambda selection: health.seals(now=selection.period.now),
}


class _Everybody(AnonymousUser):
    """Somebody who may see all figures, and no row of the database."""

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return True


def whole_page(selection: Selection) -> object:
    """All figures and their templates, as the view puts them together; without the list of apps and the session."""
    look = LookForm(_query(selection), now=selection.period.now)
    figures = page.figures(_Everybody(), look.selection)
    context = {"look": look, "periods": DAYS} | figures
    return [
        render_to_string(f"admin/overview/{part}.html", context) for part in ("look", "wishes", "reasons", "health")
    ]


def _query(selection: Selection) -> Mapping[str, Any]:
    return {"first": selection.period.first, "last": selection.period.last, "category": selection.category_id or ""}


def measure(question: Question, selection: Selection, *, runs: int) -> dict[str, Any]:
    """Seconds on the clock, and the queries of one run with their plans."""
    question(selection)
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        question(selection)
        taken.append(time.perf_counter() - start)
    with CaptureQueriesContext(connection) as asked:
        question(selection)
    queries = [{"sql": _short(one["sql"]), "plan": _plan(one["sql"])} for one in asked.captured_queries]
    return {"best": min(taken), "median": statistics.median(taken), "queries": queries}


def _plan(sql: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{sql}")
        lines = [str(row[-1]) for row in cursor.fetchall()]
    # One subquery for each door, and all alike.
    return list(dict.fromkeys(line.strip() for line in lines if "SUBQUERY" not in line and "SubPlan" not in line))


def _short(sql: str) -> str:
    return sql if len(sql) < 400 else f"{sql[:200]} … {sql[-200:]}"


def main(arguments: argparse.Namespace) -> str:
    """What went wrong, or \"\"."""
    period = Period.latest(arguments.days, now=timezone.now())
    category = Category.objects.first() if ConsentEvent.objects.exists() else None
    if category is None:
        return "There is nothing to count here: please run 'python -m tests.sample_data' first."
    everything, narrowed = Selection(period), Selection(period, category.pk)
    found = {name: measure(question, everything, runs=arguments.runs) for name, question in QUESTIONS.items()}
    found["THE WHOLE PAGE"] = measure(whole_page, everything, runs=arguments.runs) | {"queries": []}
    found["the whole page, of one category"] = measure(whole_page, narrowed, runs=arguments.runs) | {"queries": []}
    report = {
        "database": f"{connection.vendor} {'.'.join(map(str, connection.get_database_version()))}",
        "events": ConsentEvent.objects.count(),
        "days": arguments.days,
        "load": os.getloadavg()[0],
        "figures": found,
    }
    _print(report)
    text = json.dumps(report, indent=1)
    if arguments.json:
        Path(arguments.json).write_text(text)
    else:
        _say(text)
    return ""


def _print(report: dict[str, Any]) -> None:
    about = "{database}, {events:,} events, the last {days} days, load {load:.1f}".format(**report)
    _say(f"{about}\n\n{'':40}{'best':>10}{'median':>10}{'floors':>8}")
    floor = next(iter(report["figures"].values()))["best"]
    for name, one in report["figures"].items():
        _say(f"{name:40}{one['best'] * 1000:>7.0f} ms{one['median'] * 1000:>7.0f} ms{one['best'] / floor:>8.1f}")
    for name, one in report["figures"].items():
        for query in one["queries"]:
            _say("\n    ".join([f"\n{name}\n  {query['sql']}", *query["plan"]]))
    _say("")


def _say(text: str) -> None:
    print(text)  # noqa: T201  (it is what the script is for)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=365, help="the period, ending today (365)")
    parser.add_argument("--runs", type=int, default=5, help="how often each question is asked (5)")
    parser.add_argument("--json", metavar="FILE", help="where the JSON goes; printed if not given")
    sys.exit(main(parser.parse_args()) or 0)
