"""The common evaluator: what it reads of an answer."""

from __future__ import annotations

from fewshot import tasks
from fewshot.evaluation import read_answer
from fewshot.records import Completion, Example, Kind, Parsed, Scheme, Value


class Measured:
    """A format that keeps how long the answer was that it read."""

    kinds = frozenset[Kind]({"entities"})
    stop: tuple[str, ...] = ()
    read = 0

    def render(self, text: str, value: Value, scheme: Scheme) -> str:
        return ""

    def parse(self, answer: str, text: str, scheme: Scheme) -> Parsed:
        self.read = len(answer)
        return Parsed(())

    def schema(self, scheme: Scheme) -> None:
        return None


def test_an_answer_without_an_end_is_read_only_so_far() -> None:
    example, scheme, format_ = Example("a", "a", "p53 " * 100), Scheme("entities", ("GENEPROD",)), Measured()
    whole = Completion("p53 " * 2_500_000)
    found = read_answer(whole, example, format=format_, scheme=scheme, task=tasks.get("ner"))
    assert 50 * 400 <= format_.read <= 100_000
    assert found.output == whole.text, "kept as it came"
    read_answer(Completion("p53 " * 300), example, format=format_, scheme=scheme, task=tasks.get("ner"))
    assert format_.read == 1200
