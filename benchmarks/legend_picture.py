"""The picture of a marked legend, as `fewshot show RUN ID` prints it in a terminal: docs/images/legend.svg.

    python -m benchmarks.legend_picture docs/images/legend.svg

Runs the rules on the bundled corpus and shows one of its legends in a pseudo-terminal of 92 columns. A test makes the
picture again and compares it with the one that is kept.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

LEGEND = "10.5555/fewshot.test.0008/fig-4"
COLUMNS = 92
FEWSHOT = (sys.executable, "-m", "fewshot")


def shown(folder: Path) -> str:
    """Returns what a terminal is sent for the legend, escape sequences included; a run is made in the folder."""
    run = folder / "rules"
    subprocess.run([*FEWSHOT, "run", "--task", "ner", "--out", str(run)], check=True, capture_output=True)
    ours, its = os.openpty()
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "TERM": "xterm"}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen([*FEWSHOT, "show", str(run), LEGEND], stdout=its, env=environment) as process:
        os.close(its)
        sent = b""
        while process.poll() is None or sent.count(b"\n") == 0:
            sent += _read(ours)
        while rest := _read(ours):
            sent += rest
    os.close(ours)
    return sent.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux: the other side has hung up
        return b""


def drawn(sent: str) -> str:
    """Returns a terminal's content as SVG, without the web fonts that rich would name: a page needs no network."""
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(sent.rstrip()))
    picture = console.export_svg(title=f"fewshot show runs/rules {LEGEND}", unique_id="legend")
    return re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL).replace("Fira Code", "monospace")


def main() -> None:
    """Writes the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        args.out.write_text(drawn(shown(Path(folder))), "utf-8")


if __name__ == "__main__":
    main()
