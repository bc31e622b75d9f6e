"""Progress and notices where Python is typed: a bar on a terminal and in a notebook, warnings for what must be said.

with listener("asking", None) as told:      # in a script whose output goes to a file: told is None
    running.run("ner", listen=told)
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from fewshot.engine import Progress
from fewshot.errors import FewshotWarning
from fewshot.experiment.answers import Listener

_OURS = __name__.partition(".")[0]


@contextmanager
def listener(what: str, listen: Listener | None, *, shown: bool | None = None) -> Iterator[Listener | None]:
    """Gives the listener of a run: the caller's own, a bar, or both.

    Args:
        what: What is done, in a word.
        listen: The caller's.
        shown: Whether there is a bar. Default: if somebody looks and the caller does not listen.
    """
    if shown is None:
        shown = listen is None and _somebody_looks()
    if not shown:
        yield listen
        return
    # tqdm's plain bar rewrites its line in a notebook as on a terminal, and needs no widgets there. What we import
    # (huggingface_hub) loads the bar that does, which then asks the user to install them.
    from tqdm.std import TqdmWarning, tqdm

    warnings.filterwarnings("ignore", "IProgress not found", TqdmWarning)

    with tqdm(desc=what, unit=" legends", leave=False, dynamic_ncols=True, mininterval=0) as bar:

        def show(now: Progress) -> None:
            bar.total = now.total
            bar.set_postfix_str(_more(now), refresh=False)
            bar.update(now.done - bar.n)
            if listen is not None:
                listen(now)

        yield show


def warn(notices: Iterable[str]) -> None:
    """Says each notice once, as a warning at the line that called the package."""
    for notice in dict.fromkeys(notices):
        warnings.warn(notice, FewshotWarning, stacklevel=_level())


def _more(now: Progress) -> str:
    """What a bar says beside the numbers: what failed, what it has cost."""
    parts = [f"{now.failed} failed"] if now.failed else []
    parts += [f"${now.cost:,.4f}"] if now.cost else []
    return ", ".join([*parts, *([now.waiting] if now.waiting else [])])


def _somebody_looks() -> bool:
    """Whether output is read while it is written: a terminal, or a notebook."""
    return sys.stderr.isatty() or in_notebook()


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook; IPython is asked only if it is loaded."""
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    return shell is not None and hasattr(shell, "kernel")


def _level() -> int:
    """How far up the stack the caller of the package is, as `warnings.warn` counts in the function that calls this."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _OURS:
        frame, level = frame.f_back, level + 1
    return level
