import re
import sys
import torch
from torch import nn

convnet = sys.argv[1] == "convnet"
x = torch.rand(60_000, 1, 28, 28) if convnet else torch.rand(60_000, 784)
y = torch.randint(0, 10, (60_000,))
if convnet:
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.5),
        nn.Linear(1600, 10))
    optimizer, batch, steps = torch.optim.Adam(model.parameters()), 64, 60
else:
    model = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 10))
    optimizer, batch, steps = torch.optim.RMSprop(model.parameters()), 128, 469
order = torch.randperm(60_000)
for step in range(steps):
    ids = order[step * batch:(step + 1) * batch]
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x[ids]), y[ids]).backward()
    optimizer.step()
print(re.search(r"VmHWM:\s*(\d+)", open("/proc/self/status").read())[1], flush=True)
