"""A text as it is compared: quotes, dashes, compatibility characters and case make no difference.

>>> fold("‘IFN–γ’") == fold("'ifn-γ'")
True
"""

from __future__ import annotations

import unicodedata

SIGNS = str.maketrans(
    dict.fromkeys("‐‑‒–—―−", "-") | dict.fromkeys("‘’‚′`´", "'") | dict.fromkeys("“”„″", '"') | {"µ": "μ", "∆": "Δ"}
)


def fold(text: str) -> str:
    """NFKC, plain quotes and dashes, lower case."""
    if text.isascii():
        return text.lower().replace("`", "'")
    return unicodedata.normalize("NFKC", text.translate(SIGNS)).translate(SIGNS).lower()
