"""`python -m finetune`, which `fewshot finetune` starts."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from fewshot.cli import _arguments, _terminal
from fewshot.errors import FewshotError, MissingExtraError


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command line; returns the exit code."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    _terminal.prepare()
    argv = [*(sys.argv[1:] if argv is None else argv)]
    try:
        _arguments.check(argv)
        _need()
        from finetune import parent
        from finetune.arguments import parse
        from finetune.run import run

        parent.watch()

        arguments, training, notices = parse(argv)
        for line in notices:
            _terminal.message(line)
        return run(arguments, training, _terminal.message)
    except FewshotError as error:
        _terminal.fail(error)
        return error.exit_code
    except KeyboardInterrupt:
        _terminal.message("stopped; the same command continues from the last checkpoint")
        return 130


def _need() -> None:
    for name in ("torch", "transformers"):
        if find_spec(name) is None:
            raise MissingExtraError(f"{name}, which fine-tuning needs,", extra="local")
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


if __name__ == "__main__":
    sys.exit(main())
