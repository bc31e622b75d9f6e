"""The study's command lines: every flag of them is understood, and what has another name now is said."""

from __future__ import annotations

import shlex

import pytest

from fewshot.errors import InputError
from finetune.arguments import parse
from finetune.study import translated

pytestmark = pytest.mark.local

NER = (
    '"EMBO/sd-nlp-non-tokenized" "NER" "copy_tag" --base_model "t5-base" --ner_labels GENEPROD EXP_ASSAY SMALL_MOL '
    '--generate_end "[END]" --prompt_init "Copy the input and label the GENEPROD, SMALL_MOL and EXP_ASSAY entities: " '
    "--max_input_length 512 --max_target_length 512 --per_device_train_batch_size 4 --per_device_eval_batch_size 4 "
    '--num_train_epochs 10. --learning_rate 0.00005 --lr_schedule "cosine" --evaluation_strategy "steps" '
    "--eval_steps 1000 --save_steps 2000 --save_total_limit 5 --early_stopping --do_train --do_eval --do_predict "
    '--logging_steps 100 --temperature 0.75 --run_name "seq2seq-biobart-base-ner-all" --generation_max_length 512 '
    "--predict_with_generate --generation_num_beams 1 --no_repeat_ngram_size 3"
)
CAUSAL = (
    'GENEPROD_seq2seq_cleaned.csv CAUSAL "copy_tag" --delimiter "###tt9HHSlkWoUM###" --base_model "facebook/bart-base" '
    "--do_train --do_predict --do_eval --max_input_length 512 --max_target_length 128 --per_device_train_batch_size 8 "
    '--per_device_eval_batch_size 8 --num_train_epochs 15. --learning_rate 0.00005 --lr_schedule "cosine" '
    '--evaluation_strategy "steps" --eval_steps 1000 --save_steps 2000 --save_total_limit 5 --early_stopping '
    '--logging_steps 100 --temperature 0.75 --run_name "seq2seq-bart-causal" --generation_max_length 512 '
    "--predict_with_generate"
)
PANELS = (
    'panelization_task.csv "other" "other" --base_model "GanjinZero/biobart-base" --max_input_length 1024 '
    "--max_target_length 1024 --per_device_train_batch_size 4 --per_device_eval_batch_size 4 --num_train_epochs 50. "
    '--learning_rate 0.0001 --evaluation_strategy "steps" --eval_steps 1000 --save_total_limit 10 --do_train --do_eval '
    '--do_predict --logging_steps 100 --run_name "seq2seq-biobart-base-panelization" --generation_max_length 1024 '
    "--predict_with_generate --generation_num_beams 1"
)
LIST = (
    '"EMBO/sd-nlp-non-tokenized" "NER" --base_model "GanjinZero/biobart-large" '
    '--from_local_checkpoint "./test_seq2seq_metrics/checkpoint-30000/" --ner_labels all --generate_end "[END]" '
    "--max_input_length 512 --max_target_length 64 --per_device_train_batch_size 8 --per_device_eval_batch_size 8 "
    '--early_stopping --do_predict --logging_steps 100 --run_name "seq2seq-biobart-large-ner-all" '
    "--generation_max_length 64 --predict_with_generate --generation_num_beams 1"
)


def test_the_ner_line() -> None:
    ours, training, notices = parse(shlex.split(NER))
    assert (ours.data, ours.task, ours.format) == ("EMBO/sd-nlp-non-tokenized", "ner", "copy_tag")
    assert ours.labels == ("GENEPROD", "EXP_ASSAY", "SMALL_MOL")
    assert ours.prompt == "Copy the input and label the GENEPROD, SMALL_MOL and EXP_ASSAY entities: "
    assert ours.end == "[END]"
    assert ours.early_stopping == 3
    assert ours.generation == {"no_repeat_ngram_size": 3}, "a temperature without sampling changes nothing"
    assert training.lr_scheduler_type == "cosine"
    assert training.eval_strategy == "steps"
    assert (training.eval_steps, training.save_steps, training.num_train_epochs) == (1000, 2000, 10)
    assert training.run_name == "seq2seq-biobart-base-ner-all"
    assert training.output_dir == "runs/models/seq2seq-biobart-base-ner-all"
    assert "--evaluation_strategy is called --eval_strategy now" in notices
    assert "--lr_schedule is called --lr_scheduler_type now" in notices
    assert any("no_repeat_ngram_size 3 forbids copying" in line for line in notices)


def test_the_causal_line() -> None:
    ours, training, _ = parse(shlex.split(CAUSAL))
    assert (ours.data, ours.task, ours.format) == ("GENEPROD_seq2seq_cleaned.csv", "causal", "copy_tag")
    assert ours.delimiter == "###tt9HHSlkWoUM###"
    assert (ours.max_input_length, ours.max_target_length) == (512, 128)
    assert training.per_device_train_batch_size == 8


def test_the_panelization_line() -> None:
    ours, training, _ = parse(shlex.split(PANELS))
    assert (ours.task, ours.format, ours.early_stopping) == ("other", "other", None)
    assert training.num_train_epochs == 50
    assert training.learning_rate == 0.0001


def test_the_line_without_a_task_type() -> None:
    ours, training, _ = parse(shlex.split(LIST))
    assert ours.format is None
    assert ours.labels == (), "all"
    assert ours.checkpoint == "./test_seq2seq_metrics/checkpoint-30000/"
    assert (training.do_train, training.do_predict) == (False, True)


def test_flags_of_today_and_their_dashes() -> None:
    line = "--task ner --data demo --base-model x --kind tagger --do_train --num-train-epochs 2 --learning-rate 1e-4"
    ours, training, notices = parse(line.split())
    assert (ours.kind, ours.data, ours.base_model) == ("tagger", "demo", "x")
    assert (training.num_train_epochs, training.learning_rate) == (2, 1e-4)
    assert notices == []


def test_what_has_gone_is_said_and_its_value_is_not_taken_for_data() -> None:
    words, notices = translated(
        ["--logging_dir", "logs", "--overwrite_output_dir", "--adafactor", "--fp16_opt_level=O1", "x"]
    )
    assert words == ["--overwrite_output_dir", "--optim", "adafactor", "x"]
    assert len(notices) == 3


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("demo", "--task is missing"),
        ("demo ner copy_tag more --do_train --base-model x", "'more'"),
        ("demo ner --base-model x", "nothing to do"),
        ("demo ner --do_train", "--base-model is missing"),
        ("demo ner --do_train --base-model x --no_such_flag 1", "no_such_flag"),
        ("demo ner --do_train --base-model x --split-fractions 0.5 0.2 0.2", "add up to 1"),
        ("demo ner --do_train --base-model x --decoder copy --no_repeat_ngram_size 3", "cannot be combined"),
        ("demo ner --do_train --base-model x --learning_rate fast", "learning_rate"),
    ],
)
def test_one_clear_line_for_what_is_wrong(line: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        parse(line.split())
