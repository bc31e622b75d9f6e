"""cleanlab's token scores, in an environment of its own: reads labels and probabilities, prints scores.

/tmp/cl/bin/python benchmarks/cross_fit_peer.py words.npz METHOD > scores.json
"""

import json
import sys

import numpy as np
from cleanlab.token_classification.rank import get_label_quality_scores

words = np.load(sys.argv[1])
ends = words["ends"]
labels = np.split(words["labels"], ends)
probabilities = np.split(words["probabilities"], ends)
_, scores = get_label_quality_scores(
    [list(map(int, one)) for one in labels], probabilities, token_score_method=sys.argv[2]
)
print(json.dumps([float(score) for one in scores for score in one]))
