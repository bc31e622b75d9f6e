"""One run, from settings to a run folder: planned, asked, scored, recorded; and replayed from what was recorded."""
