"""Runs docs/notebooks.md and compares what its recipes find with the trades that were put in: python check_notebooks.py LAKE TRADES PAGE.

Between the two lines that it prints, its caller puts more trades into the lake and then sends it a line.
"""

import re
import sys
from datetime import timezone

from trades_as_put_in import MINUTE, Decimal, markets, same

lake, path, page = sys.argv[1:4]
put_in = markets(path)
HOUR, DAY = 60 * MINUTE, 1440 * MINUTE
ADDRESS = 'LAKE = "http://127.0.0.1:8080"'
text = open(page).read()
same("addresses on the page", text.count(ADDRESS), 1)
recipes = {}
for heading, body in re.findall(r"^#+ (.*)\n((?:(?!^##? ).*\n?)*)", re.sub(r"^    #", "    \\#", text, flags=re.M), flags=re.M):
    recipes[heading] = re.findall(r"```python\n(.*?)```", body, flags=re.S)
found = {}
exec(recipes["Notebooks"][0].replace(ADDRESS, f'LAKE = "{lake}"'), found)


def run(heading, place=0):
    exec(recipes[heading][place], found)


midnight = int(found["midnight"].timestamp() * 1000)
begin = midnight - DAY


def day(exchange, symbol):
    return [trade for trade in put_in[exchange, symbol].trades if begin <= trade["ms"] < midnight]


def hours(exchange, symbol):
    return [(s, c) for s, c in put_in[exchange, symbol].candles(HOUR, filled=False) if begin <= s < midnight]


def ms(time):
    return int(time.timestamp() * 1000)


run("Candles in pandas")
same("types of pandas", str(found["candles"]["close"].dtype.pyarrow_dtype), "decimal128(38, 10)")
rows = [(ms(time), price) for time, price in found["closes"].items()]
same("closes", rows, [(start, candle[3]) for start, candle in hours("BINANCE", "BTCUSDT")])

run("Candles in polars")
bitcoins = [("BINANCE", "BTCUSDT"), ("COINBASE", "BTCUSD"), ("KRAKEN", "BTCUSD")]
total = lambda trades: sum((trade["quantity"] for trade in trades), Decimal(0))
same("volumes", found["volumes"].rows(), [(*market, total(day(*market))) for market in bitcoins])

run("The trades of a day")
expected = [(trade["micros"], trade["price"], trade["quantity"]) for trade in day("KRAKEN", "BTCUSD")]
epoch = lambda time: round(time.replace(microsecond=0).timestamp()) * 1_000_000 + time.microsecond
rows = [(epoch(row["time"]), row["price"], row["quantity"]) for row in found["trades"].to_pylist()]
same("trades", sorted(rows), sorted(expected))
same("bought", found["bought"], total([trade for trade in day("KRAKEN", "BTCUSD") if trade["buy"]]))

run("Average prices")
some = day("COINBASE", "BTCUSD")
step = Decimal("1e-10")
quote = sum((trade["price"] * trade["quantity"] for trade in some), Decimal(0))
same("vwap", Decimal(found["vwap"]["price"]), (quote / total(some)).quantize(step))
[before] = [trade for trade in put_in["COINBASE", "BTCUSD"].trades if trade["ms"] < begin][-1:]
stood, at, price = Decimal(0), begin * 1000, before["price"]
for trade in [*some, {"micros": midnight * 1000, "price": None}]:
    stood += (trade["micros"] - at) * price
    at, price = trade["micros"], trade["price"]
same("twap", Decimal(found["twap"]["price"]), (stood / (DAY * 1000)).quantize(step))
same("above", found["above"], Decimal(found["vwap"]["price"]) - Decimal(found["twap"]["price"]))

run("The spread over exchanges")
spreads = {}
for start in range(begin, midnight, HOUR):
    last = [[t for t in put_in[m].trades if t["ms"] < start + HOUR][-1]["price"] for m in bitcoins[1:]]
    spreads[start] = max(last) - min(last)
same("spreads", {ms(row["start"]): row["spread"] for row in found["spread"].to_dicts()}, spreads)
same("widest", found["widest"]["spread"], max(spreads.values()))

AGAIN = "A backtest that can be run again"
run(AGAIN)
run(AGAIN, 1)
worth, prices = found["worth"], found["prices"]
week = [(s, c) for s, c in put_in["BINANCE", "BTCUSDT"].candles(HOUR) if midnight - 7 * DAY <= s < midnight]
same("prices of the backtest", prices, [candle[3] for _, candle in week])
same("the backtest has traded", found["cash"] + found["coins"] > 0 and worth != 10_000, True)

run("A year of candles in a Parquet file")
table = found["pq"].read_table("candles.parquet")
minutes = [
    (exchange, symbol, start, *candle[:5])
    for (exchange, symbol), market in put_in.items()
    for start, candle in market.candles(MINUTE, filled=False)
    if start < midnight
]
names = ("open", "high", "low", "close", "volume")
rows = [(row["exchange"], row["symbol"], ms(row["start"]), *(row[name] for name in names)) for row in table.to_pylist()]
same("minutes of a year", sorted(rows), sorted(minutes))

run("The table's own files")
expected = [(*market, len(day(*market)), total(day(*market))) for market in sorted(put_in) if day(*market)]
same("rows of the files by DuckDB", [(e, s, n, q) for e, s, n, q in found["counts"]], expected)
same("rows of the files by polars", len(found["same"]), sum(row[2] for row in expected))

print("ready", flush=True)
sys.stdin.readline()
# The pin is set once; the lines below it are run again.
run(AGAIN, 1)
same("the backtest on the pin", [found["prices"], found["worth"]], [prices, worth])
now = [row["close"] for row in found["arrow"](found["query"]).to_pylist()]
same("without the pin it would be another", now != prices, True)
print(f"compared {len(minutes)} {sum(map(len, recipes.values()))}")
