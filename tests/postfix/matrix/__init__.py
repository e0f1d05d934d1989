"""Scenarios made from tables: each row is put to a real Postfix and to posttls-audit in the same world."""

from . import build, dane, dnsfaults, levels, lookup, parameters, routes, values

TABLES = (levels, values, dane, lookup, routes, dnsfaults, parameters)


def load():
    """(rows as scenarios, files for the folder ca/ by name)."""
    book = build.Book()
    for table in TABLES:
        table.add(book)
    return book.scenarios, book.files
