"""Addresses that a request names itself, such as where to go on to."""


def own_address(text: str) -> str:
    """`text` where it is an address within our own pages, else nothing."""
    plain = text.isascii() and text.isprintable() and "\\" not in text
    return text if plain and text.startswith("/") and not text.startswith("//") else ""
