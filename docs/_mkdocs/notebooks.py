"""Notebooks of the site: executed when it is built, and without what their template loads from elsewhere.

mkdocs calls `on_startup` and `on_post_page` (`hooks:` in mkdocs.yml).
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

_DIAGRAMS = re.compile(
    r"<script type=\"module\">(?:(?!</script>).)*mermaid.*?<!-- End of mermaid configuration -->", re.S
)
"""What nbconvert puts into every page for diagrams, which it would load from a server: no page of ours has one."""


def on_startup(**_: Any) -> None:
    """Gives kernels settings of their own: they say nothing that is no error (this machine talks to itself)."""
    folder = Path(tempfile.mkdtemp(prefix="fewshot-docs-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    profile = folder / "profile_default"
    profile.mkdir()
    (profile / "ipython_kernel_config.py").write_text("c.IPKernelApp.log_level = 'ERROR'\n", "utf-8")
    os.environ["IPYTHONDIR"] = str(folder)


def on_post_page(output: str, **_: Any) -> str:
    """Returns a page without the loader of diagrams."""
    return _DIAGRAMS.sub("", output)
