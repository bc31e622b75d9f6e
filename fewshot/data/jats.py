"""JATS XML: the figure legends of articles, as PubMed Central and publishers have them. A file, or a folder of files.

    <article><front>…<article-id pub-id-type="doi">10.1000/x</article-id>…</front><body>…
      <fig id="F1"><label>Figure 1</label><caption><title>Blots.</title><p>(A) p53.</p></caption></fig>

A figure is a text, its title first and each paragraph on a line of its own, unlabelled; label and title are kept beside
it. The id is `10.1000/x/F1`, the group the DOI (else PMCID, PMID, file). White space is that of running text:
in JATS it means nothing. Formulas as TeX are left out where they repeat another form.
Format: ANSI/NISO Z39.96, https://jats.nlm.nih.gov.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from fewshot.data import Head, Origin, Reader, label
from fewshot.errors import DataError, Where
from fewshot.origin import markup, places
from fewshot.records import Example
from fewshot.text.visible import shortened

if TYPE_CHECKING:
    from lxml.etree import _Element

_ENDINGS = (".xml", ".nxml")
_FRONT = ("<front>", "<front ", "<article-meta", "<journal-meta", "JATS-", "journalpublishing", "archivearticle")
_GROUPS = ("doi", "pmcid", "pmc", "pmid")
"""Sorts of article id, the best first."""
_SKIPPED = frozenset({"tex-math", "object-id", "graphic", "media"})
_APART = frozenset({"p", "title", "list-item", "disp-quote", "caption"})


class JatsReader(Reader):
    """Legends of articles."""

    suffixes = frozenset({".nxml"})
    reads_folders = True

    def recognises(self, head: Head) -> bool | None:
        """By its front matter: SourceData's `<article>` has none."""
        if head.root.rpartition(":")[2] not in ("article", "pmc-articleset", "OAI-PMH"):
            return None
        return True if any(mark in head.text for mark in _FRONT) and "<sd-panel" not in head.text else None

    def read(self, source: Origin, task: str | None) -> Iterator[Example]:
        """Every figure that has a legend, article by article.

        Raises:
            DataError: not well-formed, no article.
        """
        root = source.path
        paths = [p for p in places.files_of(source.name) if _is_named(p)] if root.is_dir() else [root]
        without = []
        for path in paths:
            split = places.split_in(path, str(root)) if root.is_dir() else None
            found = False
            try:
                for example in _of_file(path, split):
                    found = True
                    yield example
            except DataError as error:
                source.refuse(error)
                continue
            if not found:
                without.append(path.name)
        if without and len(paths) > 1:
            source.say(f"{source.name}: articles without a figure legend: {len(without)} (the first: {without[0]})")


READER = JatsReader()


def _is_named(path: Path) -> bool:
    return Path(label(path)).suffix.lower() in _ENDINGS


def _of_file(path: Path, split: str | None) -> Iterator[Example]:
    root = markup.root_of(path)
    articles = [element for element in root.iter() if _name(element) == "article"]
    if not articles:
        said = shortened(str(root.tag), 80)
        raise DataError(f"holds no <article> (the root is <{said}>)", path=path, line=markup.line_of(root))
    for article in articles:
        group = _group(article) or Path(label(path)).stem
        for number, figure in enumerate(_figures(article), 1):
            own = figure.get("id") or f"fig {number}"
            where = Where(path, markup.line_of(figure), f"{group}/{own}")
            example = _example(figure, group, split, where)
            if example is not None:
                yield example


def _figures(article: _Element) -> Iterator[_Element]:
    """The figures of an article, not those of another one inside it (a response, a peer review)."""
    waiting = list(reversed(article))
    while waiting:
        element = waiting.pop()
        name = _name(element)
        if name == "fig":
            yield element
        elif name != "article":
            waiting += reversed(element)


def _example(figure: _Element, group: str, split: str | None, where: Where) -> Example | None:
    """A legend; `None`: the figure has none."""
    captions = [child for child in figure if _name(child) == "caption"]
    parts = [_running(part, where) for caption in captions for part in _parts(caption)]
    text = "\n".join(part for part in parts if part)
    if not text:
        return None
    titles = [_running(child, where) for caption in captions for child in caption if _name(child) == "title"]
    labels = [_running(child, where) for child in figure if _name(child) == "label"]
    beside = {"label": " ".join(filter(None, labels)), "title": " ".join(filter(None, titles))}
    return Example(where.id or "", group, text, split=split, extra={key: said for key, said in beside.items() if said})


def _parts(element: _Element) -> list[_Element]:
    """The innermost elements of a caption that stand on a line of their own; the caption if there is none."""
    found: list[_Element] = []
    waiting = [element]
    while waiting:
        one = waiting.pop()
        inner = [child for child in one if _name(child) in _APART or _name(child) in ("list", "sec")]
        if inner:
            waiting += reversed(inner)
        else:
            found.append(one)
    return found


def _running(element: _Element, where: Where) -> str:
    """The text inside an element, white space as in running text."""
    pieces: list[str] = []
    waiting: list[_Element | str] = [element]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            pieces.append(one)
            continue
        inside: list[_Element | str] = []
        if markup.is_entity(one):
            inside.append(_character(one, where))
        elif isinstance(one.tag, str) and _name(one) not in _SKIPPED:
            inside.append(one.text or "")
            inside += one
        if one is not element:
            inside.append(one.tail or "")
        waiting += reversed(inside)
    return " ".join("".join(pieces).split())


def _character(reference: _Element, where: Where) -> str:
    """What a reference to an entity of HTML stands for."""
    said = str(reference.text)
    character = html.unescape(said)
    if character == said:
        where.fail(f"uses the entity {shortened(said, 80)}", hint="write the character itself, or &#…;")
    return character


def _group(article: _Element) -> str | None:
    """The best id of an article in its front matter."""
    front = next((child for child in article if _name(child) in ("front", "front-stub")), None)
    if front is None:
        return None
    found = {str(e.get("pub-id-type")): (e.text or "").strip() for e in front.iter() if _name(e) == "article-id"}
    return next((found[sort] for sort in _GROUPS if found.get(sort)), None)


def _name(element: _Element) -> str:
    """The name of an element without its namespace; "" for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
