"""The embedded language model behind an HTTP port of this machine, for systems that ask for one.

    python -m benchmarks.peers.language_server MODEL.gguf THREADS

prints one line of JSON, `{"address": …, "key": …}`, when it listens, and ends with its standard input. The
settings are those of `omni_agent.models.engine`.
"""

from __future__ import annotations

import importlib
import json
import os
import secrets
import sys
from typing import Any

CONTEXT_TOKENS = 8192


def main(path: str, threads: int) -> None:
    """Serve until standard input ends."""
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    # Compiled, without types.
    xllamacpp: Any = importlib.import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx = path, CONTEXT_TOKENS
    params.n_parallel, params.kv_unified = 2, True
    params.n_batch = params.n_ubatch = 128
    params.n_gpu_layers = 0
    params.fit_params = False
    params.cache_ram_mib = 512
    cores = threads or os.cpu_count() or 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = cores
    params.force_pure_content_parser = True
    params.verbosity = -1
    key = secrets.token_urlsafe(32)
    params.api_keys = [key]
    params.ui = params.endpoint_slots = False
    # A client may open a second connection while its first still idles.
    params.n_threads_http = 4
    server = xllamacpp.Server(params)
    print(json.dumps({"address": server.listening_address, "key": key}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
