"""The benchmark rows by PyTorch: eager as it comes, and by the settings that are quicker on CPUs, which are variants of their own: fused or
foreach optimizers, channels last, torch.compile."""
import torch
from torch import nn
import torch.nn.functional as F
from common import MARK, SGEMM, emit, timed, wanted

PEER = f"PyTorch {torch.__version__}"


def epoch(model, optimizer, x, y, batch):
    order = torch.randperm(len(x))
    loss_sum = correct = 0
    for i in range(0, len(x), batch):
        ids = order[i:i + batch]
        xb, yb = x[ids], y[ids]
        optimizer.zero_grad()
        out = model(xb)
        loss = F.cross_entropy(out, yb)
        loss.backward()
        optimizer.step()
        loss_sum += loss.item()
        correct += (out.argmax(1) == yb).sum().item()


if wanted("sgemm"):
    for m, n, k, transposed in SGEMM:
        a = torch.randn(k, m).T if transposed == "a" else torch.randn(m, k)
        b = torch.randn(n, k).T if transposed == "b" else torch.randn(k, n)
        flops = 2 * m * n * k
        seconds = timed(lambda: a @ b, 7, inner=max(1, round(2e9 / flops)))
        emit(PEER, f"sgemm_{m}x{n}x{k}{MARK[transposed]}", flops / seconds / 1e9, "GFLOP/s")
    x = torch.randn(1000, 1000)
    emit(PEER, "matmul_1000_x100", timed(lambda: [x @ x for _ in range(100)], 3) * 1e3, "ms")

if wanted("eager"):
    a, b = torch.randn(10), torch.randn(10)
    emit(PEER, "add_10_eager", timed(lambda: torch.add(a, b), 9, 1000, 100_000) * 1e6, "us")
    big = torch.randn(1_000_000)

    def chain():
        y = big
        for _ in range(5):
            y = y.mul(1.01).add(0.1)
        return y

    emit(PEER, "chain10_1e6_eager", timed(chain, 9, inner=20) * 1e3, "ms")
    square = torch.randn(1024, 1024)
    emit(PEER, "softmax_1024x1024", timed(lambda: square.softmax(-1), 9, inner=20) * 1e3, "ms")
    emit(PEER, "sum_axis0_1024x1024", timed(lambda: square.sum(0), 9, inner=20) * 1e3, "ms")
    emit(PEER, "sum_axis1_1024x1024", timed(lambda: square.sum(1), 9, inner=20) * 1e3, "ms")

if wanted("tensors"):
    cube, square, large = torch.randn(128, 64, 128), torch.randn(1024, 1024), torch.randn(2048, 2048)
    long, rows, table = torch.randn(1_000_000), torch.randn(16, 65_536), torch.randn(100_000, 64)
    ids = torch.randint(0, 100_000, (50_000,))
    signal = torch.complex(torch.randn(65_536), torch.zeros(65_536))
    pictures = torch.randn(32, 64, 64, 3).permute(0, 3, 1, 2)
    calls = {}
    for axis in range(3):
        calls[f"sum_axis{axis}_128x64x128"] = lambda axis=axis: cube.sum(axis)
        calls[f"mean_axis{axis}_128x64x128"] = lambda axis=axis: cube.mean(axis)
        calls[f"max_axis{axis}_128x64x128"] = lambda axis=axis: cube.amax(axis)
    calls |= {
        "softmax_16x65536": lambda: rows.softmax(-1),
        "sort_1e6": lambda: long.sort(),
        "argsort_1e6": lambda: long.argsort(),
        "topk10_1024x1024": lambda: square.topk(10),
        "gather_50000_of_100000x64": lambda: table[ids],
        "transpose_1024x1024": lambda: square.T.contiguous(),
        "transpose_2048x2048": lambda: large.T.contiguous(),
        "transpose_021_128x64x128": lambda: cube.permute(0, 2, 1).contiguous(),
        "cumsum_1e6": lambda: long.cumsum(0),
        "cumsum_axis0_1024x1024": lambda: square.cumsum(0),
        "fft_65536": lambda: torch.fft.fft(signal),
        "maxpool2_32x64x64x3": lambda: F.max_pool2d(pictures, 2),
    }
    for name, call in calls.items():
        emit(PEER, name, timed(call, 7, 2, 1 if "sort" in name else 5) * 1e3, "ms")

