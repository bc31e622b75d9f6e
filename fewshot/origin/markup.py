"""XML, parsed so that nothing outside the file is read and no entity of its own is expanded."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from fewshot.errors import DataError
from fewshot.origin.opening import opened
from fewshot.text.visible import shortened

if TYPE_CHECKING:
    from lxml.etree import _Element

_QUOTED = 120


def root_of(path: str | os.PathLike[str]) -> _Element:
    """The root of a file, packed or not.

    Raises:
        DataError: it is not well-formed; says why, and on which line.
        OSError: it cannot be read.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        # A file that is open is read unchanged; one that is named libxml2 would unpack without a bound.
        with opened(os.fspath(path)) as file:
            return etree.parse(file, parser).getroot()
    except etree.XMLSyntaxError as error:
        message = shortened((error.msg or "empty").partition(", line")[0], _QUOTED)
        raise DataError(f"not well-formed XML: {message}", path=path, line=error.lineno or 1) from error


def line_of(element: _Element) -> int | None:
    """The line on which an element begins."""
    line = element.sourceline
    return line if isinstance(line, int) else None


def is_entity(element: _Element) -> bool:
    """Whether this is a reference to an entity (`&name;`), which is not expanded."""
    from lxml import etree

    return element.tag is etree.Entity
