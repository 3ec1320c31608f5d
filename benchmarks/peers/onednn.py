"""Matrix products and convolutions by oneDNN's own interface: compiles onednn.cpp where its headers are installed (libdnnl-dev)."""
import json
import os
import subprocess
import tempfile
from common import MARK, SGEMM, Figures, emit, wanted

source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "onednn.cpp")


def run(args):
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "onednn")
        flags = ["-O2", "-march=native", "-std=c++17", "-pthread"]
        built = subprocess.run([os.environ.get("CXX", "c++"), *flags, source, "-o", program, "-ldnnl"], capture_output=True)
        if built.returncode:
            raise SystemExit("oneDNN is not installed for the compiler")
        lines = subprocess.run([program, *args], capture_output=True, text=True, check=True).stdout.splitlines()
        for row in map(json.loads, lines):
            emit(row["peer"], row["workload"], Figures(row["values"]), row["unit"])


if wanted("sgemm"):
    run([f"sgemm,{m},{n},{k},{transposed},{MARK[transposed]}" for m, n, k, transposed in SGEMM])
if wanted("convnet"):
    # The convolutions of a step alone: with their layouts chosen freely, nothing reordered, no pooling, no optimizer.
    run(["convolutions"])
