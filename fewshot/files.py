r"""How files are written and read: whole or not at all, JSON one row a line, one canonical form and its digest.

    write("table.md", table, error=RunFolderError)             the old file, or the new one, never half of it
    for number, row in json_objects(lines(path), path): …      bad.jsonl:7: not a JSON object: …
    digest({"b": "é", "a": 1})                                 SHA-256 of '{"a":1,"b":"é"}'

JSON can carry half of a surrogate pair (`"\ud83d"`), UTF-8 cannot. One rule holds wherever this module encodes JSON:
letters are written as they are, and a row that holds half of a pair is escaped whole (`\u00e9` for é too).
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from math import isinf
from pathlib import Path
from typing import Any, NoReturn, TextIO, TypeAlias

from fewshot.errors import DataError, FewshotError, InputError

PACKAGE = Path(__file__).parent
"""The folder of the installed package."""

CORPUS = PACKAGE / "corpus"
"""The bundled corpus, recorded answers and tiny weights."""

LEFTOVER = re.compile(r"\.[0-9a-f]{8}\.part|\.[a-z]+\.(?:toml|jsonl|json)\.new|responses\.jsonl\.lock")
"""Names of files that a run of ours leaves behind if it is killed while it writes (`.new`: before 0.2.0)."""
MOST_BYTES = "FEWSHOT_MOST_BYTES"
"""The environment variable that raises, or lowers, the bounds on data."""
LONGEST_LINE = 1 << 26
"""Bytes of a line, 64 MiB: the longest legends have 10 kB, the longest recorded prompts some 100 kB."""
_LONGEST_PATH = 160  # characters of a path in a message
_DIGITS = 19  # more bytes than 64-bit systems can count

_BOM = "\ufeff"
_HINT = "each line must be one JSON object"
_COMPACT: dict[str, Any] = {"sort_keys": True, "separators": (",", ":")}

# Letters as they are; everything outside ASCII escaped. Made once: `json.dumps` makes an encoder at every call.
_LINE = json.JSONEncoder(ensure_ascii=False), json.JSONEncoder()
_CANONICAL = json.JSONEncoder(ensure_ascii=False, **_COMPACT), json.JSONEncoder(**_COMPACT)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """The path to write to, so that a file appears whole or not at all: a temporary file in the same folder, which
    replaces `path` at the end and is removed after an exception. What is not a plain file (a link, a pipe,
    /dev/stdout) is written as it is, since replacing it would destroy it.

        with whole(path) as part:
            part.write_bytes(…)

    Raises:
        OSError: the file cannot be made or moved to its place.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        yield path
        return
    # Two processes may write the same file: each has a temporary file of its own, and the last one to end wins.
    part = path.with_name(f".{os.urandom(4).hex()}.part")
    # Made here, and only if it is not there: a folder from someone else may hold a link under any name.
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
    try:
        yield part
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def write(path: str | Path, content: str | bytes, *, error: type[FewshotError]) -> None:
    """Writes a file whole or not at all (`whole`); text as UTF-8, line ends as they are.

    Raises:
        error: `cannot write PATH: REASON`.
    """
    path = Path(path)
    try:
        with whole(path) as part:
            if isinstance(content, bytes):
                part.write_bytes(content)
            else:
                part.write_text(content, "utf-8", newline="\n")
    except OSError as cause:
        raise error(f"cannot write {path}: {cause.strerror or cause}") from None
    except UnicodeEncodeError as cause:
        half = f"\\u{ord(cause.object[cause.start]):x}"
        raise error(f"cannot write {path}: half of a surrogate pair ({half}) cannot be written as UTF-8") from None


def exists(path: str | Path, *, error: type[FewshotError] = InputError) -> bool:
    """Whether something lies at a path.

    Raises:
        error: it may not be looked at: no permission, or a name that is too long.
    """
    try:
        return Path(path).exists()
    except OSError as cause:
        raise error(f"{str(path)[:_LONGEST_PATH]}: cannot be read ({cause.strerror or cause})") from None


def lines(path: str | Path) -> Iterator[str]:
    """The lines of a UTF-8 text file with their ends; a byte order mark is dropped.

    Raises:
        DataError: a line that is not UTF-8.
        OSError: the file cannot be read.
    """
    with Path(path).open("rb") as file:
        yield from decoded(file, path)


def most_bytes(usual: int, variable: str = MOST_BYTES) -> int:
    """How many bytes are read of what could be without end: `usual`, or what an environment variable says.

    Raises:
        InputError: the variable holds no number.
    """
    said = os.environ.get(variable) or str(usual)
    if not (said.isdecimal() and len(said) < _DIGITS):
        raise InputError(f"{variable} must be a number of bytes, not {said[:40]!r}")
    return int(said)


Refuse: TypeAlias = Callable[[DataError], None]
"""What is told of a line that cannot be used: it raises the error, or notes it, and the next line is read."""


def _raise(error: DataError) -> None:
    raise error


