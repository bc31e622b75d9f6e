"""Training only: fine-tuned baselines for the same table. `fewshot` never imports this package, it starts it.

    python -m finetune --task ner --data train.jsonl --base-model facebook/bart-base --do_train --do_predict

What a training leaves behind is a model folder (`fewshot.models.model_folder`), which `--backend local` reads.
"""
