"""Everything that needs torch at prediction time. Nothing outside this folder and `finetune` imports torch."""
