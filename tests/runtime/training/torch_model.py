"""``torch_model.py FOLDER``: a traced module, one that mixes rows, and weights alone."""

import json
import sys

import torch

folder = sys.argv[1]


class Linear(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(13, 1)

    def forward(self, x):
        return self.fc(x)


class Centred(torch.nn.Module):
    def forward(self, x):
        return x - x.mean(0)


model = Linear().eval()
torch.jit.trace(model, torch.zeros(2, 13)).save(folder + "/traced.pt")
torch.jit.script(Centred()).save(folder + "/centred.pt")
torch.save(model.state_dict(), folder + "/weights.pt")
with open(folder + "/parameters.json", "w") as file:
    json.dump([model.fc.weight.T.tolist(), model.fc.bias.tolist()], file)
