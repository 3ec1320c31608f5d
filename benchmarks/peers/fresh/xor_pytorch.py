import re
import torch

model = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1), torch.nn.Sigmoid())
with torch.no_grad():
    model(torch.tensor([[0.0, 1.0]])).numpy()
print(re.search(r"VmHWM:\s*(\d+)", open("/proc/self/status").read())[1], flush=True)
