"""The table for people: a line for each measure, with what is asked of it and what the baseline of
the same run does. Each line is also kept for the JSON."""
import sys

HEAD = ("measure", "value", "asked", "baseline", "ratio")
WIDTHS = (42, 16, 11, 34, 7)
# What a measure is beside, in lines with a column for each.
BESIDE = ("before", "rg, zstd", "VictoriaLogs", "ClickHouse")
BESIDE_HEAD = ("measure", "", "stele", "before", "ratio", "cpu", "rg, zstd", "ratio", "cpu",
               *BESIDE[2:])
BESIDE_WIDTHS = (40, 11, 9, 9, 6, 6, 9, 6, 6, 12, 10)
FEWER = ("ms", "ms above", "us/event")  # is better


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def number(value):
    if value is None:
        return "-"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def compact(value):
    return round(value, 4) if isinstance(value, float) else value


def ratio(own, other, unit):
    """How many times as fast as the other; the share of it, where the unit is not of time."""
    if not own or not other or min(own, other) < 0:
        return None
    return other / own if unit in FEWER else own / other


class Table:
    def __init__(self):
        self.rows = []
        self.part = ""
        self.above = ""

    def begin(self, part, words):
        self.part = part
        say(f"\n{part}: {words}")
        say(self._line(HEAD))

    @staticmethod
    def _line(cells, widths=WIDTHS):
        return f"{cells[0]:<{widths[0]}} " + " ".join(
            f"{cell:>{width}}" for cell, width in zip(cells[1:], widths[1:])).rstrip()

    def _full(self, measure):
        if measure.startswith(" "):
            return f"{self.above}: {measure.strip()}"
        self.above = measure
        return measure

    def begin_beside(self, part, words):
        self.part = part
        say(f"\n{part}: {words}")
        say(self._line(BESIDE_HEAD, BESIDE_WIDTHS))

    def add_beside(self, measure, unit, values, **more):
        """values: of "stele", and of what there is of BESIDE. As in add(), a measure that begins
        with spaces belongs to the one above."""
        own = values.get("stele")
        cpu_ms = more.get("cpu_ms", {})
        ratios = {name: ratio(own, values.get(name), unit) for name in BESIDE}
        cpu_ratios = {name: ratio(cpu_ms.get("stele"), cpu_ms.get(name), "ms") for name in BESIDE}
        row = {"part": self.part, "measure": self._full(measure), "unit": unit,
               "value": compact(own),
               "beside": {name: compact(value) for name, value in values.items()
                          if name != "stele" and value is not None},
               "ratios": {name: compact(value) for name, value in ratios.items() if value},
               "cpu_ratios": {name: compact(value) for name, value in cpu_ratios.items() if value},
               **more}
        self.rows.append({name: cell for name, cell in row.items() if cell is not None})

        def shown(value):
            return "" if value is None else number(value)
        cells = [measure, unit, shown(own)]
        for name in BESIDE[:2]:
            cells += [shown(values.get(name)), shown(ratios[name]), shown(cpu_ratios[name])]
        line = self._line(cells + [shown(values.get(name)) for name in BESIDE[2:]], BESIDE_WIDTHS)
        say(f"{line}  {more['note']}" if more.get("note") else line)

    def add(self, measure, value, unit="", at_least=None, at_most=None, baseline=None, ratio=None,
            **more):
        """A measure that begins with spaces belongs to the one above. baseline: (value, what it
        is). A value of None is not there, and `note` says why."""
        full = self._full(measure)
        short = value is not None and ((at_least is not None and value < at_least) or
                                       (at_most is not None and value > at_most))
        row = {"part": self.part, "measure": full, "value": compact(value), "unit": unit,
               "at_least": compact(at_least), "at_most": compact(at_most), "short": short,
               "baseline": baseline and compact(baseline[0]),
               "baseline_is": baseline and baseline[1], "ratio": compact(ratio), **more}
        self.rows.append({name: cell for name, cell in row.items() if cell is not None})
        asked = (f">= {number(at_least)}" if at_least is not None else
                 f"<= {number(at_most)}" if at_most is not None else "")
        beside = f"{number(baseline[0])} {baseline[1]}" if baseline else ""
        line = self._line((measure, f"{number(value)} {unit}".strip(), asked, beside,
                           "" if ratio is None else number(ratio)))
        if short:
            line += "  SHORT"
        if more.get("note"):
            line += f"  {more['note']}"
        say(line.rstrip())

    def summary(self, warnings):
        asked = [row for row in self.rows if "at_least" in row or "at_most" in row]
        short = [row for row in asked if row["short"]]
        say(f"\n{len(asked)} measures have something asked of them; {len(short)} fall short")
        for row in short:
            asked = (f">= {number(row['at_least'])}" if "at_least" in row
                     else f"<= {number(row['at_most'])}")
            value = f"{number(row['value'])} {row['unit']}".strip()
            say(f"  {row['part']}: {row['measure']}: {value}, asked {asked}")
        for words in warnings:
            say(f"warning: {words}")
