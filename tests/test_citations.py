"""Every requirement, law and document that code, tests, templates and documents cite is in docs/ for all to read."""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS, DECISIONS = ROOT / "docs" / "requirements.md", ROOT / "docs" / "decisions"
RECORDS = sorted(DECISIONS.glob("*.md"))

_SEPARATOR = r"(?:,\s+and\s+|,\s+|\s+and\s+|\s+or\s+|\s+to\s+)"
#: Of the families there are, wherever it stands; after the word "requirement" of any, so that a slip is found as well.
_ID = r"[BCEHIMPS][1-9][0-9]?"
_ANY_ID = r"[A-Z]{1,2}[0-9]{1,3}"
_BARE_IDS = re.compile(rf"(?<![\w.&#/+-]){_ID}(?:{_SEPARATOR}{_ID})*(?!\w|[.-]\w)")
_IDS = re.compile(rf"\b[Rr]equirements?\s+({_ANY_ID}\b(?:{_SEPARATOR}{_ANY_ID}\b)*)")
_LAWS = re.compile(rf"\b[Ll]aws?\s+(\d+\b(?:{_SEPARATOR}\d+\b)*)")
#: What every citation has. Files without it are not parsed, which would take most of the time.
_HINT = re.compile(rf"\b{_ID}\b|equirement|[Ll]aws?\s|def test_[a-z]\d|docs/|(?i:design)")
_DOCUMENTS = re.compile(r"(?<![\w/.-])docs/[\w./-]*\w")


class Citation(NamedTuple):
    """`name` as it is cited: E7, law 7, docs/proof.md. `line` counts from 1 in the text it was found in."""

    line: int
    name: str


def citations(prose: str, *, first_line: int = 1) -> list[Citation]:
    """What `prose` cites, in its order and each once a line. Ranges ("H1 to H3") are written out."""
    found = [(match.start(), name) for match in _BARE_IDS.finditer(prose) for name in _each(match[0])]
    found += [(match.start(1), name) for match in _IDS.finditer(prose) for name in _each(match[1])]
    found += [(match.start(), f"law {name}") for match in _LAWS.finditer(prose) for name in _each(match[1])]
    found += [(match.start(), match[0]) for match in _DOCUMENTS.finditer(prose)]
    found.sort(key=lambda one: one[0])
    return list(dict.fromkeys(Citation(first_line + prose.count("\n", 0, at), name) for at, name in found))


def _each(said: str) -> Iterator[str]:
    """The names in "H1, H2 and H4" or "7 to 9"."""
    parts = re.split(rf"({_SEPARATOR})", said)
    for index in range(0, len(parts), 2):
        before = parts[index - 2] if index and parts[index - 1].strip() == "to" else ""
        if before.rstrip("0123456789") == (family := parts[index].rstrip("0123456789")) and before:
            numbers = range(int(before.removeprefix(family)) + 1, int(parts[index].removeprefix(family)))
            yield from (f"{family}{number}" for number in numbers)
        yield parts[index]


