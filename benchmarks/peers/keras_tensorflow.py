"""The benchmark rows by Keras on TensorFlow."""
import os

os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")
import keras
import numpy as np
import tensorflow as tf
from common import emit, timed, wanted
from keras_models import fashion_cnn, measure, pictures

PEER = f"Keras {keras.__version__}"
L = keras.layers


if wanted("eager"):
    a, b = tf.random.normal([10]), tf.random.normal([10])
    emit(PEER, "add_10_eager", timed(lambda: tf.add(a, b), 9, 1000, 10_000) * 1e6, "us")
    square = tf.random.normal([1024, 1024])
    emit(PEER, "softmax_1024x1024", timed(lambda: tf.nn.softmax(square), 9, inner=20) * 1e3, "ms")

if wanted("tensors"):
    cube, square, large = tf.random.normal([128, 64, 128]), tf.random.normal([1024, 1024]), tf.random.normal([2048, 2048])
    long, rows, table = tf.random.normal([1_000_000]), tf.random.normal([16, 65_536]), tf.random.normal([100_000, 64])
    ids = tf.random.uniform([50_000], 0, 100_000, "int32")
    signal = tf.complex(tf.random.normal([65_536]), tf.zeros([65_536]))
    pictures = tf.random.normal([32, 64, 64, 3])
    calls = {}
    for axis in range(3):
        calls[f"sum_axis{axis}_128x64x128"] = lambda axis=axis: tf.reduce_sum(cube, axis)
        calls[f"mean_axis{axis}_128x64x128"] = lambda axis=axis: tf.reduce_mean(cube, axis)
        calls[f"max_axis{axis}_128x64x128"] = lambda axis=axis: tf.reduce_max(cube, axis)
    calls |= {
        "softmax_16x65536": lambda: tf.nn.softmax(rows),
        "sort_1e6": lambda: tf.sort(long),
        "argsort_1e6": lambda: tf.argsort(long),
        "topk10_1024x1024": lambda: tf.math.top_k(square, 10),
        "gather_50000_of_100000x64": lambda: tf.gather(table, ids),
        "transpose_1024x1024": lambda: tf.transpose(square),
        "transpose_2048x2048": lambda: tf.transpose(large),
        "transpose_021_128x64x128": lambda: tf.transpose(cube, [0, 2, 1]),
        "cumsum_1e6": lambda: tf.cumsum(long),
        "cumsum_axis0_1024x1024": lambda: tf.cumsum(square),
        "fft_65536": lambda: tf.signal.fft(signal),
        "maxpool2_32x64x64x3": lambda: tf.nn.max_pool2d(pictures, 2, 2, "VALID"),
    }
    for name, call in calls.items():
        emit(PEER, name, timed(call, 7, 2, 1 if "sort" in name else 5) * 1e3, "ms")

if wanted("tiny"):
    model = keras.Sequential([keras.Input((2,)), L.Dense(8, activation="tanh"), L.Dense(1, activation="sigmoid")])
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    y = np.array([[0], [1], [1], [0]], "float32")
    emit(PEER, "xor_train_on_batch", timed(lambda: model.train_on_batch(x, y), 5, 20, 100) * 1e6, "us")
    emit(PEER, "xor_call_1", timed(lambda: model(x[:1]), 5, 20, 100) * 1e6, "us")
    emit(PEER, "xor_predict_1", timed(lambda: model.predict(x[:1], verbose=0), 5, 3, 10) * 1e6, "us")

# Epochs of fit as it comes, and with several steps in a call of TensorFlow.
measure(PEER)
measure(f"{PEER}, steps_per_execution 20", steps_per_execution=20)

if wanted("fashion-cnn"):
    def loop(compiled):
        """A step by GradientTape: its optimizer and loss are Keras's."""
        model, optimizer = fashion_cnn(), keras.optimizers.Nadam(0.01)
        optimizer.build(model.trainable_variables)
        loss_of = keras.losses.SparseCategoricalCrossentropy()

        def step(x, y):
            with tf.GradientTape() as tape:
                loss = loss_of(y, model(x, training=True))
            variables = model.trainable_variables
            optimizer.apply(tape.gradient(loss, variables), variables)

        return tf.function(step) if compiled else step

    x, y = map(tf.constant, pictures(6400))
    for kind, compiled, steps in (("GradientTape", False, 10), ("GradientTape in tf.function", True, 200)):
        step = loop(compiled)

        def run():
            for i in range(steps):
                step(x[32 * i:32 * i + 32], y[32 * i:32 * i + 32])

        seconds = timed(run, 3) / steps * 1e3
        emit(f"TensorFlow {tf.__version__}, {kind}", "fashion_cnn_fit_step" if compiled else "fashion_cnn_tape_step", seconds, "ms")

