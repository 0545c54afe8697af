"""Rows as CSV or XLSX that are safe to open in a spreadsheet, and the entry in the admin's log for each export.

A cell that would begin a formula is escaped (requirement S6), and in a CSV for people whatever may become such a cell
there. Whoever calls has checked the permission.
"""

import codecs
import csv
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import StringIO
from typing import IO, Any, TypeVar

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet
from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

M = TypeVar("M", bound=Model)
Row = Sequence[str]

#: Rows of a query.
BATCH = 2000
#: A sheet ends after 1,048,576 rows; what does not fit goes on the next one.
ROWS_PER_SHEET = 1_000_000
#: What begins a formula (OWASP, "CSV Injection"), also full-width, as a spreadsheet set to Japanese reads it.
BEGINS_A_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
# Set to another separator, as in most of Europe, a spreadsheet splits a CSV there, whatever the quotes say.
_AFTER_A_SEPARATOR = r"((?:^|[;|,\t])(?:[^\S\t]|\")*+)"
_BEGINS_A_FORMULA = re.compile(_AFTER_A_SEPARATOR + "(?=[-=+@＝＋－＠])")
_ESCAPED = re.compile(_AFTER_A_SEPARATOR + "'(?=[-=+@\t＝＋－＠])")


def safe(text: str) -> str:
    """The text, with an apostrophe before it if a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(BEGINS_A_FORMULA) else text


def unescaped(text: str) -> str:
    """The text that stands escaped in a cell of our CSV for people; its line breaks have become spaces."""
    return _ESCAPED.sub(r"\1", text) if "'" in text else text


def spellings(text: str) -> set[str]:
    """How this text may stand in a cell of our files for people, CSV or XLSX."""
    return {text.strip(), safe(text).strip(), _safe_however_split(text).strip()}


def csv_lines(header: Row, rows: Iterable[Row], *, is_for_people: bool = True) -> Iterator[bytes]:
    """The lines of a CSV in UTF-8, read from `rows` as they are asked for.

    is_for_people: with the byte order mark by which Excel recognises UTF-8, and escaped also for spreadsheets that
                   split it at another separator
    """
    escaped = _safe_however_split if is_for_people else safe
    yield (codecs.BOM_UTF8 if is_for_people else b"") + _csv_line(header)
    for row in rows:
        yield _csv_line(map(escaped, row))


def xlsx_file(header: Row, rows: Iterable[Row]) -> IO[bytes]:
    """An XLSX in a temporary file, ready to be read and to be closed by whoever sends it. Written row by row."""
    book = Workbook(write_only=True)
    for number, row in enumerate(rows):
        if number % ROWS_PER_SHEET == 0:
            sheet = book.create_sheet()
            sheet.append(_xlsx_row(header))
        sheet.append(_xlsx_row(row))
    if not book.worksheets:
        book.create_sheet().append(_xlsx_row(header))
    file = tempfile.TemporaryFile()  # noqa: SIM115  (whoever sends it closes it)
    book.save(file)
    file.seek(0)
    return file


def answer_csv(name: str, header: Row, rows: Iterable[Row], *, is_for_people: bool = True) -> HttpResponseBase:
    """A download that is streamed. `name`: of the file, without its suffix; for the rest see csv_lines."""
    return StreamingHttpResponse(
        csv_lines(header, rows, is_for_people=is_for_people),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def answer_xlsx(name: str, header: Row, rows: Iterable[Row]) -> HttpResponseBase:
    """A download; the file is written before the answer begins. `name`: of the file, without its suffix."""
    return FileResponse(xlsx_file(header, rows), as_attachment=True, filename=f"{name}.xlsx")


#: By the suffix that is asked for, what answers with such a file.
RESPONSES: dict[str, Callable[[str, Row, Iterable[Row]], HttpResponseBase]] = {"csv": answer_csv, "xlsx": answer_xlsx}


def batches(rows: QuerySet[M], *fields: str) -> Iterator[list[tuple[Any, ...]]]:
    """The key and these fields of every row, newest first, BATCH rows a query.

    A cursor held open during a download would keep SQLite from writing, and then an opt-out waits. Tuples, because a
    million objects take minutes.
    """
    rest = rows.prefetch_related(None).order_by("-pk").values_list("pk", *fields)
    batch = list(rest[:BATCH])
    while batch:
        yield batch
        batch = list(rest.filter(pk__lt=batch[-1][0])[:BATCH]) if len(batch) == BATCH else []


def log(user_id: int | None, model: type[Model], *, count: int, kind: str) -> None:
    """An entry in the admin's log for an export (requirement S6).

    user_id: whose export it was
    kind:    the format, such as "csv"
    """
    log_many(user_id, model, count=count, message=f"Exported {count} as {kind.upper()}.")


def log_many(user_id: int | None, model: type[Model], *, count: int, message: str) -> None:
    """One entry in the admin's log for what was done to many rows of a model. `message` holds no address."""
    LogEntry.objects.create(  # type: ignore[misc]  # None is nobody signed in, whom the database refuses
        user_id=user_id,
        content_type=ContentType.objects.get_for_model(model),
        object_repr=f"{count} {model._meta.verbose_name_plural}",
        action_flag=CHANGE,
        change_message=message,
    )


def _safe_however_split(text: str) -> str:
    return _BEGINS_A_FORMULA.sub(r"\1'", " ".join(safe(text).splitlines()))


def _csv_line(row: Iterable[str]) -> bytes:
    line = StringIO()
    csv.writer(line).writerow(row)
    return line.getvalue().encode()


def _xlsx_row(row: Row) -> list[Any]:
    """The cells, escaped, without the control characters that XML can't hold."""
    return [safe(ILLEGAL_CHARACTERS_RE.sub("", text)) for text in row]
