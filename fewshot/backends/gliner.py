"""`gliner`: zero-shot entities by an encoder that is asked for labels in words; no prompt, no server, no training.

    fewshot run --backend gliner --model urchade/gliner_medium-v2.1 --task ner --labels DOSE="amounts with a unit"

A label is asked for by its definition (up to its first colon), or by its name as words. Each span has the score that
the model gave it; `--threshold` says from which one on it counts. A replay loads nothing: recorded predictions are
looked up by the recorded digest of model, labels and threshold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from fewshot import files, tasks
from fewshot.backends import Options
from fewshot.errors import FewshotError, InputError, MissingExtraError
from fewshot.records import Example, Prediction

if TYPE_CHECKING:
    from fewshot.models.gliner import Gliner as Predictor

PROMPTED = False
THRESHOLD = True


@dataclass(slots=True)
class Gliner:
    """The backend. `digest` covers the model's files, what was asked for, and the threshold."""

    model: str
    digest: str
    format: str | None = "spans"
    labelled: int | None = None
    notices: Sequence[str] = ()
    kind: Literal["local"] = "local"
    name: str = "gliner"
    _predictor: Predictor | None = field(default=None, repr=False)

    def predict(self, examples: Sequence[Example]) -> Iterator[Prediction]:
        """Yields predictions as they are ready, in any order."""
        if self._predictor is None:
            raise TypeError("a backend that is opened offline cannot predict")
        try:
            yield from self._predictor.predict(examples)
        except FewshotError:
            raise
        except Exception as error:  # whatever lies in a foreign folder, it is one clear line; `from` keeps the rest
            raise _failed(self.model, error) from error


def open_backend(options: Options) -> Gliner:
    """Opens the model of `--model`.

    Raises:
        InputError: the task has no entities; no model is named, or it does not exist or cannot be loaded.
        MissingExtraError: the gliner library is not installed.
    """
    if tasks.get(options.task).kind != "entities":
        raise InputError(f"--backend gliner finds entities, which --task {options.task} does not ask for")
    if options.model is None:
        raise InputError(
            "--backend gliner needs --model", hint="name a model of the hub, urchade/gliner_medium-v2.1, or a folder"
        )
    name = options.model.rstrip("/") or options.model
    if options.offline:  # the recorded digest finds the recorded predictions; the model may be gone
        recorded = options.recorded.digest or ""
        return Gliner(name, recorded if options.recorded.as_asked else f"{recorded}:asked otherwise")
    if find_spec("gliner") is None:
        raise MissingExtraError(
            "the gliner library (in an environment of its own: it wants an older transformers than ours)",
            extra="gliner",
        )
    return _load(name, options)


def _load(name: str, options: Options) -> Gliner:
    from fewshot.models import batches, gliner, gliner_folder, model_folder

    words = {label: gliner.in_words(label, options.definitions.get(label)) for label in options.labels}
    gliner.check_words(words)
    threshold = gliner.THRESHOLD if options.local.threshold is None else options.local.threshold
    device = model_folder.device(options.local.device)
    with gliner_folder.whole(name) as place:
        digest = f"{gliner_folder.digest(place)}:{asked(words, threshold)}"
        model = gliner_folder.load(name, place, device)
    try:
        predictor = gliner.Gliner(model, words, threshold, options.local.batch_tokens or batches.TOKENS)
    except FewshotError:
        raise
    except Exception as error:  # what is loaded is also tried; whatever lies in the folder, it is one clear line
        raise _failed(name, error) from error
    said = ", ".join(f"{label} as {words[label]!r}" for label in words)
    return Gliner(name, digest, notices=[f"gliner: asked for {said}"], _predictor=predictor)


def asked(words: Mapping[str, str], threshold: float) -> str:
    """What a model was asked, for its digest: the labels in words, in order, and the threshold.

    >>> asked({"DOSE": "amounts with a unit"}, 0.5) == asked({"DOSE": "amounts"}, 0.5)
    False
    """
    return f"{threshold:g}:{files.digest(list(words.items()))[:8]}"


def _failed(model: str, error: Exception) -> InputError:
    """The line for a model that breaks when it is first tried, or while it predicts."""
    said = " ".join(str(error).split())
    if "out of memory" in said.lower():
        return InputError(f"{model}: out of memory", hint="use a smaller --batch-tokens")
    return InputError(
        f"{model} cannot predict ({type(error).__name__}: {said[:120]})", hint="is it a whole GLiNER folder?"
    )
