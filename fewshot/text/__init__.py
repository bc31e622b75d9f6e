"""What a text says where: alignment of a copy, grounding of names, IOB tags, the grammar of legends, span edges."""