if wanted("tiny"):
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1), nn.Sigmoid())
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    x = torch.tensor([[0., 0], [0, 1], [1, 0], [1, 1]])
    y = torch.tensor([[0.], [1], [1], [0]])

    def step():
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    emit(PEER, "xor_train_on_batch", timed(step, 7, 500, 500) * 1e6, "us")
    with torch.no_grad():
        emit(PEER, "xor_call_1", timed(lambda: model(x[:1]), 7, 500, 2000) * 1e6, "us")

def variants(make, optimizers):
    """A model and an optimizer each, by the name of the peer: optimizers as they come are a loop over the weights on CPUs."""
    for kind, options in optimizers.items():
        model = make()
        yield PEER + (f", {kind}" if kind else ""), model, options


FOREACH = {"": {}, "foreach": {"foreach": True}}
FUSED = {"": {}, "fused": {"fused": True}}

if wanted("mnist-mlp"):
    x, y = torch.rand(60000, 784), torch.randint(0, 10, (60000,))
    mlp = lambda: nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 10))
    for batch in (128, 32):
        for peer, model, options in variants(mlp, FOREACH):
            optimizer = torch.optim.RMSprop(model.parameters(), 0.001, **options)
            emit(peer, f"mnist_mlp_epoch_b{batch}", timed(lambda: epoch(model, optimizer, x, y, batch), 3), "s")

if wanted("fashion-cnn"):
    x, y = torch.rand(6400, 1, 28, 28), torch.randint(0, 10, (6400,))

    def fashion_cnn():
        # The same padding as ours for a stride of 2: one row and one column of zeros at the end.
        return nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(1, 128, 3, stride=2), nn.ReLU(), nn.MaxPool2d(3),
                             nn.BatchNorm2d(128), nn.Flatten(), nn.Linear(2048, 100), nn.ReLU(), nn.Linear(100, 10))

    kinds = FOREACH | {"foreach, channels last": {"foreach": True}}
    for peer, model, options in variants(fashion_cnn, kinds):
        if "channels last" in peer:
            model = model.to(memory_format=torch.channels_last)
        optimizer = torch.optim.NAdam(model.parameters(), 0.01, **options)
        seconds = timed(lambda: epoch(model, optimizer, x, y, 32), 3) / 200
        emit(peer, "fashion_cnn_fit_step", seconds * 1e3, "ms")
        emit(peer, "fashion_cnn_tape_step", seconds * 1e3, "ms")

if wanted("convnet"):
    x, y = torch.rand(64 * 60, 1, 28, 28), torch.randint(0, 10, (64 * 60,))

    def convnet():
        return nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
                             nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10))

    for peer, model, options in variants(convnet, FUSED | {"fused, channels last": {"fused": True}}):
        if "channels last" in peer:
            model = model.to(memory_format=torch.channels_last)
        optimizer = torch.optim.Adam(model.parameters(), **options)
        emit(peer, "convnet_fit_step", timed(lambda: epoch(model, optimizer, x, y, 64), 5, 2) / 60 * 1e3, "ms")

if wanted("adam"):
    for kind, options in (FUSED | {"foreach": {"foreach": True}}).items():
        weights = [nn.Parameter(torch.zeros(1000, 1000)) for _ in range(10)]
        for weight in weights:
            weight.grad = torch.randn(1000, 1000)
        step = torch.optim.Adam(weights, **options).step
        emit(PEER + (f", {kind}" if kind else ""), "adam_10x1000x1000", timed(step, 31) * 1e3, "ms")

