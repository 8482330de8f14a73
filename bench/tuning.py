"""The slow half of how `desk.meaning` was made: `python -m bench.tuning FILE` (needs torch).

One layer above the encoder's, and the eyes above it, are tuned on three quarters of the corpus, by
voice; about an hour on one busy core. The same machine gives the same numbers, another one other
last digits: so the file is kept, and a test binds it to its corpus.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from bench.meaning import LAYERS, quarters
from intake.classify.deciding import WORDS
from intake.classify.encoder import Encoder, Layer, installed
from intake.classify.examples import CORPUS, Example, read
from intake.classify.meaning import text_of
from intake.classify.reader import see

EPOCHS, BATCH, RATE, EYES_RATE = 3, 32, 2e-4, 1e-3
PIECES = 160  # of a mail; a longer one is known by both its ends
_WARM = 0.08  # of all steps until the rate is reached; from there it falls to nothing
_DROPPED = 0.1


class _Net(nn.Module):
    """As `encoder.Layer` and `meaning.Eyes`, over mails side by side."""

    def __init__(self, started: Layer, heads: int, tiny: float, labels: int) -> None:
        super().__init__()
        self.heads = heads
        self.layer = nn.ModuleDict(
            {
                name: _linear(part.weights, part.offset)
                for name, part in started._asdict().items()
                if not name.endswith("_norm")
            }
        )
        self.norms = nn.ModuleDict(
            {
                name: _norm(part.scale, part.offset, tiny)
                for name, part in started._asdict().items()
                if name.endswith("_norm")
            }
        )
        width = started.sought.weights.shape[0]
        self.eyes = nn.ModuleDict(
            {name: nn.Linear(width, labels) for name in ("looks", "finds", "mean")}
        )
        for eye in self.eyes.values():
            nn.init.normal_(eye.weight, std=0.02)
            nn.init.zeros_(eye.bias)
        nn.init.constant_(self.eyes["mean"].bias, -2.0)  # most kinds are not asked

    def forward(self, rows: Tensor, there: Tensor) -> Tensor:
        mails, pieces, width = rows.shape
        parts = self.layer["sought"](rows).view(mails, pieces, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        heard = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=there[:, None, None, :]
        )
        heard = self.layer["heard"](heard.transpose(1, 2).reshape(mails, pieces, width))
        rows = self.norms["heard_norm"](rows + self._some(heard))
        thought = self.layer["narrowed"](functional.gelu(self.layer["widened"](rows)))
        rows = self._some(self.norms["narrowed_norm"](rows + self._some(thought)))
        near = self.eyes["looks"](rows).masked_fill(~there[:, :, None], -1e9).softmax(1)
        mean = (rows * there[:, :, None]).sum(1) / there.sum(1, keepdim=True)
        return (near * self.eyes["finds"](rows)).sum(1) + self.eyes["mean"](mean)

    def _some(self, rows: Tensor) -> Tensor:
        return functional.dropout(rows, _DROPPED, self.training)

    def arrays(self) -> dict[str, np.ndarray]:
        found = {}
        for parts in (self.layer, self.norms, self.eyes):
            for name, part in parts.items():
                found[name] = part.weight.detach().numpy().T.copy()
                found[name + "+"] = part.bias.detach().numpy().copy()
        return found


def _linear(weights: np.ndarray, offset: np.ndarray) -> nn.Linear:
    made = nn.Linear(*weights.shape)
    made.weight.data = torch.tensor(weights.T.copy())
    made.bias.data = torch.tensor(offset.copy())
    return made


def _norm(scale: np.ndarray, offset: np.ndarray, tiny: float) -> nn.LayerNorm:
    made = nn.LayerNorm(len(scale), eps=tiny)
    made.weight.data, made.bias.data = torch.tensor(scale.copy()), torch.tensor(offset.copy())
    return made


def tuned(
    started: Layer, encoder: Encoder, numbers: Sequence[Sequence[int]], asked: np.ndarray
) -> dict[str, np.ndarray]:
    """The arrays of `desk.meaning`."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    chance = np.random.default_rng(0)
    rows = [torch.tensor(encoder.read(one)).half() for one in numbers]  # these layers stay
    net = _Net(started, encoder.shape.heads, encoder.shape.tiny, asked.shape[1])
    slow = [*net.layer.parameters(), *net.norms.parameters()]
    optimiser = torch.optim.AdamW(
        [
            {"params": net.eyes.parameters(), "lr": EYES_RATE},
            {"params": [p for p in slow if p.ndim > 1], "lr": RATE},
            {"params": [p for p in slow if p.ndim < 2], "lr": RATE, "weight_decay": 0.0},
        ],
        betas=(0.9, 0.98),
    )
    steps = EPOCHS * -(-len(rows) // BATCH)
    rate = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / (_WARM * steps)) * (1.0 - step / steps)
    )
    net.train()
    for _ in range(EPOCHS):
        for batch in _batches([len(one) for one in rows], chance):
            side_by_side = nn.utils.rnn.pad_sequence([rows[at].float() for at in batch], True)
            sizes = torch.tensor([len(rows[at]) for at in batch])
            there = torch.arange(side_by_side.shape[1]) < sizes[:, None]
            loss = functional.binary_cross_entropy_with_logits(
                net(side_by_side, there), torch.tensor(asked[batch])
            )
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            rate.step()
    return net.arrays()


def _batches(sizes: Sequence[int], chance: np.random.Generator) -> list[np.ndarray]:
    """Mails in any order, those of about one length together."""
    order, found = chance.permutation(len(sizes)), []
    for start in range(0, len(order), BATCH * 20):
        part = sorted(order[start : start + BATCH * 20], key=lambda at: sizes[at])
        found += [np.array(part[at : at + BATCH]) for at in range(0, len(part), BATCH)]
    return [found[at] for at in chance.permutation(len(found))]


def numbers_of(example: Example, encoder: Encoder) -> list[int]:
    special = encoder.pieces.special
    found = encoder.pieces.numbers(text_of(example.parsed, see(example.parsed)))
    found = [special.begin, *found, special.end]
    return found if len(found) <= PIECES else found[: PIECES // 2] + found[-PIECES // 2 :]


def tune(path: Path) -> None:
    known, _ = quarters(read(CORPUS))
    encoder = Encoder(installed(), LAYERS)
    numbers = [numbers_of(example, encoder) for example in known]
    asked = np.array([[word in one.kinds for word in WORDS] for one in known], np.float32)
    started = Encoder(installed(), LAYERS + 1).layers[LAYERS]
    np.savez(path, **tuned(started, encoder, numbers, asked))


if __name__ == "__main__":
    tune(Path(sys.argv[1]))
