"""SourceData XML: an article's figures, their panels and the tagged entities. A file or a folder of files.

    <article doi="10.1000/x"><fig id="7"><sd-panel panel_id="9">(A) <sd-tag category="entity"
     entity_type="protein" role="assayed">p53</sd-tag> <sd-tag category="assay">blot</sd-tag>.
    </sd-panel></fig></article>

Panelization is asked of figures (`10.1000/x/fig 7`: the texts of its panels in a row), all else of panels
(`10.1000/x/panel 9`). The text is the inner text, the entity its tag's inner text; the outermost tag that
carries a label wins. Panels without a single tag were not curated: their entities are unlabelled.
Format: https://sourcedata.io; Liechti et al., Nature Methods 2017, doi 10.1038/nmeth.4471.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from fewshot import tasks
from fewshot.data import Head, Origin, Reader, label
from fewshot.errors import DataError, Where
from fewshot.origin import markup
from fewshot.records import NO_ROLE, PANEL, Example, Hypothesis, Member, Span
from fewshot.text import legend
from fewshot.text.sourcedata import ASSAY, CONTROLLED, GENE_PRODUCT, MEASURED, SMALL_MOLECULE, WITH_ROLES
from fewshot.text.spans import skip_space, trimmed
from fewshot.text.visible import shortened

if TYPE_CHECKING:
    from lxml.etree import _Element

_ENTITY_TYPES = {
    "molecule": SMALL_MOLECULE,
    "gene": GENE_PRODUCT,
    "protein": GENE_PRODUCT,
    "geneprod": GENE_PRODUCT,
    "subcellular": "SUBCELLULAR",
    "cell": "CELL",
    "cell_type": "CELL_TYPE",
    "cell_line": "CELL_LINE",
    "tissue": "TISSUE",
    "organism": "ORGANISM",
}
_CATEGORIES = {"assay": ASSAY, "disease": "DISEASE"}
_ROLES = {"intervention": CONTROLLED, "assayed": MEASURED}
_BESIDE_THE_LEGEND = frozenset({"title", "label", "graphic"})
_SPLITS = {"train": "train", "eval": "validation", "validation": "validation", "test": "test"}


class SourceDataReader(Reader):
    """Articles of the SourceData corpus."""

    suffixes = frozenset({".xml"})
    reads_folders = True

    def recognises(self, head: Head) -> bool | None:
        """By the elements that no other `<article>` has."""
        return True if "<sd-panel" in head.text or "<sd-tag" in head.text else None

    def read(self, source: Origin, task: str | None) -> list[Example]:
        """Figures or panels, as the task is asked of (a hypothesis: the panels that have one); None: all.

        A folder that is named as a split (`train`, `eval`, `validation`, `test`) gives its files that split.

        Raises:
            DataError: not well-formed, no article, an id twice, nothing in it for the task.
        """
        root = source.path
        examples: list[Example] = []
        seen: dict[str, Where] = {}
        for path in _files(root) if root.is_dir() else [root]:
            for where, example in _article(path, _split(path, root), task):
                if example.id in seen:
                    first = seen[example.id]
                    where.fail(f"duplicate id (first in {first.path}:{first.line})")
                seen[example.id] = where
                examples.append(example)
        if task is None or tasks.get(task).kind != "hypothesis":
            return examples
        tested = [example for example in examples if example.hypothesis is not None]
        if examples and not tested:
            raise DataError(
                f"none of the {len(examples)} panels has an intervention, an assayed entity and an assay",
                path=source,
            )
        return tested


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.xml*") if label(path).endswith(".xml"))


def _split(path: Path, root: Path) -> str | None:
    """The split that the folder of a file names."""
    folders = path.relative_to(root).parts[:-1] if path != root else ()
    return next((_SPLITS[folder] for folder in folders if folder in _SPLITS), None)


def _article(path: Path, split: str | None, task: str | None) -> Iterator[tuple[Where, Example]]:
    """The records of a file that `task` is asked of: figures, panels, or all figures and then all panels."""
    root = _parse(path)
    group = root.get("doi") or Path(label(path)).stem
    units: tuple[tuple[tasks.Unit, str, str, str, _Maker], ...] = (
        ("figure", "fig", "id", "fig", _figure),
        ("panel", "sd-panel", "panel_id", "panel", _panel),
    )
    wanted = None if task is None else tasks.get(task).unit
    for unit, tag, key, noun, make in units:
        if wanted not in (None, unit):
            continue
        for number, element in enumerate(root.iter(tag), 1):
            where = Where(path, markup.line_of(element), f"{group}/{noun} {element.get(key) or f'#{number}'}")
            example = make(element, group, where, split)
            if example is not None:
                yield where, example


_Maker: TypeAlias = "Callable[[_Element, str, Where, str | None], Example | None]"


def _parse(path: Path) -> _Element:
    """The root of a file."""
    root = markup.root_of(path)
    if root.tag != "article":
        raise DataError(
            f"the root is <{shortened(str(root.tag), 80)}>",
            path=path,
            line=markup.line_of(root),
            hint="SourceData XML begins with <article>",
        )
    return root


def _figure(figure: _Element, group: str, where: Where, split: str | None) -> Example | None:
    """A figure as a panelization example; `None` where its panels have no text at all."""
    flat = _Flat(where)
    flat.walk(figure)
    text, shift = flat.text()
    spans = []
    for first, after in flat.panels:
        extent = trimmed(text, first - shift, after - shift)
        if extent is not None:
            spans.append(Span(*extent, PANEL, labels=legend.leading_letters(text[slice(*extent)])))
    return Example(where.id or "", group, text, panels=tuple(spans), split=split) if spans else None


def _panel(panel: _Element, group: str, where: Where, split: str | None) -> Example | None:
    """A panel as an example of the other tasks; `None` where it has no text (a picture alone)."""
    flat = _Flat(where)
    flat.walk(panel)
    text, shift = flat.text()
    if not text:
        return None
    tags = []
    for tag in flat.tags:
        extent = trimmed(text, tag.start - shift, tag.end - shift)
        if extent is not None:
            tags.append(replace(tag, start=extent[0], end=extent[1]))
    entities = tuple(Span(t.start, t.end, t.label, role=t.entity_role()) for t in tags if t.label)
    return Example(
        id=where.id or "",
        group=group,
        text=text,
        entities=entities if flat.curated else None,
        hypothesis=_hypothesis(tags, text),
        split=split,
    )


@dataclass(frozen=True, slots=True)
class _Tag:
    """An sd-tag that says something: its place in the text, its label ("": none), its attributes."""

    start: int
    end: int
    label: str
    entity_type: str
    role: str

    def entity_role(self) -> str:
        return _ROLES.get(self.role, NO_ROLE) if self.label in WITH_ROLES else NO_ROLE

    def member(self, text: str) -> Member:
        return Member(self.label or self.entity_type.upper() or "UNDEFINED", text[self.start : self.end])


def _hypothesis(tags: Iterable[_Tag], text: str) -> Hypothesis | None:
    """What the panel tests, whatever the entity types; `None` unless all three roles are filled."""
    tags = list(tags)
    roles = (
        [tag for tag in tags if tag.role == "intervention"],
        [tag for tag in tags if tag.role == "assayed"],
        [tag for tag in tags if tag.label == ASSAY],
    )
    if not all(roles):
        return None
    return Hypothesis(*(tuple(dict.fromkeys(tag.member(text) for tag in role)) for role in roles))


@dataclass(slots=True)
class _Flat:
    """The inner text of an element while it is walked, and where its tags and panels lie."""

    where: Where
    pieces: list[str] = field(default_factory=list)
    length: int = 0
    tags: list[_Tag] = field(default_factory=list)
    panels: list[tuple[int, int]] = field(default_factory=list)
    curated: bool = False

    def text(self) -> tuple[str, int]:
        """The text without white space at its edges, and how far that moved its beginning."""
        whole = "".join(self.pieces)
        return whole.strip(), skip_space(whole, 0)

    def walk(self, element: _Element, *, tagged: bool = False) -> None:
        """Adds what is inside; `tagged`: it lies inside a tag that counts, the outermost."""
        self._add(element.text)
        for child in element:
            self._child(child, element, tagged)
            self._add(child.tail)

    def _child(self, child: _Element, parent: _Element, tagged: bool) -> None:
        name = child.tag
        if not isinstance(name, str):
            if markup.is_entity(child):  # else a comment or a processing instruction, whatever stands in it
                self.where.fail(
                    f"uses the entity {shortened(str(child.text), 80)}", hint="write the character itself, or &#…;"
                )
        elif name == "sd-panel":
            start = self.length
            self.walk(child)
            self.panels.append((start, self.length))
        elif name == "sd-tag" and not tagged:
            self._tag(child)
        elif not (name in _BESIDE_THE_LEGEND and parent.tag in ("fig", "sd-panel")):
            self.walk(child, tagged=tagged)

    def _tag(self, element: _Element) -> None:
        self.curated = True
        kind, role = (element.get(name, "").strip().lower() for name in ("entity_type", "role"))
        label = _CATEGORIES.get(element.get("category", "").strip().lower()) or _ENTITY_TYPES.get(kind, "")
        counts = bool(label) or role in _ROLES
        start = self.length
        self.walk(element, tagged=counts)
        if counts:
            self.tags.append(_Tag(start, self.length, label, kind, role))

    def _add(self, text: str | None) -> None:
        if not text:
            return
        after_panel = self.panels and self.pieces and self.panels[-1][1] == self.length
        if after_panel and not (self.pieces[-1][-1].isspace() or text[0].isspace()):
            # A panel does not run into what follows it: "…released.(B) Cells" was two paragraphs.
            self.pieces.append(" ")
            self.length += 1
        self.pieces.append(text)
        self.length += len(text)


READER = SourceDataReader()