if wanted("lstm"):
    lstm, head = nn.LSTM(64, 128, batch_first=True), nn.Linear(128, 1)
    x, y = torch.randn(32, 100, 64), torch.randn(32, 1)
    for kind, options in FUSED.items():
        optimizer = torch.optim.Adam([*lstm.parameters(), *head.parameters()], **options)

        def step():
            optimizer.zero_grad()
            F.mse_loss(head(lstm(x)[0][:, -1]), y).backward()
            optimizer.step()

        seconds = timed(step, 15, 5, 5)
        # The same work, whichever way of ours it is compared with.
        for row in ("tape_step", "jit_step", "fit_step"):
            emit(PEER + (f", {kind}" if kind else ""), f"lstm_128_{row}", seconds * 1e3, "ms")
    with torch.no_grad():
        emit(PEER, "lstm_128_call", timed(lambda: head(lstm(x)[0][:, -1]), 15, 5, 5) * 1e3, "ms")

if wanted("pipeline"):
    from torch.utils.data import DataLoader, Dataset

    class Images(Dataset):
        def __init__(self, flat):
            self.x = torch.randint(0, 256, (60000, 28, 28), dtype=torch.uint8)
            self.y = torch.randint(0, 10, (60000,), dtype=torch.uint8)
            self.flat = flat

        def __len__(self):
            return len(self.x)

        def __getitem__(self, i):
            image = self.x[i].reshape(784) if self.flat else self.x[i]
            return image.to(torch.float32) / 255, self.y[i]

    for name, flat in (("pipeline_map_then_batch", False), ("pipeline_map_reshape_then_batch", True)):
        loader = DataLoader(Images(flat), batch_size=128, shuffle=True)
        best = min(timed(lambda: [len(a) for a, _ in loader], 1, 0) for _ in range(4))
        emit(PEER, name, 60000 / best, "1/s")

if wanted("transformer"):
    class Block(nn.Module):
        def __init__(self, d=128, heads=4, hidden=512):
            super().__init__()
            self.norms = nn.ModuleList([nn.LayerNorm(d, 1e-3), nn.LayerNorm(d, 1e-3)])
            self.attention = nn.MultiheadAttention(d, heads, batch_first=True)
            self.dense = nn.Sequential(nn.Linear(d, hidden), nn.ReLU(), nn.Linear(hidden, d))

        def forward(self, x):
            h = self.norms[0](x)
            x = x + self.attention(h, h, h, need_weights=False)[0]
            return x + self.dense(self.norms[1](x))

    x, y = torch.randn(192, 128, 128), torch.randn(192, 128, 128)
    for peer, model, options in variants(lambda: nn.Sequential(Block(), Block()), FUSED):
        optimizer = torch.optim.Adam(model.parameters(), **options)

        def transformer_epoch():
            order = torch.randperm(len(x))
            for i in range(0, len(x), 16):
                ids = order[i:i + 16]
                optimizer.zero_grad()
                loss = F.mse_loss(model(x[ids]), y[ids])
                loss.backward()
                optimizer.step()
                loss.item()

        emit(peer, "transformer_fit_step", timed(transformer_epoch, 5) / 12 * 1e3, "ms")

if wanted("compiled"):
    kinds = {
        "sgd": lambda p: torch.optim.SGD(p, lr=1e-3, fused=True),
        "momentum": lambda p: torch.optim.SGD(p, lr=1e-3, momentum=0.9, fused=True),
        "adam": lambda p: torch.optim.Adam(p, lr=1e-3, fused=True),
        "adamw": lambda p: torch.optim.AdamW(p, lr=1e-3, fused=True),
    }

    def with_gradient(n):
        weight = torch.randn(n, requires_grad=True)
        weight.grad = torch.randn(n)
        return weight

    for kind, make in kinds.items():
        emit(PEER, f"{kind}_1e7", timed(make([with_gradient(10_000_000)]).step, 15) * 1e3, "ms")
    many = torch.optim.Adam([with_gradient(1000) for _ in range(200)], fused=True)
    emit(PEER, "adam_200_weights_of_1000", timed(many.step, 9, 20, 50) * 1e6, "us")
    logits = torch.randn(4096, 512, requires_grad=True)
    labels, scale, shift = torch.randn(4096, 512).softmax(-1), torch.randn(512), torch.randn(512)

    def cross_entropy():
        logits.grad = None
        F.cross_entropy(logits, labels).backward()

    emit(PEER, "softmax_4096x512_jit", timed(lambda: logits.detach().softmax(-1), 7, 3, 5) * 1e3, "ms")
    emit(PEER, "cross_entropy_with_gradient_4096x512_jit", timed(cross_entropy, 7, 3, 5) * 1e3, "ms")
    norm = lambda: F.layer_norm(logits.detach(), (512,), scale, shift, 1e-3)
    emit(PEER, "layer_norm_4096x512_jit", timed(norm, 7, 3, 5) * 1e3, "ms")

