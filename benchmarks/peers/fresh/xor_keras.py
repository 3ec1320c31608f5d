import re
import keras
import numpy

model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(1, "sigmoid")])
model.predict(numpy.array([[0.0, 1.0]]), verbose=0)
print(re.search(r"VmHWM:\s*(\d+)", open("/proc/self/status").read())[1], flush=True)