def prose_of_python(source: str) -> Iterator[tuple[int, str]]:
    """Docstrings, comments that stand below each other as one text, and what the names of tests begin with
    (`test_e7_…`); each with the number of its first line."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and (ids := re.match(r"test_((?:[a-z][1-9]\d?_)+)", node.name)):
            yield node.lineno, "requirements " + ", ".join(ids[1].strip("_").upper().split("_"))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, "\n".join(lines[node.lineno - 1 : node.end_lineno])
    block: list[str] = []
    last = (0, -1)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        if block and token.start != (last[0] + 1, last[1]):
            yield last[0] - len(block) + 1, "\n".join(block)
            block = []
        block.append(token.string.lstrip("#: "))
        last = token.start
    if block:
        yield last[0] - len(block) + 1, "\n".join(block)


def prose_of_markdown(text: str) -> str:
    """Without what stands in backticks; the lines keep their numbers."""
    return re.sub(r"(?ms)^```.*?^```|`[^`\n]+`", lambda match: "\n" * match[0].count("\n"), text)


def prose_of_templates(text: str) -> Iterator[tuple[int, str]]:
    """The comments of Django and of HTML: what people are shown cites nothing."""
    comment = r"(?s)\{#.*?#\}|\{% comment\b.*?endcomment %\}|<!--.*?-->"
    yield from ((1 + text.count("\n", 0, match.start()), match[0]) for match in re.finditer(comment, text))


@cache
def python_files() -> dict[str, list[tuple[int, str]]]:
    """The prose of each, which two tests read."""
    files = [path for folder in ("unsubscribe", "prefcenter", "tests") for path in (ROOT / folder).rglob("*.py")]
    texts = {path.relative_to(ROOT).as_posix(): path.read_text() for path in sorted(files)}
    return {path: list(prose_of_python(text)) for path, text in texts.items() if _HINT.search(text)}


@cache
def everything_cited() -> list[tuple[str, Citation]]:
    prose = dict(python_files())
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        prose[path.relative_to(ROOT).as_posix()] = [(1, prose_of_markdown(path.read_text()))]
    for path in (ROOT / "templates").rglob("*.*"):
        prose[path.relative_to(ROOT).as_posix()] = list(prose_of_templates(path.read_text()))
    return [
        (path, one) for path, parts in prose.items() for line, text in parts for one in citations(text, first_line=line)
    ]


@cache
def requirements() -> list[str]:
    return re.findall(rf"(?m)^\| ({_ANY_ID}) \|", REQUIREMENTS.read_text())


@cache
def laws() -> list[int]:
    return [int(path.name.split("-")[1]) for path in RECORDS if path.name.startswith("law-")]


def is_there(name: str) -> bool:
    if name.startswith("law "):
        return int(name.removeprefix("law ")) in laws()
    return (ROOT / name).exists() if name.startswith("docs/") else name in requirements()


def test_whatever_is_cited_is_there() -> None:
    missing = [f"{path}:{one.line}: {one.name}" for path, one in everything_cited() if not is_there(one.name)]
    assert not missing, "cited, and not to be found in docs/:\n" + "\n".join(missing)


@pytest.mark.parametrize(("kind", "at_least"), [(_ID, 150), (r"law \d+", 50), (r"docs/.*", 3)])
def test_the_code_and_its_tests_cite_a_good_number_of_each_kind(kind: str, at_least: int) -> None:
    """A finder that finds nothing would find nothing wrong."""
    cited = [one for path, one in everything_cited() if path.endswith(".py") and re.fullmatch(kind, one.name)]
    assert len(cited) >= at_least


def test_nothing_cites_a_page_that_only_its_author_has() -> None:
    known = re.compile(r"(?i)\bdesign(?:'s)? (?:laws?|sections?|page|\d)|\bdesign\.md\b")
    texts = ((path, line, text) for path, parts in python_files().items() for line, text in parts)
    found = [f"{path}:{line}" for path, line, text in texts if known.search(text)]
    assert not found, "\n".join(found)


def points() -> Iterable[tuple[Path, str]]:
    """What the message check calls its points: texts in the code that are an id and nothing else."""
    for path in (ROOT / "prefcenter").rglob("*.py"):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)) if re.search(rf"\"{_ID}\"", text) else ():
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(_ID, node.value):
                yield path, node.value


def test_every_point_of_the_message_check_is_a_requirement() -> None:
    found = list(points())
    assert len({name for _, name in found}) >= 14
    assert [f"{path}: {name}" for path, name in found if name not in requirements()] == []


def test_no_requirement_is_there_twice_and_each_family_counts_from_one() -> None:
    families: dict[str, list[int]] = {}
    for name in requirements():
        families.setdefault(name[0], []).append(int(name[1:]))
    assert {
        family: numbers for family, numbers in families.items() if numbers != list(range(1, len(numbers) + 1))
    } == {}
    assert set(families) == set("BCEHIMPS")


def test_every_requirement_says_what_is_asked_and_by_whom() -> None:
    rows = re.findall(rf"(?m)^\| {_ANY_ID} \| (.*) \|$", REQUIREMENTS.read_text())
    assert len(rows) == len(requirements())
    assert [row for row in rows if len([cell for cell in row.split(" | ") if len(cell) > 3]) != 2] == []


def test_the_laws_count_from_one_and_say_their_number() -> None:
    assert laws() == list(range(1, len(laws()) + 1))
    headings = [path.read_text().partition(":")[0] for path in RECORDS if path.name.startswith("law-")]
    assert headings == [f"# Law {number}" for number in laws()]


@pytest.mark.parametrize("record", [path for path in RECORDS if path.name != "README.md"], ids=lambda path: path.stem)
def test_a_record_has_its_three_parts_and_where_it_is_carried_out(record: Path) -> None:
    parts = re.findall(r"(?m)^\*\*(\w+)\.\*\*", record.read_text())
    assert parts[:3] == ["Context", "Decision", "Consequences"]
    assert parts[3:] in ([], ["Where"])
    assert 10 <= len(record.read_text().splitlines()) <= 30


def test_the_index_of_the_decisions_lists_each_under_its_own_title() -> None:
    listed = dict(re.findall(r"(?m)^- \[(.+)\]\((.+)\)$", (DECISIONS / "README.md").read_text()))
    titled = {path.read_text().splitlines()[0].removeprefix("# "): path.name for path in RECORDS}
    titled.pop("Decisions")
    assert listed == titled


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_every_link_in_a_record_leads_somewhere(record: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#\s]+)", record.read_text())
    assert [target for target in targets if not (record.parent / target).is_file()] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(requirement E7)", ["E7"]),
        ("Requirements H1 and H2.", ["H1", "H2"]),
        ("requirements H1, H2, and H4", ["H1", "H2", "H4"]),
        ("against requirements H1 to H4", ["H1", "H2", "H3", "H4"]),
        ("requirements E9 to E11 and C1", ["E9", "E10", "E11", "C1"]),
        ("requirement E13's headers", ["E13"]),
        ("the one-click\nrequirement\nE2", ["E2"]),
        ("requirement X1, and requirements H1 and Q22", ["X1", "H1", "Q22"]),
        ("(E3, E4); it follows no redirect", ["E3", "E4"]),
        ("E12: looks are counted. H7 reports it.", ["E12", "H7"]),
        ("a requirement that H10 has", ["H10"]),
        ("(law 7)", ["law 7"]),
        ("laws 8 and 11", ["law 8", "law 11"]),
        ("Laws 3 to 5, and law 12", ["law 3", "law 4", "law 5", "law 12"]),
        ("(law 6, requirement P8)", ["law 6", "P8"]),
        ("law\n99", ["law 99"]),
        ("see docs/decisions/token-format.md.", ["docs/decisions/token-format.md"]),
        ("in docs/decisions, or docs/nowhere.md", ["docs/decisions", "docs/nowhere.md"]),
        ("a law, two laws, 7 laws and lawn 7; requirements of the house", []),
        ("UTF-16, SHA-256, P-256, S3-like, E.164, h1, B2B, H0, xE7, &E7, H1.5, B123, 8 E7x", []),
        ("https://example.com/docs/page and mydocs/page", []),
    ],
)
def test_what_is_found_in_a_text(text: str, found: list[str]) -> None:
    assert [one.name for one in citations(text)] == found


def test_a_citation_is_found_on_its_line_in_docstrings_comments_and_names_of_tests_alone() -> None:
    source = '''"""A module.

