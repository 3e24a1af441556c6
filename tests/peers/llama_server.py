"""llama.cpp's HTTP server, as the xllamacpp wheel carries it, on loopback unless HOST says otherwise.

    llama_server.py MODEL.gguf PORT ALIAS [CONTEXT [THREADS]]

One slot, so that requests queue as they do on a busy server. /metrics and /slots are on.
"""

import os
import signal
import sys

import xllamacpp


def main(model: str, port: str, alias: str, context: str = "2048", threads: str = "1") -> None:
    params = xllamacpp.CommonParams()
    params.model.path = model
    params.model_alias = {alias}
    params.hostnames = [os.environ.get("HOST", "127.0.0.1")]
    params.port = int(port)
    params.n_ctx = int(context)
    params.n_parallel = 1
    params.cpuparams.n_threads = int(threads)
    params.cpuparams_batch.n_threads = int(threads)
    params.endpoint_metrics = True
    params.endpoint_slots = True
    server = xllamacpp.Server(params)
    print("listening on", server.listening_address, flush=True)
    signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
