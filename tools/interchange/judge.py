"""Rebuilds each model in Keras from its configs and weights, and compares predictions and one training step."""
import json
import os
import sys

os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")
import keras
import numpy as np
from safetensors.numpy import load_file

folder = sys.argv[1]
tensors = load_file(os.path.join(folder, "tensors.safetensors"))
failures = 0


def close(what, ours, theirs, tolerance=1e-5):
    global failures
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    worst = np.max(np.abs(ours - theirs) / (1 + np.abs(theirs)), initial=0) if ours.shape == theirs.shape else np.inf
    good = worst <= tolerance
    failures += not good
    print(f"{'ok  ' if good else 'FAIL'} {what}: {worst:.1e}")


with open(os.path.join(folder, "cases.json"), encoding="utf-8") as file:
    cases = json.load(file)
print(f"Keras {keras.__version__}")
for case in cases:
    name = case["id"]

    def values(role, count=1):
        return [tensors[f"{name}/{role}/{i}"] for i in range(count)]

    count = case["num_weights"]
    model = keras.Sequential([keras.Input(case["input_shape"])] + [keras.layers.deserialize(node) for node in case["layers"]])
    model.compile(optimizer=keras.optimizers.deserialize(case["optimizer"]), loss=keras.losses.deserialize(case["loss"]))
    model.set_weights(values("before", count))
    x, y = values("x")[0], values("y")[0]
    close(f"{name}: predictions", values("predictions")[0], model.predict_on_batch(x))
    close(f"{name}: loss", case["loss_value"], model.train_on_batch(x, y))
    for i, (ours, theirs) in enumerate(zip(values("after", count), model.get_weights())):
        close(f"{name}: {model.weights[i].path} after a step", ours, theirs)
print(f"{failures} differences")
sys.exit(1 if failures else 0)