if wanted("adam"):
    weights = [keras.Variable(np.zeros((1000, 1000), "float32")) for _ in range(10)]
    optimizer = keras.optimizers.Adam(0.001)
    optimizer.build(weights)
    gradients = [tf.random.normal([1000, 1000]) for _ in range(10)]
    step = tf.function(lambda given: optimizer.apply(given, weights))
    emit(PEER, "adam_10x1000x1000", timed(lambda: step(gradients), 31) * 1e3, "ms")
    slots = [[tf.Variable(tf.zeros([1000, 1000])) for _ in range(3)] for _ in range(10)]

    # The kernel of tf.keras before Keras 3.
    @tf.function
    def kernel(given, first, second):
        for (w, m, v), gradient in zip(slots, given):
            tf.raw_ops.ResourceApplyAdam(var=w.handle, m=m.handle, v=v.handle, beta1_power=first, beta2_power=second, lr=1e-3, beta1=0.9,
                                         beta2=0.999, epsilon=1e-7, grad=gradient)

    powers = tf.constant(0.9), tf.constant(0.999)
    emit(f"TensorFlow {tf.__version__}, ResourceApplyAdam", "adam_10x1000x1000", timed(lambda: kernel(gradients, *powers), 31) * 1e3, "ms")

if wanted("eager"):
    def chain(x):
        for _ in range(5):
            x = x * 1.01 + 0.1
        return x

    big = tf.random.normal([1_000_000])
    emit(f"TensorFlow {tf.__version__}", "chain10_1e6_eager", timed(lambda: chain(big), 9, inner=20) * 1e3, "ms")

if wanted("compiled"):
    big = tf.random.normal([1_000_000])
    for kind, options in (("tf.function", {}), ("XLA", {"jit_compile": True})):
        compiled_chain = tf.function(lambda x: [x := x * 1.01 + 0.1 for _ in range(5)][-1], **options)
        emit(f"TensorFlow {tf.__version__}, {kind}", "chain10_1e6_jit", timed(lambda: compiled_chain(big), 9, 20, 20) * 1e3, "ms")
    cell, x = L.LSTMCell(100), tf.random.normal([100, 100])
    state = [tf.random.normal([100, 100]), tf.random.normal([100, 100])]
    cell(x, state)
    emit(PEER, "lstm_cell_100_calls_eager", timed(lambda: [cell(x, state) for _ in range(100)], 5) * 1e3, "ms")
    for kind, options in (("tf.function", {}), ("XLA", {"jit_compile": True})):
        compiled_cell = tf.function(lambda x, h, c: cell(x, [h, c]), **options)
        emit(f"{PEER}, {kind}", "lstm_cell_100_calls_jit", timed(lambda: [compiled_cell(x, *state) for _ in range(100)], 9, 2) * 1e3, "ms")

if wanted("pipeline"):
    x = np.random.randint(0, 256, (60000, 28, 28)).astype("uint8")
    y = np.random.randint(0, 10, 60000).astype("uint8")
    shuffled = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(10000)
    divide = lambda a, b: (tf.cast(a, "float32") / 255, b)
    flat = lambda a, b: (tf.cast(tf.reshape(a, [784]), "float32") / 255, b)

    def rate(name, batches):
        best = min(timed(lambda: [a.shape[0] for a, _ in batches], 1, 0) for _ in range(6))
        emit(PEER, name, len(x) / best, "1/s")

    rate("pipeline_batch", shuffled.batch(128).prefetch(2))
    rate("pipeline_batch_then_map", shuffled.batch(128).map(divide).prefetch(2))
    rate("pipeline_map_then_batch", shuffled.map(divide).batch(128).prefetch(2))
    rate("pipeline_map_reshape_then_batch", shuffled.map(flat).batch(128).prefetch(2))

