# What a newcomer types: `make demo`, `make test`. Everything is installed into .venv, with the tested versions.
PYTHON ?= python3.11
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: help demo test gliner check docs encoder llm gemma lint types contracts wheel mutants clean

help:
	@echo "make demo   run everything that runs here on the bundled corpus, print one table per task"
	@echo "make test   install what tests need and run them all"
	@echo "make gliner run the tests of --backend gliner in an environment of its own (an older transformers)"
	@echo "make encoder  fetch an encoder for --embedder (84 MB, optional)"
	@echo "make llm    fetch a real language model (93 MB), serve it, ask it about the bundled corpus, stop it"
	@echo "make mutants  plant 150 faults in the code, one at a time, and count those that no test notices (20 minutes)"
	@echo "make docs   write the documentation as a site (site/index.html), every link checked"
	@echo "make check  ruff, mypy --strict, import-linter, the documentation, the wheel in an empty environment"

.venv/local: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) -e '.[local]'
	@touch $@

.venv/dev: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) -e '.[local,serve,dev,docs]'
	@touch $@ .venv/local

demo: .venv/local
	$(BIN)/fewshot demo

test: .venv/dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadgroup

# The gliner library wants an older transformers and huggingface_hub than ours: what talks to the hub is tested there too.
.venv/gliner/ready: pyproject.toml constraints-gliner.txt
	$(PYTHON) -m venv .venv/gliner
	.venv/gliner/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-gliner.txt -e '.[gliner]' pytest pytest-asyncio pytest-xdist hypothesis
	@touch $@

gliner: .venv/gliner/ready
	OMP_NUM_THREADS=1 .venv/gliner/bin/python -m pytest -n 2 tests/models/test_gliner.py tests/models/test_gliner_folder.py tests/backends/test_gliner.py tests/servers/test_hub.py tests/backends/test_bloom.py

# Real weights, optional, under models/ (git-ignored), their SHA-256 verified.
encoder: .venv/dev
	$(BIN)/python -m benchmarks.weights encoder

llm: .venv/dev
	$(BIN)/python -m benchmarks.llm --model smollm2 $(ARGS)

gemma: .venv/dev
	$(BIN)/python -m benchmarks.llm --model gemma $(ARGS)

check: lint types contracts docs wheel

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev
	$(BIN)/mypy

contracts: .venv/dev
	$(BIN)/lint-imports

# The notice that is silenced advertises another generator; what is wrong with a page fails the build (`strict`).
docs: .venv/dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

wheel: .venv/dev
	rm -rf dist .venv/empty
	$(BIN)/python -m build --wheel --no-isolation --outdir dist .
	$(PYTHON) -m venv .venv/empty
	.venv/empty/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt dist/*.whl
	cd .venv/empty && bin/fewshot --help && bin/fewshot demo

# Not part of `check` and not in CI: docs/testing.md holds the last result.
mutants: .venv/dev
	$(PIP) -e '.[mutants]'
	$(BIN)/python -m benchmarks.mutants $(ARGS)

clean:
	rm -rf .venv dist build site .mypy_cache .ruff_cache .hypothesis .import_linter_cache
