"""Why a table cannot be read at all. The docstring is the sentence that doors show; it quotes no row."""


class TableError(ValueError):
    """This file can’t be read as a list of people."""

    def __init__(self, **details: str) -> None:
        sentence = " ".join((type(self).__doc__ or "").split())
        super().__init__(sentence.format(**details))


class EmptyTableError(TableError):
    """This file is empty. It needs a line with column names and one line for each person."""


class NotATableError(TableError):
    """This file is neither a plain-text table nor JSON. If it is a spreadsheet, save it as CSV and use that file."""


class SheetTooLargeError(TableError):
    """This spreadsheet is too large. Save it as CSV and use that file."""


class FormulaError(TableError):
    """This spreadsheet contains formulas without saved results. Open it in a spreadsheet program and save it again, or
    save it as CSV."""


class ArchiveError(TableError):
    """This is an archive with several files. Unpack it and use each file separately. Keep the file names: they may say
    what the files contain."""


class NoColumnNamesError(TableError):
    """The first line of this file seems to be a person already. Add a line with column names above it. The column with
    the address can be called {expected}."""


class NoAddressColumnError(TableError):
    """This file has no column called {expected}. Its columns are: {found}. Rename the column that contains the
    address."""
