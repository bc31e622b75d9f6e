"""A model on this machine as a backend, whatever it is: it predicts, and what breaks is one clear line.

A replay opens it without a predictor: recorded predictions are looked up by the recorded digest. Nothing here needs
torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from fewshot.errors import FewshotError, InputError
from fewshot.records import Example, Prediction, Training


class Predictor(Protocol):
    """What a kind of model provides."""

    def predict(self, examples: Sequence[Example]) -> Iterator[Prediction]:
        """Yields a prediction for each example, in any order."""
        ...


@dataclass(slots=True)
class LoadedModel:
    """What `fewshot.backends.LocalBackend` asks for. `digest`: of all that decides about a prediction."""

    name: str
    model: str
    digest: str
    format: str | None
    labelled: int | None = None
    training: Training = field(default_factory=Training)
    notices: Sequence[str] = ()
    kind: Literal["local"] = "local"
    predictor: Predictor | None = field(default=None, repr=False)

    def predict(self, examples: Sequence[Example]) -> Iterator[Prediction]:
        """Yields predictions as they are ready, in any order."""
        if self.predictor is None:
            raise TypeError("a backend that is opened offline cannot predict")
        try:
            yield from self.predictor.predict(examples)
        except FewshotError:
            raise
        except Exception as error:  # whatever lies in a foreign folder, it is one clear line; `from` keeps the rest
            raise broken(self.model, error) from error


def broken(model: str, error: Exception) -> InputError:
    """The line for a model that breaks when it is first tried, or while it predicts."""
    said = " ".join(str(error).split())
    if "out of memory" in said.lower():
        return InputError(f"{model}: out of memory", hint="use a smaller --batch-tokens")
    return InputError(
        f"{model} cannot predict ({type(error).__name__}: {said[:120]})", hint="is it a whole model folder?"
    )
