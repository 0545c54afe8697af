"""Why a table cannot be read at all. The docstring is the sentence that doors show; it quotes no row."""


class TableError(ValueError):
    """This file cannot be read as a table of people."""

    def __init__(self, **details: str) -> None:
        sentence = " ".join((type(self).__doc__ or "").split())
        super().__init__(sentence.format(**details))


class EmptyTableError(TableError):
    """This file is empty. A line of column names was expected, and then a line for each person."""


class NotATableError(TableError):
    """This file is not a table in plain text, nor JSON. If it is a spreadsheet, please save it as CSV and use that."""


class SheetTooLargeError(TableError):
    """This spreadsheet is too large to be read. Please save it as CSV and use that."""


class FormulaError(TableError):
    """This spreadsheet has formulas whose results are not in it. Please open it in a spreadsheet program, save it, and
    use that; or save it as CSV."""


class ArchiveError(TableError):
    """This is an archive of several files. Please unpack it, and use each of them under its own name, which may say
    what it holds."""


class NoColumnNamesError(TableError):
    """The first line of this file seems to hold a person already. Please put a line with the names of the
    columns before it; the column with the address can be called {expected}."""


class NoAddressColumnError(TableError):
    """No column of this file is called {expected}. Its columns are: {found}. Please rename the one that holds
    the address."""
