"""A job through the Batch endpoint of its server: half the price, within a day.

    requests ──► one goes online ──► files of requests ──► batches ──► files of answers ──► the cassette

`engine.ask` takes this way if `Job.batches` says so, and ends as always: every answer is a line of the cassette. See
docs/batch.md.
"""
