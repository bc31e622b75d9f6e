"""`python -m finetune`, which `fewshot finetune` starts."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from fewshot.errors import FewshotError, MissingExtraError


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command line; returns the exit code."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        _need()
        from finetune.arguments import parse
        from finetune.run import run

        arguments, training, notices = parse(sys.argv[1:] if argv is None else argv)
        for line in notices:
            _say(line)
        return run(arguments, training, _say)
    except FewshotError as error:
        print(f"fewshot: {' '.join(str(error).split())}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("fewshot: stopped; the same command continues from the last checkpoint", file=sys.stderr)
        return 130


def _need() -> None:
    for name in ("torch", "transformers"):
        if find_spec(name) is None:
            raise MissingExtraError(f"{name}, which fine-tuning needs,", extra="local")
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


def _say(line: str) -> None:
    print(f"fewshot: {line}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
