"""The trades that were put into a lake, and what anyone would work out from them: nothing here is the lake's own."""

import decimal
import json
import sys

decimal.getcontext().prec = 60
Decimal = decimal.Decimal
MINUTE = 60_000


class Market:
    """Trades of one market: dictionaries of number, ms, price, quantity, buy."""

    def __init__(self, trades):
        self.trades = trades
        self.first = trades[0]["ms"]
        self.last = trades[-1]["ms"]

    def candle(self, start, end):
        """Open, high, low, close, volume, quote volume, trades, bought volume, bought quote volume; None without trades."""
        some = [trade for trade in self.trades if start <= trade["ms"] < end]
        if not some:
            return None
        prices = [trade["price"] for trade in some]
        bought = [trade for trade in some if trade["buy"]]
        volume = lambda trades: sum((trade["quantity"] for trade in trades), Decimal(0))
        quote = lambda trades: sum((trade["price"] * trade["quantity"] for trade in trades), Decimal(0))
        ends = [prices[0], max(prices), min(prices), prices[-1]]
        return [*ends, volume(some), quote(some), len(some), volume(bought), quote(bought)]

    def candles(self, length, first=0, last=None, filled=True):
        """Start and candle of every window from the first trade's to the last's, of milliseconds."""
        rows, before, start = [], None, self.first - self.first % length
        by_window = {}
        for trade in self.trades:
            by_window.setdefault(trade["ms"] - trade["ms"] % length, []).append(trade)
        while start <= self.last:
            candle = Market(by_window[start]).candle(start, start + length) if start in by_window else None
            if candle is None and filled:
                candle = [before] * 4 + [Decimal(0), Decimal(0), 0, Decimal(0), Decimal(0)]
            if candle is not None:
                before = candle[3]
                if start >= first and (last is None or start <= last):
                    rows.append((start, candle))
            start += length
        return rows

    def aggregates(self):
        """Trades of one moment, price and side whose numbers follow each other, as one."""
        found = []
        for trade in self.trades:
            last = found[-1] if found else None
            same = last and last["last"] == trade["number"] - 1
            if same and all(last[name] == trade[name] for name in ("micros", "price", "buy")):
                last["quantity"] += trade["quantity"]
                last["last"] = trade["number"]
            else:
                found.append({**trade, "last": trade["number"]})
        return found


def markets(path):
    """Markets by exchange and symbol, of a file of JSON lines."""
    found = {}
    for line in open(path):
        exchange, symbol, number, micros, price, quantity, side = json.loads(line)
        found.setdefault((exchange, symbol), []).append(
            {
                "number": number,
                "micros": micros,
                "ms": micros // 1000,
                "price": Decimal(price),
                "quantity": Decimal(quantity),
                "buy": side == "BUY",
            }
        )
    return {name: Market(trades) for name, trades in found.items()}


def same(what, found, expected):
    """Ends the run where they differ, with the first difference."""
    if found == expected:
        return
    if isinstance(found, list) and isinstance(expected, list):
        for place, (one, other) in enumerate(zip(found, expected)):
            if one != other:
                sys.exit(f"{what}: at {place} of {len(found)} (expected {len(expected)}) is {one}, expected {other}")
        sys.exit(f"{what}: {len(found)} are there, expected {len(expected)}")
    sys.exit(f"{what}: {found} is not {expected}")
