"""`python -m fewshot.demo.synthesis` rewrites the bundled corpus, byte for byte."""

from fewshot import data
from fewshot.demo.synthesis import bundled


def main() -> None:
    """Writes `corpus/demo.jsonl`."""
    from fewshot.data import jsonl

    jsonl.WRITER.write(bundled(), data.DEMO)


if __name__ == "__main__":
    main()
