"""Training only: fine-tuned baselines for the same table. `fewshot` starts this package and never imports it.

    python -m finetune --task ner --data train.jsonl --base-model facebook/bart-base --do_train --do_predict

A training writes a model folder (`fewshot.models.model_folder`), which `--backend local` reads.
"""
