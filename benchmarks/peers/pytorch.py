"""The benchmark rows by PyTorch, eager."""
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

if wanted("mnist-mlp"):
    x, y = torch.rand(60000, 784), torch.randint(0, 10, (60000,))
    for batch in (128, 32):
        model = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 10))
        optimizer = torch.optim.RMSprop(model.parameters())
        emit(PEER, f"mnist_mlp_epoch_b{batch}", timed(lambda: epoch(model, optimizer, x, y, batch), 3), "s")

if wanted("fashion-cnn"):
    x, y = torch.rand(6400, 1, 28, 28), torch.randint(0, 10, (6400,))
    model = nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(1, 128, 3, stride=2), nn.ReLU(), nn.MaxPool2d(3),
                          nn.BatchNorm2d(128), nn.Flatten(), nn.Linear(2048, 100), nn.ReLU(), nn.Linear(100, 10))
    optimizer = torch.optim.NAdam(model.parameters(), 0.01)
    seconds = timed(lambda: epoch(model, optimizer, x, y, 32), 3) / 200
    emit(PEER, "fashion_cnn_fit_step", seconds * 1e3, "ms")
    emit(PEER, "fashion_cnn_tape_step", seconds * 1e3, "ms")

if wanted("lstm"):
    lstm, head = nn.LSTM(64, 128, batch_first=True), nn.Linear(128, 1)
    optimizer = torch.optim.Adam([*lstm.parameters(), *head.parameters()])
    x, y = torch.randn(32, 100, 64), torch.randn(32, 1)

    def step():
        optimizer.zero_grad()
        F.mse_loss(head(lstm(x)[0][:, -1]), y).backward()
        optimizer.step()

    emit(PEER, "lstm_128_tape_step", timed(step, 15, 5, 5) * 1e3, "ms")
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

    model = nn.Sequential(Block(), Block())
    optimizer = torch.optim.Adam(model.parameters())
    x, y = torch.randn(192, 128, 128), torch.randn(192, 128, 128)

    def transformer_epoch():
        order = torch.randperm(len(x))
        for i in range(0, len(x), 16):
            ids = order[i:i + 16]
            optimizer.zero_grad()
            loss = F.mse_loss(model(x[ids]), y[ids])
            loss.backward()
            optimizer.step()
            loss.item()

    emit(PEER, "transformer_fit_step", timed(transformer_epoch, 5) / 12 * 1e3, "ms")

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
