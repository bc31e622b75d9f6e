"""A system applied to texts without end: whatever can be a row of the table, over any number of unlabelled legends.

    done = annotate(Job(settings, ("legends.jsonl",), Path("out")))
    done.written, done.rejected

Records are read one at a time and cut into numbered partitions; each is written whole or not at all, so that a job that
was killed goes on at the first one that is missing. Memory does not grow with the corpus.
"""

from fewshot.annotate.job import Job as Job
from fewshot.annotate.running import annotate as annotate
from fewshot.annotate.tally import Counts as Counts
from fewshot.annotate.tally import Done as Done
from fewshot.annotate.tally import Pace as Pace
