"""The HTTP library that huggingface_hub uses: its exceptions are what is caught, its classes what is handed in.

From 2.0 on that is httpx2, before it was httpx. Libraries that want an older transformers (gliner) want an older
huggingface_hub too.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def library() -> Any:
    """The module httpx2 or httpx."""
    import huggingface_hub

    major = int(huggingface_hub.__version__.partition(".")[0])
    return import_module("httpx2" if major > 1 else "httpx")
