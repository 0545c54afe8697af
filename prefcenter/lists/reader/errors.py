"""Why a file can't be read as a table. `message` is the sentence that pages and commands show; it quotes no row."""


class TableError(ValueError):
    """The base of all of them. `details` fill the gaps of `message`."""

    message = "This file can’t be read as a list of people."

    def __init__(self, **details: str) -> None:
        super().__init__(self.message.format(**details))


class EmptyTableError(TableError):
    message = "This file is empty. It needs a line with column names and one line for each person."


class NotATableError(TableError):
    message = (
        "This file is neither a plain-text table nor JSON. If it is a spreadsheet, save it as CSV and use that file."
    )


class SheetTooLargeError(TableError):
    message = "This spreadsheet is too large. Save it as CSV and use that file."


class FormulaError(TableError):
    message = (
        "This spreadsheet contains formulas without saved results. Open it in a spreadsheet program and save it again, "
        "or save it as CSV."
    )


class ArchiveError(TableError):
    message = (
        "This is an archive with several files. Unpack it and use each file separately. Keep the file names: they may "
        "say what the files contain."
    )


class NoColumnNamesError(TableError):
    message = (
        "The first line of this file seems to be a person already. Add a line with column names above it. The column "
        "with the address can be called {expected}."
    )


class NoAddressColumnError(TableError):
    message = (
        "This file has no column called {expected}. Its columns are: {found}. Rename the column that contains the "
        "address."
    )