def decoded(raw: Iterable[bytes], name: str | Path, refuse: Refuse = _raise) -> Iterator[str]:
    """Lines of bytes as text; a byte order mark is dropped. `name`: of the file, for errors; `refuse`: is told of lines
    that cannot be used; a line that it has noted is read as a blank one, so that lines can still be counted.

    Raises:
        DataError: a line that is not UTF-8, or longer than `LONGEST_LINE` (see `most_bytes`).
    """
    for number, line in enumerate(_bounded(raw, name, refuse), 1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            said = f"not UTF-8 (byte 0x{line[error.start]:02x} at position {error.start + 1} of the line)"
            refuse(DataError(said, path=name, line=number, hint="save the file as UTF-8"))
            yield "\n"


def json_values(lines: Iterable[str], name: str | Path, refuse: Refuse = _raise) -> Iterator[tuple[int, object]]:
    """`(line number from 1, JSON value)` of every line that is not blank. `name`: of the file, for errors; `refuse`: is
    told of lines that cannot be used.

    Raises:
        DataError: a line that is not JSON (NaN and Infinity are not, nor is 1e999 a number); says which, why, and at
            which character (from 1).

    >>> list(json_values(['{"id": "a"}\\n', "\\n", "[1]\\n"], "a.jsonl"))
    [(1, {'id': 'a'}), (3, [1])]
    """
    return _json_rows(lines, name, "not JSON", refuse)


def json_objects(lines: Iterable[str], name: str | Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """As `json_values`, where every line must be an object.

    Raises:
        DataError: a line that is not a JSON object; says which and why.
    """
    for number, row in _json_rows(lines, name, "not a JSON object", _raise):
        if not isinstance(row, dict):
            raise DataError("not a JSON object", path=name, line=number, hint=_HINT)
        yield number, row


def json_lines(rows: Iterable[object]) -> str:
    """The text of a file of JSON lines.

    >>> json_lines([{"id": "a"}, {"id": "b"}])
    '{"id": "a"}\\n{"id": "b"}\\n'
    """
    text = io.StringIO()
    write_json_lines(rows, text)
    return text.getvalue()


def write_json_lines(rows: Iterable[object], file: TextIO) -> int:
    """Writes rows as JSON lines, one at a time, and returns how many."""
    from jsonlines import Writer

    number = 0
    with Writer(file, dumps=encoded) as writer:
        for number, row in enumerate(rows, 1):  # noqa: B007
            writer.write(row)
    return number


def encoded(row: object) -> str:
    r"""A row as one line of JSON, letters as they are. A row with half of a surrogate pair is escaped whole.

    >>> encoded({"text": "é"}), encoded({"text": "é\ud83d"})
    ('{"text": "é"}', '{"text": "\\u00e9\\ud83d"}')
    """
    return _as_utf8(row, *_LINE).decode()


def canonical(row: object) -> bytes:
    r"""Canonical JSON: keys sorted, no spaces, UTF-8. A row with half of a surrogate pair is escaped whole.

    >>> canonical({"b": "é", "a": 1}).decode(), canonical(["é\ud83d"]).decode()
    ('{"a":1,"b":"é"}', '["\\u00e9\\ud83d"]')
    """
    return _as_utf8(row, *_CANONICAL)


def digest(row: object) -> str:
    """SHA-256 (64 hexadecimal digits) of canonical JSON. Request keys and data digests are made of it.

    >>> digest({"b": "é", "a": 1})[:12] == digest({"a": 1, "b": "é"})[:12] == "09ad9fd2fb64"
    True
    """
    from hashlib import sha256

    return sha256(canonical(row)).hexdigest()


def _bounded(raw: Iterable[bytes], name: str | Path, refuse: Refuse) -> Iterator[bytes]:
    """The lines of a file, of which none is read further than the bound (the rest of a longer one is skipped)."""
    most = most_bytes(LONGEST_LINE)
    read = getattr(raw, "readline", None)
    for number, line in enumerate(raw if read is None else iter(partial(read, most + 1), b""), 1):
        if len(line) <= most:
            yield line
            continue
        said, hint = f"a line of more than {most:,} bytes", f"{MOST_BYTES}=N allows more"
        refuse(DataError(said, path=name, line=number, hint=hint))
        rest = line
        while read is not None and rest and not rest.endswith(b"\n"):
            rest = read(most + 1)
        yield b"\n"


def _json_rows(lines: Iterable[str], name: str | Path, problem: str, refuse: Refuse) -> Iterator[tuple[int, object]]:
    from jsonlines import InvalidLineError, Reader

    number = 0

    def filled() -> Iterator[str]:
        nonlocal number
        for line in lines:
            number += 1
            if line.removeprefix(_BOM).strip():
                yield line

    reader = Reader(filled(), loads=_decoded)
    while True:
        try:
            row = reader.read(allow_none=True)
        except EOFError:
            return
        except (InvalidLineError, RecursionError) as error:
            said = _reason(error.__cause__ or error)
            bad = DataError(f"{problem}: {said}", path=name, line=number, hint=_HINT)
        else:
            yield number, row
            continue
        refuse(bad)


def _no_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON (write null)")


def _finite(digits: str) -> float:
    number = float(digits)
    if isinf(number):
        _no_json(f"the number {digits[:20]}")
    return number


_STRICT = json.JSONDecoder(parse_constant=_no_json, parse_float=_finite)
# What Python reads beside JSON (NaN, Infinity, 1e999) could not be written again: a key that we keep may hold it.


def _decoded(line: str | bytes) -> Any:
    return _STRICT.decode(str(line))


def _reason(error: BaseException) -> str:
    """What the JSON parser says, with the place as a character of the line, from 1 (it counts lines of its own)."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.lower()} at character {error.pos + 1}"
    return str(error)


def _as_utf8(row: object, readable: json.JSONEncoder, escaped: json.JSONEncoder) -> bytes:
    try:
        return readable.encode(row).encode()
    except UnicodeEncodeError:
        return escaped.encode(row).encode()
