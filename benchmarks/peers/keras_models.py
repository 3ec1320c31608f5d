"""The models of the rows that Keras runs on several backends, and their epochs: the backend is KERAS_BACKEND's."""
import keras
import numpy as np
from common import emit, timed, wanted

L = keras.layers


def mlp():
    return keras.Sequential([keras.Input((784,)), L.Dense(512, activation="relu"), L.Dense(10, activation="softmax")])


def fashion_cnn():
    return keras.Sequential([
        keras.Input((28, 28, 1)), L.Conv2D(128, 3, strides=2, padding="same", activation="relu"), L.MaxPool2D(3),
        L.BatchNormalization(), L.Flatten(), L.Dense(100, activation="relu"), L.Dense(10, activation="softmax")])


def convnet():
    return keras.Sequential([
        keras.Input((28, 28, 1)), L.Conv2D(32, 3, activation="relu"), L.MaxPool2D(2), L.Conv2D(64, 3, activation="relu"),
        L.MaxPool2D(2), L.Flatten(), L.Dropout(0.5), L.Dense(10, activation="softmax")])


def lstm():
    return keras.Sequential([keras.Input((100, 64)), L.LSTM(128), L.Dense(1)])


def transformer():
    i = x = keras.Input((128, 128))
    for _ in range(2):
        h = L.LayerNormalization()(x)
        x = L.Add()([x, L.MultiHeadAttention(4, 32)(h, h)])
        x = L.Add()([x, L.Dense(128)(L.Dense(512, activation="relu")(L.LayerNormalization()(x)))])
    return keras.Model(i, x)


def fit(model, x, y, batch):
    return lambda: model.fit(x, y, epochs=1, batch_size=batch, verbose=0)


def classifier(model, optimizer, **options):
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"], **options)
    return model


def pictures(n):
    return np.random.rand(n, 28, 28, 1).astype("float32"), np.random.randint(0, 10, n)


def measure(peer, **options):
    """Epochs of fit, by the step; `options` go to compile."""
    if wanted("mnist-mlp"):
        x, y = np.random.rand(60000, 784).astype("float32"), np.random.randint(0, 10, 60000)
        for batch in (128, 32):
            model = classifier(mlp(), "rmsprop", **options)
            emit(peer, f"mnist_mlp_epoch_b{batch}", timed(fit(model, x, y, batch), 3), "s")
    if wanted("fashion-cnn"):
        model = classifier(fashion_cnn(), keras.optimizers.Nadam(0.01), **options)
        emit(peer, "fashion_cnn_fit_step", timed(fit(model, *pictures(6400), 32), 5) / 200 * 1e3, "ms")
    if wanted("convnet"):
        model = classifier(convnet(), "adam", **options)
        emit(peer, "convnet_fit_step", timed(fit(model, *pictures(64 * 60), 64), 5, 2) / 60 * 1e3, "ms")
    if wanted("lstm"):
        model = lstm()
        model.compile(optimizer="adam", loss="mse", **options)
        x, y = np.random.randn(32 * 20, 100, 64).astype("float32"), np.random.randn(32 * 20, 1).astype("float32")
        emit(peer, "lstm_128_fit_step", timed(fit(model, x, y, 32), 5, 2) / 20 * 1e3, "ms")
    if wanted("transformer"):
        model = transformer()
        model.compile(optimizer="adam", loss="mse", **options)
        x, y = np.random.randn(2, 192, 128, 128).astype("float32")
        emit(peer, "transformer_fit_step", timed(fit(model, x, y, 16), 5) / 12 * 1e3, "ms")
