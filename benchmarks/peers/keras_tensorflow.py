"""The benchmark rows by Keras on TensorFlow."""
import os

os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")
import keras
import numpy as np
import tensorflow as tf
from common import emit, timed, wanted

PEER = f"Keras {keras.__version__}"
L = keras.layers


def fit(model, x, y, batch):
    return lambda: model.fit(x, y, epochs=1, batch_size=batch, verbose=0)


if wanted("eager"):
    a, b = tf.random.normal([10]), tf.random.normal([10])
    emit(PEER, "add_10_eager", timed(lambda: tf.add(a, b), 9, 1000, 10_000) * 1e6, "us")
    square = tf.random.normal([1024, 1024])
    emit(PEER, "softmax_1024x1024", timed(lambda: tf.nn.softmax(square), 9, inner=20) * 1e3, "ms")

if wanted("tiny"):
    model = keras.Sequential([keras.Input((2,)), L.Dense(8, activation="tanh"), L.Dense(1, activation="sigmoid")])
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    y = np.array([[0], [1], [1], [0]], "float32")
    emit(PEER, "xor_train_on_batch", timed(lambda: model.train_on_batch(x, y), 5, 20, 100) * 1e6, "us")
    emit(PEER, "xor_call_1", timed(lambda: model(x[:1]), 5, 20, 100) * 1e6, "us")
    emit(PEER, "xor_predict_1", timed(lambda: model.predict(x[:1], verbose=0), 5, 3, 10) * 1e6, "us")

if wanted("mnist-mlp"):
    x, y = np.random.rand(60000, 784).astype("float32"), np.random.randint(0, 10, 60000)
    for batch in (128, 32):
        model = keras.Sequential([keras.Input((784,)), L.Dense(512, activation="relu"), L.Dense(10, activation="softmax")])
        model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        emit(PEER, f"mnist_mlp_epoch_b{batch}", timed(fit(model, x, y, batch), 3), "s")

if wanted("fashion-cnn"):
    x, y = np.random.rand(6400, 28, 28, 1).astype("float32"), np.random.randint(0, 10, 6400)
    model = keras.Sequential([
        keras.Input((28, 28, 1)), L.Conv2D(128, 3, strides=2, padding="same", activation="relu"), L.MaxPool2D(3),
        L.BatchNormalization(), L.Flatten(), L.Dense(100, activation="relu"), L.Dense(10, activation="softmax")])
    model.compile(optimizer=keras.optimizers.Nadam(0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    emit(PEER, "fashion_cnn_fit_step", timed(fit(model, x, y, 32), 3) / 200 * 1e3, "ms")
