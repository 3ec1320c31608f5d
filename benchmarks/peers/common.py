"""What the peers' scripts share: workload names are those of the TypeScript side; one JSON line for each figure."""
import json
import statistics
import sys
import time


def wanted(name):
    return len(sys.argv) < 2 or any(word in name for word in sys.argv[1:])


def timed(fn, repetitions=5, warmup=1, inner=1):
    for _ in range(warmup):
        fn()
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        for _ in range(inner):
            fn()
        seconds.append((time.perf_counter() - start) / inner)
    return statistics.median(seconds)


def emit(peer, workload, value, unit):
    print(json.dumps({"peer": peer, "workload": workload, "value": value, "unit": unit}), flush=True)


SGEMM = [
    (128, 512, 784, ""), (784, 512, 128, "a"), (128, 784, 512, "b"), (32, 100, 2048, ""), (1000, 1000, 1000, ""),
    (32, 512, 784, ""), (2048, 128, 128, ""), (2048, 512, 128, ""), (32, 512, 128, ""), (100, 400, 100, ""),
]
MARK = {"": "", "a": "_TN", "b": "_NT"}
