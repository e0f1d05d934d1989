"""Scenarios made from tables: each row is put to a real Postfix and to posttls-audit in the same world."""

from . import build, dane, levels, lookup, values

TABLES = (levels, values, dane, lookup)


def load():
    """(rows as scenarios, files for the folder ca/ by name)."""
    book = build.Book()
    for table in TABLES:
        table.add(book)
    return book.scenarios, book.files
