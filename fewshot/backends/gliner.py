"""`gliner`: zero-shot entities by an encoder that is asked for labels in words; no prompt, no server, no training.

    fewshot run --backend gliner --model urchade/gliner_medium-v2.1 --task ner --labels DOSE="amounts with a unit"

A label is asked for by its definition (up to its first colon), or by its name as words. Each span has the score that
the model gave it; `--threshold` says from which one on it counts. A replay loads nothing: recorded predictions are
looked up by the recorded digest of model, labels and threshold.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from fewshot import files, tasks
from fewshot.backends import LOCAL, Options
from fewshot.errors import FewshotError, InputError, MissingExtraError
from fewshot.models.loaded import LoadedModel, broken

NAME = "gliner"
FORMAT = "spans"
PROMPTED = False
HEEDS = LOCAL - {"decoder", "draft"}


def open_backend(options: Options) -> LoadedModel:
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
        return LoadedModel(NAME, name, recorded if options.recorded.as_asked else f"{recorded}:asked otherwise", FORMAT)
    if find_spec("gliner") is None:
        raise MissingExtraError(
            "the gliner library (in an environment of its own: it wants an older transformers than ours)",
            extra="gliner",
        )
    return _load(name, options)


def _load(name: str, options: Options) -> LoadedModel:
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
        raise broken(name, error) from error
    said = ", ".join(f"{label} as {words[label]!r}" for label in words)
    return LoadedModel(NAME, name, digest, FORMAT, notices=[f"gliner: asked for {said}"], predictor=predictor)


def asked(words: Mapping[str, str], threshold: float) -> str:
    """What a model was asked, for its digest: the labels in words, in order, and the threshold.

    >>> asked({"DOSE": "amounts with a unit"}, 0.5) == asked({"DOSE": "amounts"}, 0.5)
    False
    """
    return f"{threshold:g}:{files.digest(list(words.items()))[:8]}"
