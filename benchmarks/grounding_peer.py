"""google/langextract's own aligner on the cases of `benchmarks/grounding.py`; runs in an environment of its own.

    PYTHON benchmarks/grounding_peer.py < cases.jsonl

Reads one case a line, `{"text", "names": [[name, label], …]}`; writes `{"spans": [[start, end] | null, …],
"seconds"}` for each, in order. No model is called: `Resolver.align` is what langextract does with a model's answer.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from importlib import import_module
from typing import Any

ROUNDS = 3
"""Of each case; the fastest counts."""


def main() -> None:
    """Aligns each case of standard input."""
    logging.disable(logging.CRITICAL)
    data: Any = import_module("langextract.data")
    resolver: Any = import_module("langextract.resolver").Resolver()
    for line in sys.stdin:
        case = json.loads(line)
        best = float("inf")
        for _ in range(ROUNDS):
            named = [data.Extraction(extraction_class=label, extraction_text=name) for name, label in case["names"]]
            began = time.thread_time()
            aligned = list(resolver.align(named, case["text"], token_offset=0, char_offset=0))
            best = min(best, time.thread_time() - began)
        places: dict[int, list[int]] = {}
        for one in aligned:
            interval = one.char_interval
            at = next(i for i, name in enumerate(named) if name is one)
            if interval is not None and interval.start_pos is not None:
                places[at] = [interval.start_pos, interval.end_pos]
        print(json.dumps({"spans": [places.get(i) for i in range(len(named))], "seconds": best}))


if __name__ == "__main__":
    main()
