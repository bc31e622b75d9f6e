r"""What a page carries inside itself, so that it needs nothing else: data, compressed; styles and scripts, and the
policy that lets a browser obey these and nothing else.

    embedded({"id": "fig-1"})       'eNqrVspMUbJSSstM1zVUqgUAJF0EeA=='
    policy("body {}", "start();")   default-src 'none'; style-src 'sha256-…'; script-src 'sha256-…'; …

Data are zlib streams in base64: a thousand legends with six answers each repeat themselves, and no letter of a legend
is seen by the parser of HTML (no `</script>`, no U+2028, no comment). Browsers unpack them by `DecompressionStream`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from typing import Any


def embedded(value: Any) -> str:
    """Returns a JSON value as base64 of its zlib stream; half of a surrogate pair stays what it is.

    >>> unpacked(embedded({"id": "fig-1", "text": "</script>\\u2028\\ud800"}))
    {'id': 'fig-1', 'text': '</script>\\u2028\\ud800'}
    """
    # Everything outside ASCII is escaped: UTF-8 has no half surrogate pairs, and compressed it makes no difference.
    text = json.dumps(value, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode("ascii"), 9)).decode("ascii")


def unpacked(data: str) -> Any:
    """Returns the value of `embedded`, as a page's script does."""
    return json.loads(zlib.decompress(base64.b64decode(data)))


def policy(style: str, script: str) -> str:
    """Returns the Content-Security-Policy of a page with one style element and one script element.

    Nothing may be loaded, sent, framed or submitted; no other script runs, not even one in an attribute; and
    scripts cannot write HTML, because no policy of trusted types is allowed.
    """
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src '{_source(style)}'",
            f"script-src '{_source(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )


def _source(content: str) -> str:
    """The hash of an element's content, as a policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode("ascii")
