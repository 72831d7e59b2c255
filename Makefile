# Short names for what a developer runs all the time; ./loa --help shows the rest.
LOCK = .venv/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
       --no-emit-index-url --no-header --fork-strategy fewest --quiet

.PHONY: demo test quick lint lock

demo:
	./loa demo

test:
	./loa test

quick:
	./loa test --quick

lint:
	.venv/bin/ruff check .

# After a change of dependencies in pyproject.toml; UPGRADE=--upgrade also takes newer versions.
# The last line fails for a package that would have to be compiled on Debian 13.
lock:
	$(LOCK) $(UPGRADE) -o requirements.lock
	$(LOCK) $(UPGRADE) --group dev -c requirements.lock -o requirements-dev.lock
	.venv/bin/uv pip compile requirements-dev.lock --python-version 3.13 --no-build --quiet > /dev/null
