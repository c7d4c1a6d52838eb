"""A (1 + n) evolution strategy over the ranges of the parameters: rows near to the best one so far."""

import math
import random


class Evolution:
    def __init__(self, space, seed):
        self.space = space
        self.random = random.Random(seed)
        self.best = None

    def ask(self, n):
        return [{name: self.draw(name, written) for name, written in self.space.items()} for _ in range(n)]

    def tell(self, rows):
        for row in rows:
            if row["outcome"] == "success" and (self.best is None or row["objective"] < self.best["objective"]):
                self.best = row

    def draw(self, name, written):
        [(kind, (low, high))] = written.items()
        if kind == "loguniform":
            low, high = math.log(low), math.log(high)
        if self.best is None or self.random.random() < 0.2:
            value = self.random.uniform(low, high)
        else:
            center = self.best["parameters"][name]
            center = math.log(center) if kind == "loguniform" else center
            value = min(high, max(low, self.random.gauss(center, (high - low) / 8)))
        if kind == "integer":
            return round(value)
        return math.exp(value) if kind == "loguniform" else value