if wanted("layers"):
    sequence, tokens = tf.random.normal([32, 100, 64]), tf.random.normal([16, 128, 128])
    attention = L.MultiHeadAttention(4, 32)
    cases = {
        "lstm_128": (L.LSTM(128, return_sequences=True), lambda layer, x: layer(x), sequence),
        "gru_128": (L.GRU(128, return_sequences=True), lambda layer, x: layer(x), sequence),
        "attention_4x32": (attention, lambda layer, x: layer(x, x), tokens),
        "layer_norm_4096x512": (L.LayerNormalization(), lambda layer, x: layer(x), tf.random.normal([4096, 512])),
        "batch_norm_32x28x28x64": (
            L.BatchNormalization(), lambda layer, x: layer(x, training=True), tf.random.normal([32, 28, 28, 64])),
    }
    for name, (layer, call, x) in cases.items():
        dy = tf.random.normal(call(layer, x).shape)

        @tf.function
        def step(x, layer=layer, call=call, dy=dy):
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = call(layer, x)
            weights = [w.value for w in layer.trainable_weights]
            return tape.gradient(y, [x, *weights], output_gradients=dy)

        emit(PEER, f"{name}_gradients", timed(lambda: step(x), 21, 3, 2) * 1e3, "ms")

if wanted("convolution"):
    def conv(stride=1, dilation=1):
        return lambda x, kernel: tf.nn.convolution(x, kernel, stride, "SAME", dilations=dilation)

    def depthwise(stride=1):
        return lambda x, kernel: tf.nn.depthwise_conv2d(x, kernel, [1, stride, stride, 1], "SAME")

    def transposed(x, kernel):
        n, h, w, _ = x.shape
        return tf.nn.conv2d_transpose(x, kernel, [n, 2 * h, 2 * w, kernel.shape[2]], 2)

    cases = {
        "conv_first_1": ([32, 28, 28, 1], [[3, 3, 1, 32]], conv()),
        "conv_first_3": ([16, 112, 112, 3], [[7, 7, 3, 64]], conv(2)),
        "conv_3x3_32": ([32, 28, 28, 32], [[3, 3, 32, 64]], conv()),
        "conv_3x3_256": ([8, 14, 14, 256], [[3, 3, 256, 256]], conv()),
        "conv_pointwise_64": ([8, 56, 56, 64], [[1, 1, 64, 256]], conv()),
        "conv_pointwise_stride": ([8, 28, 28, 256], [[1, 1, 256, 128]], conv(2)),
        "conv_stride2_32": ([16, 56, 56, 32], [[3, 3, 32, 64]], conv(2)),
        "conv_stride2_128": ([8, 28, 28, 128], [[3, 3, 128, 256]], conv(2)),
        "conv_depthwise_32": ([8, 112, 112, 32], [[3, 3, 32, 1]], depthwise()),
        "conv_depthwise_stride2_96": ([8, 56, 56, 96], [[3, 3, 96, 1]], depthwise(2)),
        "conv_depthwise_multiplier2": ([8, 56, 56, 32], [[3, 3, 32, 2]], depthwise()),
        "conv_separable_64": ([8, 56, 56, 64], [[3, 3, 64, 1], [1, 1, 64, 64]], lambda x, deep, mixing:
            tf.nn.separable_conv2d(x, deep, mixing, [1, 1, 1, 1], "SAME")),
        "conv_dilated2_32": ([16, 28, 28, 32], [[3, 3, 32, 64]], conv(1, 2)),
        "conv_dilated2_128": ([4, 28, 28, 128], [[3, 3, 128, 128]], conv(1, 2)),
        "conv1d_k5": ([32, 128, 64], [[5, 64, 128]], conv()),
        "conv1d_long_k9": ([8, 4000, 16], [[9, 16, 32]], conv()),
        "conv3d_8": ([4, 16, 32, 32, 8], [[3, 3, 3, 8, 16]], conv()),
        "conv3d_32": ([2, 8, 28, 28, 32], [[3, 3, 3, 32, 32]], conv()),
        "conv_transposed_64": ([16, 14, 14, 64], [[4, 4, 32, 64]], transposed),
        "conv_transposed_128": ([8, 28, 28, 128], [[4, 4, 64, 128]], transposed),
    }
    # Groups are left out: TensorFlow has no gradient of them on a CPU.
    for name, (shape, kernels, call) in cases.items():
        tensors = [tf.random.normal(s) for s in (shape, *kernels)]
        forward = tf.function(call)
        dy = tf.random.normal(forward(*tensors).shape)

        @tf.function
        def step(dy, *tensors, call=call):
            with tf.GradientTape() as tape:
                tape.watch(tensors)
                y = call(*tensors)
            return y, tape.gradient(y, tensors, output_gradients=dy)

        emit(PEER, f"{name}_forward", timed(lambda: forward(*tensors), 11, 2) * 1e3, "ms")
        emit(PEER, f"{name}_gradients", timed(lambda: step(dy, *tensors), 11, 2) * 1e3, "ms")