if wanted("layers"):
    sequence, tokens = torch.randn(32, 100, 64), torch.randn(16, 128, 128)
    lstm, gru = nn.LSTM(64, 128, batch_first=True), nn.GRU(64, 128, batch_first=True)
    attention = nn.MultiheadAttention(128, 4, batch_first=True)
    layer_norm, batch_norm = nn.LayerNorm(512, 1e-3), nn.BatchNorm2d(64)
    pictures = torch.randn(32, 28, 28, 64).permute(0, 3, 1, 2)
    cases = {
        "lstm_128": (lstm, lambda x: lstm(x)[0], sequence),
        "gru_128": (gru, lambda x: gru(x)[0], sequence),
        "attention_4x32": (attention, lambda x: attention(x, x, x, need_weights=False)[0], tokens),
        "layer_norm_4096x512": (layer_norm, layer_norm, torch.randn(4096, 512)),
        "batch_norm_32x28x28x64": (batch_norm, batch_norm, pictures),
    }
    for name, (layer, call, x) in cases.items():
        x.requires_grad_()
        dy = torch.randn_like(call(x))
        step = lambda: torch.autograd.grad(call(x), [x, *layer.parameters()], dy)
        emit(PEER, f"{name}_gradients", timed(step, 21, 3, 2) * 1e3, "ms")

if wanted("compiled"):
    cell, x, state = nn.LSTMCell(100, 100), torch.randn(100, 100), (torch.randn(100, 100), torch.randn(100, 100))
    with torch.no_grad():
        emit(PEER, "lstm_cell_100_calls_eager", timed(lambda: [cell(x, state) for _ in range(100)], 9, 2) * 1e3, "ms")

