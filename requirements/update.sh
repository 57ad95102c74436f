#!/usr/bin/env bash
# Write both lock files anew from pyproject.toml. Needs `uv`, the locks themselves need only pip.
set -euo pipefail
cd "$(dirname "$0")/.."
lock() {
    uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
        --no-emit-index-url --no-emit-find-links --quiet "$@"
}
lock --extra all --extra dev -o requirements/dev.lock
lock --extra all --extra dev --extra peers -o requirements/peers.lock
