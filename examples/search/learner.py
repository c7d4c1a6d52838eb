"""A piecewise linear model of a function of x. The next points halve the intervals whose middle is least certain."""


class Learner:
    def __init__(self, options):
        self.low, self.high, self.tolerance = options["from"], options["to"], options["tolerance"]
        self.known = {}
        self.asked = set()

    def ask(self, n):
        if not self.asked:
            count = max(4, n)
            rows = [self.low + (self.high - self.low) * i / (count - 1) for i in range(count)]
        else:
            doubts = sorted(self.doubts(), reverse=True)
            rows = [x for doubt, x in doubts if doubt > self.tolerance and x not in self.asked][:n]
        self.asked.update(rows)
        return [{"x": x} for x in rows]

    def tell(self, rows):
        for row in rows:
            if row["outcome"] == "success":
                self.known[row["parameters"]["x"]] = row["objective"]

    def doubts(self):
        """Yields the middle of each interval with a bound of its error: how much the slope changes at its ends."""
        points = sorted(self.known.items())
        slopes = [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in zip(points, points[1:])]
        for i, slope in enumerate(slopes):
            (left, _), (right, _) = points[i], points[i + 1]
            turn = max(abs(slope - other) for other in slopes[max(0, i - 1) : i + 2])
            yield turn * (right - left) / 4, (left + right) / 2
