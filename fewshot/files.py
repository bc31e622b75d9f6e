"""Where the package lies, and how files are written: whole, or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent
"""The folder of the installed package."""

CORPUS = PACKAGE / "corpus"
"""The bundled corpus, recorded answers and tiny weights."""

_encode = json.JSONEncoder(ensure_ascii=False).encode


def encoded(row: Mapping[str, Any]) -> str:
    r"""A row as one line of JSON, letters as they are. Half a surrogate pair, which UTF-8 cannot carry (JSON's escapes
    smuggle it in), is escaped, with all the rest of its line.

    >>> encoded({"text": "é"}), encoded({"text": "é\ud83d"})
    ('{"text": "é"}', '{"text": "\\u00e9\\ud83d"}')
    """
    text = _encode(row)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(row)
    return text
