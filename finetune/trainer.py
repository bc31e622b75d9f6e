"""transformers' Seq2SeqTrainer, with the task's own F1 from decoded answers and a manifest in every checkpoint.

Loop, optimizer, checkpoints and devices are transformers'. Two things are added: each evaluation predicts the examples
as `fewshot run` will, and scores them with the same evaluator (`eval_f1` decides about early stopping and the best
checkpoint); and the loss of tag decisions (`decisions`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from transformers import Seq2SeqTrainer
from transformers.trainer_utils import EvalLoopOutput

from fewshot import formats
from fewshot.models import draft_head
from fewshot.models.model_folder import Manifest
from fewshot.records import Example, Prediction, Scheme, Value
from fewshot.scoring import evaluate
from fewshot.tasks import Task
from finetune import decisions, features, shortlist

Predict = Callable[[Any, Sequence[Example]], list[Prediction]]
F1 = "f1"


class Trainer(Seq2SeqTrainer):  # type: ignore[misc]
    """Trains one model for one task."""

    def __init__(
        self,
        *args: Any,
        task: Task,
        manifest: Manifest,
        predict: Predict,
        asked: Sequence[Example] = (),
        shown: int = 0,
        decision_weight: float = 0.0,
        draft_weight: float = 0.0,
        tags: dict[str, tuple[int, int]] | None = None,
        word_dropout: float = 0.0,
        shortlisted: bool = False,
        say: Callable[[str], None] = print,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self._task, self._manifest, self._predict = task, manifest, predict
        self._asked, self._shown, self._say = asked, shown, say
        self._weight, self._draft_weight, self._tags = decision_weight, draft_weight, tags or {}
        self._dropped, self._shortlisted = word_dropout, shortlisted
        # transformers expects models that accept `num_items_in_batch` to divide their loss by it. BART and T5 accept
        # any argument and ignore it: their loss is a mean, so accumulated steps would be summed instead of averaged.
        self.model_accepts_loss_kwargs = False

    def compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, **more: Any) -> Any:
        """Returns the usual loss, plus the loss of the decisions if the rows have any."""
        if self._dropped and model.training:
            inputs["input_ids"] = self._masked(inputs["input_ids"])
        beside = {name: inputs.pop(name) for name in features.BESIDE if name in inputs}
        labels = inputs["labels"]
        if "choices" in beside:
            total, outputs = self._among(model, inputs, beside["places"], beside["choices"])
        elif self._weight and "states" in beside:
            total, outputs = self._tagged(model, inputs, beside["copied"], beside["states"], **more)
        else:
            total, outputs = super().compute_loss(model, inputs, return_outputs=True, **more)
        several = model.training and self.args.world_size > 1
        if several:
            total = total * self._share(labels)
        if self._draft_weight and "classes" in beside:
            drafting = self._draft_weight * self._drafting(outputs, beside["classes"])
            total = total + (drafting * self._share(beside["classes"]) if several else drafting)
        return (total, outputs) if return_outputs else total

    def _share(self, labels: Any) -> Any:
        """Returns how many labels this process has, in units of what the processes have on average. A loss is a mean
        over the labels of a batch; without this a step of several processes would be the mean of their means, and not
        the step of one process with the whole batch."""
        own = (labels != features.IGNORED).sum().float()
        return own / self.accelerator.reduce(own.clone(), reduction="mean").clamp(min=1)

    def _tagged(self, model: Any, inputs: dict[str, Any], copied: Any, states: Any, **more: Any) -> tuple[Any, Any]:
        if self._shortlisted:
            usual, outputs, logits, copied, labels, tags = self._shortlist(model, inputs, copied)
        else:
            labels, tags = inputs["labels"], self._tags
            usual, outputs = super().compute_loss(model, inputs, return_outputs=True, **more)
            logits = outputs.logits
        return usual + self._weight * decisions.loss(logits, labels, copied, states, tags), outputs

    def _drafting(self, outputs: Any, classes: Any) -> Any:
        """Returns the mean cross-entropy of the head that drafts, over words."""
        from torch.nn.functional import cross_entropy

        model = self.accelerator.unwrap_model(self.model)
        scores = draft_head.logits(model, outputs.encoder_last_hidden_state)
        return cross_entropy(scores.flatten(0, 1).float(), classes.flatten(), ignore_index=features.IGNORED)

    def _among(self, model: Any, inputs: dict[str, Any], places: Any, choices: Any) -> tuple[Any, Any]:
        labels = inputs["labels"]
        if not self._shortlisted:
            outputs = model(**inputs)
            return decisions.among(outputs.logits, labels, places, choices), outputs
        within = self.accelerator.unwrap_model(model)
        ids, place = shortlist.tokens(inputs | {"choices": choices}, within.config.vocab_size)
        logits, outputs = shortlist.scores(model, within, inputs, ids)
        labels, choices = shortlist.placed(labels, place), shortlist.placed(choices, place)
        return decisions.among(logits, labels, places, choices), outputs

    def _shortlist(self, model: Any, inputs: dict[str, Any], copied: Any) -> tuple[Any, ...]:
        """Returns the usual loss over the batch's own tokens, outputs and scores, and copied tokens, labels and tags as
        indices among those tokens."""
        from torch.nn.functional import cross_entropy

        within = self.accelerator.unwrap_model(model)
        written = [number for pair in self._tags.values() for number in pair]
        ids, place = shortlist.tokens(inputs, within.config.vocab_size, *written)
        logits, outputs = shortlist.scores(model, within, inputs, ids)
        labels = shortlist.placed(inputs["labels"], place)
        smoothing = self.args.label_smoothing_factor
        usual = cross_entropy(logits.flatten(0, 1).float(), labels.flatten(), label_smoothing=smoothing)
        tags = {name: (int(place[opens]), int(place[closes])) for name, (opens, closes) in self._tags.items()}
        return usual, outputs, logits, shortlist.placed(copied, place), labels, tags

    def _masked(self, ids: Any) -> Any:
        """Masks some ids (word dropout), so that a word has to be recognised by its context."""
        import torch

        kept = torch.isin(ids, torch.tensor(self.processing_class.all_special_ids, device=ids.device))
        chosen = torch.rand(ids.shape, device=ids.device) < self._dropped
        return ids.masked_fill(chosen & ~kept, self.processing_class.mask_token_id)

    def prediction_step(self, model: Any, inputs: dict[str, Any], *args: Any, **more: Any) -> Any:
        """Computes the loss only: `evaluation_loop` decodes answers, as a run decodes them."""
        kept = {name: value for name, value in inputs.items() if name not in features.BESIDE}
        return super().prediction_step(model, kept, True, *args[1:], **more)

    def evaluation_loop(self, *args: Any, **more: Any) -> EvalLoopOutput:
        """Evaluates the loss, then predicts the examples and scores the predictions."""
        output = super().evaluation_loop(*args, **more)
        if self._asked:
            prefix = more.get("metric_key_prefix", "eval")
            output.metrics.update({f"{prefix}_{name}": value for name, value in self.scores().items()})
        return output

    def scores(self) -> dict[str, float]:
        """Returns the task's main scores on the evaluation examples; `f1` is the first of them."""
        model = self.accelerator.unwrap_model(self.model)
        was_training = model.training
        predictions = {p.id: p for p in self._predict(model, self._asked)}
        model.train(was_training)
        values = [predictions[example.id] for example in self._asked if example.id in predictions]
        result = evaluate(self._task, self._asked, values, labels=self._manifest.labels, signature={})
        self._show(predictions)
        main = {name: result.scores.get(name, 0.0) for name in self._task.headline}
        return {F1: main[self._task.headline[0]], **main}

    def _show(self, predictions: dict[str, Prediction]) -> None:
        """Prints a few examples, gold beside prediction."""
        for example in self._asked[: self._shown]:
            gold = self._task.gold(example)
            if gold is not None and example.id in predictions:
                self._say(f"{example.id}: gold: {self._written(gold, example)}")
                self._say(f"{example.id}: predicted: {self._written(predictions[example.id].value, example)}")

    def _written(self, value: Value, example: Example) -> str:
        kind = self._task.kind
        scheme = Scheme(kind, self._manifest.labels, self._task.given(example))
        text = formats.get(formats.named(kind), kind).render(example.text, value, scheme)
        return " | ".join(text.split("\n"))[:300]

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """Writes the head that drafts into its own file, as in a model folder; one of several processes does."""
        folder = Path(output_dir or str(self.args.output_dir)) if self.args.should_save else None
        with draft_head.apart(self.accelerator.unwrap_model(self.model), folder):
            super()._save(output_dir, state_dict)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        within = self.accelerator.unwrap_model(model or self.model)
        with draft_head.apart(within):
            super()._load_from_checkpoint(resume_from_checkpoint, model)
        draft_head.load(Path(resume_from_checkpoint), within, self._manifest)

    def _load_best_model(self) -> None:
        within = self.accelerator.unwrap_model(self.model)
        with draft_head.apart(within):
            super()._load_best_model()
        draft_head.load(Path(str(self.state.best_model_checkpoint)), within, self._manifest)

    def save_model(self, output_dir: str | None = None, *args: Any, **more: Any) -> None:
        """Saves what transformers saves, and the manifest: every checkpoint is a model folder."""
        super().save_model(output_dir, *args, **more)
        if self.args.should_save:
            self._manifest.write(Path(output_dir or str(self.args.output_dir)))