It is about requirement E7.
"""
NAME = "requirement E8"  # law 1


def verb() -> None:
    """Law 2."""
    # Of laws 3
    # and 4, and
    print("law 5")  #: E9
    #: H1


class Case:
    def test_p4_p8_and_more(self) -> None: ...


#: H2
'''
    found = [one for line, text in prose_of_python(source) for one in citations(text, first_line=line)]
    assert sorted(found) == [
        (3, "E7"),
        (5, "law 1"),
        (9, "law 2"),
        (10, "law 3"),
        (10, "law 4"),
        (12, "E9"),
        (13, "H1"),
        (17, "P4"),
        (17, "P8"),
        (20, "H2"),
    ]


def test_of_a_template_the_comments_count_and_the_shapes_do_not() -> None:
    text = (
        """<path d="M25 1"/>\n{# requirement E7 #}\n{% comment "why" %}\nlaw 4\n{% endcomment %}<!-- H8 --><p>E1</p>"""
    )
    found = [one for line, prose in prose_of_templates(text) for one in citations(prose, first_line=line)]
    assert found == [(2, "E7"), (4, "law 4"), (5, "H8")]


def test_what_stands_in_backticks_is_no_citation() -> None:
    text = "E1 and `E2`\n```\nlaw 3\n```\nlaw 4\n"
    assert citations(prose_of_markdown(text)) == [(1, "E1"), (5, "law 4")]
