"""Runs a peer's script once for each line of the input, which names a workload: libraries are imported once, and wait while others are
measured. Usage: serve.py SCRIPT"""
import json
import os
import sys
import traceback

script = sys.argv[1]
sys.path.insert(0, os.path.dirname(os.path.abspath(script)))
with open(script) as file:
    program = compile(file.read(), script, "exec")

for line in sys.stdin:
    workload = line.strip()
    sys.argv = [script, workload]
    try:
        exec(program, {"__name__": "__main__", "__file__": script})
    except BaseException:
        # One workload that a peer cannot do does not end the others.
        print(json.dumps({"failure": traceback.format_exc()[-600:]}), flush=True)
    print(json.dumps({"end": workload}), flush=True)
