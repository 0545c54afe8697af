"""Which field a caller probably meant by one that is not in the document."""

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Any

#: How much a field has to be like a known one (difflib, 0 to 1), and how many characters it may have, to count as a
#: typing error.
_ALIKE, _LONGEST = 0.8, 40


def sentence(field: str, *, within: str, known: Collection[str]) -> str:
    """For the caller: what was probably meant, else the fields there are. `field` is repeated only if it is a
    misspelling or a known field in the wrong place: anything else may be an address.

    field:  as it was sent
    within: the dotted name of the object it was in, "" for the body itself
    known:  the dotted names of all fields of the body
    """
    prefix = f"{within}." if within else ""
    here = [name.removeprefix(prefix) for name in known if name.startswith(prefix)]
    here = [name for name in here if "." not in name]
    is_short = len(field) <= _LONGEST and field.isidentifier()
    meant = [prefix + one for one in get_close_matches(field, here, n=1, cutoff=_ALIKE)] if is_short else []
    meant += [name for name in known if name.rpartition(".")[2] == field]
    if meant:
        return f"Unknown field “{field}”. Did you mean {meant[0]}?"
    return f"Unknown field. Known fields here: {', '.join(here)}."


def bodies(document: dict[str, Any]) -> list[tuple[str, re.Pattern[str], list[str]]]:
    """Of each operation in an OpenAPI document that has a JSON body: its method in capitals, its path, its fields."""
    return [
        (method.upper(), re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), list(_fields(document, _body(operation))))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "requestBody" in operation
    ]


def _body(operation: dict[str, Any]) -> Any:
    return operation["requestBody"]["content"]["application/json"]["schema"]


def _fields(document: dict[str, Any], schema: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted names of the fields; those of a list's items stand under the list's name."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for inner in (*schema.get("anyOf", ()), *schema.get("allOf", ()), *filter(None, [schema.get("items")])):
        yield from _fields(document, inner, prefix)
    for name, inner in schema.get("properties", {}).items():
        yield prefix + name
        yield from _fields(document, inner, f"{prefix}{name}.")
