import re
import sys
import keras
import numpy

convnet = sys.argv[1] == "convnet"
generator = numpy.random.default_rng(1)
x = generator.random((60_000, 28, 28, 1) if convnet else (60_000, 784), dtype=numpy.float32)
y = generator.integers(0, 10, 60_000)
layers = keras.layers
if convnet:
    body = [
        layers.Conv2D(32, 3, activation="relu"), layers.MaxPool2D(2), layers.Conv2D(64, 3, activation="relu"), layers.MaxPool2D(2),
        layers.Flatten(), layers.Dropout(0.5)]
else:
    body = [layers.Dense(512, "relu")]
model = keras.Sequential([*body, layers.Dense(10, "softmax")])
model.compile("adam" if convnet else "rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, batch_size=64 if convnet else 128, steps_per_epoch=60 if convnet else None, verbose=0)
print(re.search(r"VmHWM:\s*(\d+)", open("/proc/self/status").read())[1], flush=True)