if wanted("convolution"):
    def same(x, kernel, stride, dilation):
        """Pads as TensorFlow does: the odd element comes last."""
        pads = []
        for n, k in reversed(list(zip(x.shape[2:], kernel.shape[2:]))):
            total = max((-(-n // stride) - 1) * stride + (k - 1) * dilation + 1 - n, 0)
            pads += [total // 2, total - total // 2]
        symmetric = all(low == high for low, high in zip(pads[::2], pads[1::2]))
        return (x, pads[::-2]) if symmetric else (F.pad(x, pads), 0)

    def conv(stride=1, dilation=1, groups=1):
        def call(x, kernel):
            padded, pads = same(x, kernel, stride, dilation)
            return (F.conv1d, F.conv2d, F.conv3d)[x.ndim - 3](padded, kernel, None, stride, pads, dilation, groups)
        return call

    def separable(x, deep, mixing):
        return F.conv2d(F.conv2d(x, deep, padding=1, groups=x.shape[1]), mixing)

    transposed = lambda x, kernel: F.conv_transpose2d(x, kernel, stride=2, padding=1)
    # Inputs [n, c, ...], kernels [filters, channels of a group, ...].
    cases = {
        "conv_first_1": ((32, 1, 28, 28), [(32, 1, 3, 3)], conv()),
        "conv_first_3": ((16, 3, 112, 112), [(64, 3, 7, 7)], conv(2)),
        "conv_3x3_32": ((32, 32, 28, 28), [(64, 32, 3, 3)], conv()),
        "conv_3x3_256": ((8, 256, 14, 14), [(256, 256, 3, 3)], conv()),
        "conv_pointwise_64": ((8, 64, 56, 56), [(256, 64, 1, 1)], conv()),
        "conv_pointwise_stride": ((8, 256, 28, 28), [(128, 256, 1, 1)], conv(2)),
        "conv_stride2_32": ((16, 32, 56, 56), [(64, 32, 3, 3)], conv(2)),
        "conv_stride2_128": ((8, 128, 28, 28), [(256, 128, 3, 3)], conv(2)),
        "conv_depthwise_32": ((8, 32, 112, 112), [(32, 1, 3, 3)], conv(groups=32)),
        "conv_depthwise_stride2_96": ((8, 96, 56, 56), [(96, 1, 3, 3)], conv(2, groups=96)),
        "conv_depthwise_multiplier2": ((8, 32, 56, 56), [(64, 1, 3, 3)], conv(groups=32)),
        "conv_separable_64": ((8, 64, 56, 56), [(64, 1, 3, 3), (64, 64, 1, 1)], separable),
        "conv_grouped4_128": ((8, 128, 28, 28), [(128, 32, 3, 3)], conv(groups=4)),
        "conv_grouped32_128": ((8, 128, 28, 28), [(128, 4, 3, 3)], conv(groups=32)),
        "conv_dilated2_32": ((16, 32, 28, 28), [(64, 32, 3, 3)], conv(dilation=2)),
        "conv_dilated2_128": ((4, 128, 28, 28), [(128, 128, 3, 3)], conv(dilation=2)),
        "conv1d_k5": ((32, 64, 128), [(128, 64, 5)], conv()),
        "conv1d_long_k9": ((8, 16, 4000), [(32, 16, 9)], conv()),
        "conv3d_8": ((4, 8, 16, 32, 32), [(16, 8, 3, 3, 3)], conv()),
        "conv3d_32": ((2, 32, 8, 28, 28), [(32, 32, 3, 3, 3)], conv()),
        "conv_transposed_64": ((16, 64, 14, 14), [(64, 32, 4, 4)], transposed),
        "conv_transposed_128": ((8, 128, 28, 28), [(128, 64, 4, 4)], transposed),
    }
    for name, (shape, kernels, call) in cases.items():
        layouts = {PEER: torch.contiguous_format}
        if len(shape) > 3:
            layouts[f"{PEER} channels last"] = torch.channels_last if len(shape) == 4 else torch.channels_last_3d
        for peer, layout in layouts.items():
            tensors = [torch.randn(s).contiguous(memory_format=layout).requires_grad_() for s in (shape, *kernels)]
            with torch.no_grad():
                dy = torch.randn_like(call(*tensors))
                emit(peer, f"{name}_forward", timed(lambda: call(*tensors), 11, 2) * 1e3, "ms")
            step = lambda: torch.autograd.grad(call(*tensors), tensors, dy)
            emit(peer, f"{name}_gradients", timed(step, 11, 2) * 1e3, "ms")

if wanted("compiled"):
    @torch.compile
    def compiled_chain(x):
        for _ in range(5):
            x = x.mul(1.01).add(0.1)
        return x

    x = torch.randn(1_000_000)
    emit(f"{PEER}, torch.compile", "chain10_1e6_jit", timed(lambda: compiled_chain(x), 9, 20, 20) * 1e3, "ms")

if wanted("kernels"):
    def with_gradient(name, shape, call):
        # Inputs as [n, c, ...], in memory channels last, as ours are.
        x = torch.randn(shape[0], *shape[1:-1], shape[-1]).movedim(-1, 1).requires_grad_()
        with torch.no_grad():
            dy = torch.randn_like(call(x))
            emit(PEER, f"{name}_forward", timed(lambda: call(x), 15, 2, 3) * 1e3, "ms")
        emit(PEER, f"{name}_gradient", timed(lambda: torch.autograd.grad(call(x), x, dy), 15, 2, 3) * 1e3, "ms")

    with_gradient("max_pool_2_32x64x64x32", [32, 64, 64, 32], lambda x: F.max_pool2d(x, 2))
    with_gradient("max_pool_3_stride2_8x112x112x64", [8, 112, 112, 64], lambda x: F.max_pool2d(x, 3, 2))
    with_gradient("max_pool_1d_32x1000x64", [32, 1000, 64], lambda x: F.max_pool1d(x, 2))
    with_gradient("max_pool_3d_4x16x32x32x16", [4, 16, 32, 32, 16], lambda x: F.max_pool3d(x, 2))
    with_gradient("average_pool_2_32x64x64x32", [32, 64, 64, 32], lambda x: F.avg_pool2d(x, 2))
    with_gradient("average_pool_3_stride2_8x55x55x64", [8, 55, 55, 64], lambda x: F.avg_pool2d(x, 3, 2))
    with_gradient("global_average_32x14x14x256", [32, 14, 14, 256], lambda x: x.mean((2, 3)))
    with_gradient("global_max_32x14x14x256", [32, 14, 14, 256], lambda x: x.amax((2, 3)))
    with_gradient("adaptive_average_7_16x28x28x64", [16, 28, 28, 64], lambda x: F.adaptive_avg_pool2d(x, 7))
    with_gradient("adaptive_max_7_16x28x28x64", [16, 28, 28, 64], lambda x: F.adaptive_max_pool2d(x, 7))

    table = nn.Embedding(50_000, 128)
    ids, dy = torch.randint(0, 50_000, (32, 100)), torch.randn(32, 100, 128)
    optimizer = torch.optim.Adam(table.parameters(), fused=True)

    def embedding_step():
        optimizer.zero_grad()
        table(ids).backward(dy)
        optimizer.step()

    calls = {
        "embedding_50000x128_forward": lambda: table(ids),
        "embedding_50000x128_gradient": lambda: torch.autograd.grad(table(ids), table.weight, dy),
        "embedding_50000x128_adam": embedding_step,
    }
    long, other, wide = torch.randn(1_000_000), torch.randn(1_000_000), torch.randn(64, 50_000)
    signals = torch.randn(64, 4096)
    square, images = torch.randn(1024, 1024), torch.randn(32, 56, 56, 64)
    numbers = torch.randint(0, 256, (1_000_000,), dtype=torch.uint8)
    labels, columns = torch.randint(0, 1000, (4096,)), torch.randint(0, 1024, (1024, 64))
    halves, whole, is_positive = long.half(), torch.randint(0, 1000, (1_000_000,), dtype=torch.int32), long > 0
    calls |= {
        "random_normal_1e6": lambda: torch.randn(1_000_000),
        "random_uniform_1e6": lambda: torch.rand(1_000_000),
        "cast_float32_to_float16_1e6": lambda: long.half(),
        "cast_float16_to_float32_1e6": lambda: halves.float(),
        "cast_float32_to_int32_1e6": lambda: long.int(),
        "cast_int32_to_float32_1e6": lambda: whole.float(),
        "cast_uint8_to_float32_1e6": lambda: numbers.float(),
        "cast_float32_to_float64_1e6": lambda: long.double(),
        "cast_boolean_to_float32_1e6": lambda: is_positive.float(),
        "one_hot_4096x1000": lambda: F.one_hot(labels, 1000),
        "concatenate_axis0_1024x1024": lambda: torch.cat([square, square], 0),
        "concatenate_axis1_1024x1024": lambda: torch.cat([square, square], 1),
        "stack_last_1e6": lambda: torch.stack([long, other], -1),
        "pad_32x56x56x64": lambda: F.pad(images, (0, 0, 1, 1, 1, 1)),
        "where_1e6": lambda: torch.where(is_positive, long, other),
        "tile_1024x1024": lambda: square.tile(2, 2),
        "roll_1024x1024": lambda: square.roll(100, 1),
        "cumulative_axis1_1024x1024": lambda: square.cumsum(1),
        "cumulative_product_1e6": lambda: long.cumprod(0),
        "argmax_axis0_1024x1024": lambda: square.argmax(0),
        "argmax_axis1_1024x1024": lambda: square.argmax(1),
        "top_5_64x50000": lambda: wide.topk(5),
        "top_100_64x50000": lambda: wide.topk(100),
        "sort_axis1_1024x1024": lambda: square.sort(),
        "take_along_axis_1024x64": lambda: square.take_along_dim(columns, 1),
        "matrix_fft_64x4096": lambda: torch.fft.rfft(signals),
    }
    for name, call in calls.items():
        emit(PEER, name, timed(call, 15, 2, 3) * 1e3, "ms")
