"""Names with labels become spans: entities, or given entities with their roles.

>>> text, problems = "p53 binds MDM2. P53 again.", Counter()
>>> named = [("GENEPROD", Name(name)) for name in ("p53", "p53", "MDM2", "p21")]
>>> spans, unplaced = entities(text, named, Scheme("entities", ("GENEPROD",)), problems)
>>> [(span.start, span.match) for span in spans], [member.text for member in unplaced], dict(problems)
([(0, 'exact'), (10, 'exact'), (16, 'folded')], ['p21'], {'not_in_text': 1})
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from fewshot.records import Member, ProblemKind, Scheme, Span
from fewshot.text.grounding.assignment import Taken
from fewshot.text.grounding.candidates import Candidate, Source
from fewshot.text.grounding.names import Name, ground


def everywhere(
    source: Source, named: Sequence[tuple[str, Name]], problems: Counter[ProblemKind]
) -> tuple[tuple[Span, ...], tuple[Member, ...]]:
    """The spans of names that are said once for all their occurrences: every place where a name stands as a word,
    except inside a longer name.

    >>> text, problems = "p53 binds MDM2; p53R2 and p53 do not.", Counter()
    >>> spans, _ = everywhere(Source(text), [("GENEPROD", Name("p53")), ("GENEPROD", Name("p53R2"))], problems)
    >>> [span.cut(text) for span in spans]
    ['p53', 'p53R2', 'p53']
    """
    taken = Taken(len(source.text))
    spans: list[Span] = []
    unplaced: list[Member] = []
    once = dict.fromkeys((label, name.text) for label, name in named)
    problems["duplicate"] += len(named) - len(once)
    for label, text in sorted(once, key=lambda pair: -len(pair[1])):
        places = [place for place in source.exact(text) if not place.cut]
        places = places or [place for place in source.everywhere(text) if not place.cut]
        free = [place for place in places if taken.free(place)]
        if not free:
            problems["overlap" if places else "not_in_text"] += 1
            unplaced.append(Member(label, text))
        for place in free:
            taken.take(place)
            spans.append(Span(place.start, place.end, label, match=place.match))
    return tuple(sorted(spans, key=lambda span: span.start)), tuple(unplaced)


def entities(
    source: Source | str,
    named: Sequence[tuple[str, Name]],
    scheme: Scheme,
    problems: Counter[ProblemKind],
    *,
    whole_first: bool = False,
) -> tuple[tuple[Span, ...], tuple[Member, ...]]:
    """The spans of (label or role, name) pairs in the order of the text, and those that have no place there.

    Of some schemes only the given entities are places (`Scheme.only_given`); of one whose entities are named once, a
    name is all its occurrences. What is dropped is counted in `problems`.
    """
    if scheme.mentions == "once":
        return everywhere(Source(source) if isinstance(source, str) else source, named, problems)
    given = {(span.start, span.end): span for span in scheme.given} if scheme.only_given else None
    spans: list[Span] = []
    unplaced: list[Member] = []
    grounded = ground(source, (name for _, name in named), within=given, whole_first=whole_first)
    for (label, name), one in zip(named, grounded, strict=True):
        if one.place is not None:
            spans.append(_span(one.place, label, given))
        elif one.drop is not None:
            problems[one.drop] += 1
            unplaced += [Member(label, name.text)] if name.text.strip() else []
    return tuple(sorted(spans, key=lambda span: span.start)), tuple(unplaced)


def _span(place: Candidate, label: str, given: dict[tuple[int, int], Span] | None) -> Span:
    if given is None:
        return Span(place.start, place.end, label, match=place.match)
    return replace(given[place.start, place.end], role=label, match=place.match)
