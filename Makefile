# Every target works from a fresh clone: .venv is made and filled when it is missing or pyproject.toml changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Reading the files of all other tests takes half a minute.
WITH_MODELS = $$(grep -rl 'mark\.models' tests --include='test_*.py')
EXTRAS := local,japanese,audio,serve,mcp,encryption,dev$(MORE)

.PHONY: setup demo models test coverage explore lint types mypy pyright docs bench clean

setup: $(READY)

$(READY): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[$(EXTRAS)]' $(PINS)
	touch $(READY)

demo: setup
	@$(BIN)/omni-agent ask --agent examples/02_tool.py --audio examples/timer.wav --speak reply.wav

models: setup
	$(BIN)/omni-agent models pull
	$(BIN)/omni-agent models pull language-small

test: models
	$(BIN)/python -m pytest -m "not models" -n auto --dist worksteal
	$(BIN)/python -m pytest -m models $(WITH_MODELS)

# Apart, as counting lines makes the tests a third slower.
coverage: setup
	$(BIN)/python -m pytest -m "not models" -n auto --cov --cov-report= --cov-fail-under=0
	$(BIN)/python -m pytest -m models $(WITH_MODELS) --cov --cov-append --cov-report=term

explore: setup
	$(BIN)/python -m pytest -m "not models" --hypothesis-profile=explore $$(grep -rl hypothesis tests --include='test_*.py')

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: mypy pyright

mypy: setup
	$(BIN)/mypy

pyright: setup
	$(BIN)/pyright

docs: setup
	$(BIN)/mkdocs build --strict

bench: setup
	$(BIN)/python -m benchmarks.latency
	$(BIN)/python -m benchmarks.speech_to_intent
	$(BIN)/python -m benchmarks.grounding

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* dist build site reply.wav
