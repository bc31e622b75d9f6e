"""brat standoff: a folder of texts (`.txt`), each with its annotations (`.ann`).

    T1<TAB>Gene 0 5<TAB>DCTN4
    T2<TAB>Disease 10 16;28 34<TAB>breast cancer

The id is the name of the text without its ending; a folder that is named as a split gives its files that split. A text
without `.ann` is unlabelled. A discontinuous entity is read as one entity a piece, which is said; relations, events,
attributes and notes are not read. In names of written files what is no letter, digit or one of `-_.` is escaped as in
URLs, and read back. Format: https://brat.nlplab.org/standoff.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from fewshot.data import Head, Origin, Reader, Writer, spans_to_write
from fewshot.errors import DataError, Where
from fewshot.origin import places
from fewshot.origin.annotations import Annotations
from fewshot.origin.options import offsets_option
from fewshot.records import Example, Kind, Span
from fewshot.text.offsets import unit_of
from fewshot.text.visible import shortened

_ENTITY = re.compile(r"(\S+) (\d{1,12} \d{1,12}(?:;\d{1,12} \d{1,12})*)")
_TEXT, _MARKS = ".txt", ".ann"
_QUOTED = 80
_LONGEST_NAME = 250
"""Bytes of a file name without its ending."""
_BREAKS = str.maketrans("\r\n\t", "   ")


@dataclass(frozen=True)
class BratReader(Reader):
    """A folder, or one of its files."""

    offsets: str = offsets_option()

    suffixes = frozenset({_MARKS})
    reads_folders = True

    def recognises(self, head: Head) -> bool | None:
        """By the ending of its annotations."""
        return True if head.suffix == _MARKS else None

    def read(self, source: Origin, task: str | None) -> Iterator[Example]:
        """Every text, in the order of the names.

        Raises:
            DataError: annotations without a text; a line that is none; an entity that is not where it says.
        """
        root = source.path
        found = Annotations(source, unit_of(self.offsets))
        texts = places.files_of(source.name) if root.is_dir() else [root]
        known = {path.with_suffix("") for path in texts if path.suffix == _TEXT}
        alone = next((path for path in texts if path.suffix == _MARKS and path.with_suffix("") not in known), None)
        if alone is not None and root.is_dir():
            raise DataError(f"there is no {alone.stem}{_TEXT} beside it", path=alone)
        for path in sorted(known or {root.with_suffix("")}):
            yield _example(path, root, found)
        found.report()


class BratWriter(Writer):
    """A text and its annotations for every example, in a folder for each split."""

    kinds: frozenset[Kind] = frozenset(("entities",))
    writes_folder = True

    def write(self, examples: Iterable[Example], path: Path, task: str | None = None) -> int:
        """Writes texts and entities, those of a task if one is named.

        Raises:
            DataError: a label with white space; an id that is no name of a file.
        """
        count = 0
        for example in examples:
            count += 1
            folder = path / example.split if example.split in places.SPLITS else path
            folder.mkdir(exist_ok=True)
            stem = folder / _file_name(example.id)
            text, marks = stem.with_name(stem.name + _TEXT), stem.with_name(stem.name + _MARKS)
            if text.exists():
                raise DataError("two examples with this id", id=example.id)
            text.write_text(example.text, "utf-8", newline="")
            spans = spans_to_write(self, example, task)
            if spans is not None:
                marks.write_text("".join(_lines(spans, example)), "utf-8", newline="\n")
        return count


READER = BratReader()
WRITER = BratWriter()


def _example(stem: Path, root: Path, found: Annotations) -> Example:
    """A text with its annotations. `stem`: the path of both without the ending."""
    path, marks = stem.with_name(stem.name + _TEXT), stem.with_name(stem.name + _MARKS)
    if not path.exists():
        raise DataError(f"there is no {path.name} beside it", path=marks)
    text = Origin(str(path)).text(exact=True)  # brat counts a byte order mark as a character
    id_ = unquote(stem.name)
    if not text.strip():
        raise DataError("the text is empty", path=path)
    split = places.split_in(path, str(root)) if root.is_dir() and path.parent != root else None
    if not marks.exists():
        return Example(id_, id_, text, split=split)
    spans = list(_spans(Origin(str(marks)), text, id_, found))
    return Example(id_, id_, text, entities=found.entities(spans, text), split=split)


def _spans(marks: Origin, text: str, id_: str, found: Annotations) -> Iterator[Span]:
    for number, raw in enumerate(marks.lines(), 1):
        line = raw.rstrip("\r\n")
        if not line.strip():
            continue
        if not line.startswith("T"):
            found.note("other", repr(shortened(line, _QUOTED)))
            continue
        where = Where(marks, number, id_)
        name, _, rest = line.partition("\t")
        said, _, surface = rest.partition("\t")
        entity = _ENTITY.fullmatch(said)
        if entity is None:
            where.fail(
                f"{shortened(line, _QUOTED)!r} is no entity", hint="T1, label with start and end, and text, by tabs"
            )
        extents = [(int(start), int(end)) for start, end in (piece.split(" ") for piece in entity[2].split(";"))]
        if len(extents) > 1:
            found.note("pieces", repr(shortened(surface, _QUOTED)))
        for start, end in extents:
            whole = surface if len(extents) == 1 and surface else None
            yield found.span(text, start, end, entity[1], where, surface=whole, name=name)


def _file_name(id_: str) -> str:
    """An id as the name of a file.

    >>> _file_name("10.1000/x/fig 7"), _file_name(".hidden")
    ('10.1000%2Fx%2Ffig%207', '%2Ehidden')
    """
    name = quote(id_, safe="")
    name = f"%2E{name[1:]}" if name.startswith(".") else name
    if not name or len(name) > _LONGEST_NAME:
        raise DataError("the id is no name of a file", id=id_)
    return name


def _lines(spans: Iterable[Span], example: Example) -> Iterator[str]:
    for number, span in enumerate(spans, 1):
        if any(sign.isspace() for sign in span.label):
            raise DataError(f"brat cannot hold the label {span.label!r}: white space", id=example.id)
        surface = span.cut(example.text).translate(_BREAKS)
        yield f"T{number}\t{span.label} {span.start} {span.end}\t{surface}\n"
