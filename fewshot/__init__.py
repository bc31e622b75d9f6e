"""Few-shot prompting and fine-tuning for figure legends, scored alike, in one table."""

__version__ = "0.1.0"
