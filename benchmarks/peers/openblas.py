"""Matrix products by NumPy, whose wheels bring OpenBLAS; the output is given, so that no memory is taken anew."""
import numpy as np
from common import MARK, SGEMM, emit, timed, wanted

blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
PEER = f"OpenBLAS {blas['version']}" if "openblas" in blas["name"] else f"NumPy on {blas['name']} {blas['version']}"
random = lambda *shape: np.random.randn(*shape).astype("float32")

if wanted("sgemm"):
    for m, n, k, transposed in SGEMM:
        a = random(k, m).T if transposed == "a" else random(m, k)
        b = random(n, k).T if transposed == "b" else random(k, n)
        c = np.empty((m, n), "float32")
        flops = 2 * m * n * k
        seconds = timed(lambda: np.matmul(a, b, out=c), 7, inner=max(1, round(2e9 / flops)))
        emit(PEER, f"sgemm_{m}x{n}x{k}{MARK[transposed]}", flops / seconds / 1e9, "GFLOP/s")
    x, c = random(1000, 1000), np.empty((1000, 1000), "float32")
    emit(PEER, "matmul_1000_x100", timed(lambda: [np.matmul(x, x, out=c) for _ in range(100)], 3) * 1e3, "ms")
