"""Rebuilds each model in Keras from its configs and weights or opens its files, and compares predictions and one training step."""
import json
import os
import sys

os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")
import keras
import numpy as np
import onnxruntime
import tensorflow as tf
from google.protobuf import text_format
from safetensors.numpy import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

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
    written = json.load(file)
print(f"Keras {keras.__version__}")
for case in written["models"]:
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
for case in written["files"]:
    name = case["id"]

    def values(role, count=1):
        return [tensors[f"{name}/{role}/{i}"] for i in range(count)]

    x, (y,), predictions = values("x", case["num_inputs"]), values("y"), values("predictions")[0]
    x = x if len(x) > 1 else x[0]
    path = os.path.join(folder, name)
    model = keras.saving.load_model(f"{path}.keras")
    close(f"{name}.keras: predictions", predictions, model.predict_on_batch(x))
    unpacked = keras.saving.load_model(f"{path}-folder")
    close(f"{name}-folder: predictions", predictions, unpacked.predict_on_batch(x))
    session = onnxruntime.InferenceSession(f"{path}.onnx", providers=["CPUExecutionProvider"])
    # Another size of the batch than the one that the graph was made with.
    feeds = dict(zip([port.name for port in session.get_inputs()], values("x", case["num_inputs"])))
    close(f"{name}.onnx: predictions", predictions, session.run(None, feeds)[0])
    part = {key: value[:3] for key, value in feeds.items()}
    close(f"{name}.onnx: predictions of three", predictions[:3], session.run(None, part)[0])
    fresh = keras.models.clone_model(model)
    fresh.compile(optimizer=keras.optimizers.deserialize(keras.optimizers.serialize(model.optimizer)), loss=model.loss)
    fresh.optimizer.build(fresh.trainable_variables)
    fresh.load_weights(f"{path}.weights.h5")
    for ours, theirs in zip(fresh.optimizer.variables, model.optimizer.variables):
        close(f"{name}.weights.h5: {theirs.path}", ours.numpy().astype("float64"), theirs.numpy().astype("float64"), 0)
    close(f"{name}.weights.h5: predictions", predictions, fresh.predict_on_batch(x))
    if case["legacy"]:
        legacy = keras.saving.load_model(f"{path}.h5", compile=False)
        close(f"{name}.h5: predictions", predictions, legacy.predict_on_batch(x))
    close(f"{name}.keras: loss of the next step", case["loss_value"], model.train_on_batch(x, y))
    for variable, ours in zip(model.weights, values("after", case["num_weights"])):
        close(f"{name}.keras: {variable.path} after a step", ours, variable.numpy())
    for variable, ours in zip(model.optimizer.variables, values("state", case["num_state"])):
        close(f"{name}.keras: {variable.path} after a step", ours, variable.numpy().astype("float32"))
def read_events(run):
    events = EventAccumulator(os.path.join(folder, "logs", run))
    events.Reload()
    return events


for run, loss in written["events"]["losses"].items():
    close(f"events of {run}: epoch_loss", loss, read_events(run).Tensors("epoch_loss")[-1].tensor_proto.float_val[0], 1e-6)
training = read_events("train")
for plugin, tags in written["events"]["tags"].items():
    for tag in tags:
        found = tag in training.Tags()["tensors"] and training.SummaryMetadata(tag).plugin_data.plugin_name == plugin
        failures += not found
        print(f"{'ok  ' if found else 'FAIL'} events of train: {tag} for {plugin}")
for tag in written["events"]["tags"]["images"]:
    width, height, *files = training.Tensors(tag)[-1].tensor_proto.string_val
    shape = tf.io.decode_png(files[0]).shape
    close(f"events of train: size of {tag}", [int(height), int(width)], shape[:2])
with open(os.path.join(folder, "logs", "projector_config.pbtxt"), encoding="utf-8") as file:
    (table,) = text_format.Parse(file.read(), ProjectorConfig()).embeddings
close("projector: rows and columns", [3, 4], np.loadtxt(os.path.join(folder, "logs", table.tensor_path)).shape)
print(f"{failures} differences")
sys.exit(1 if failures else 0)
