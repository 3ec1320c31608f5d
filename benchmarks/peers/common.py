"""What the peers' scripts share: workload names are those of the TypeScript side; one JSON line for each figure."""
import json
import os
import statistics
import sys
import time

# Seconds that one figure may take, as on our side.
SECONDS = float(os.environ.get("KERATIN_BENCH_SECONDS", 20))


def wanted(name):
    return len(sys.argv) < 2 or any(word in name for word in sys.argv[1:])


class Figures(float):
    """The median of what was measured, as a number; what is done with it is done with every repetition."""

    def __new__(cls, values):
        self = super().__new__(cls, statistics.median(values))
        self.values = values
        return self

    def __mul__(self, factor):
        return Figures([value * factor for value in self.values])

    def __truediv__(self, divisor):
        return Figures([value / divisor for value in self.values])

    def __rtruediv__(self, dividend):
        return Figures([dividend / value for value in self.values])


def timed(fn, repetitions=5, warmup=1, inner=1, settle=0.3):
    """Seconds of one call. The warm-up is that of our side: so many calls and so many seconds, at least."""
    begin = time.perf_counter()
    calls = 0
    while calls < warmup or time.perf_counter() - begin < settle:
        fn()
        calls += 1
    measured = time.perf_counter()
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        if seconds and start - measured > SECONDS:
            break
        for _ in range(inner):
            fn()
        seconds.append((time.perf_counter() - start) / inner)
    return Figures(seconds)


def emit(peer, workload, value, unit):
    row = {"peer": peer, "workload": workload, "value": float(value), "unit": unit}
    if isinstance(value, Figures):
        row |= {"min": min(value.values), "max": max(value.values), "repetitions": len(value.values)}
    print(json.dumps(row), flush=True)


SGEMM = [
    (128, 512, 784, ""), (784, 512, 128, "a"), (128, 784, 512, "b"), (32, 100, 2048, ""), (1000, 1000, 1000, ""),
    (32, 512, 784, ""), (2048, 128, 128, ""), (2048, 512, 128, ""), (32, 512, 128, ""), (100, 400, 100, ""),
]
MARK = {"": "", "a": "_TN", "b": "_NT"}
