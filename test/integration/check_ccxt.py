"""What ccxt reads of Kraken and Coinbase from a lake: python check_ccxt.py EXCHANGE LAKE TRADES. Ends with status 1 where a number differs."""

import json
import sys

import ccxt

from trades_as_put_in import MINUTE, Decimal, markets, same

name, LAKE, path = sys.argv[1:4]
put_in = markets(path)
compared = {}


def shown(row):
    return int(row["id"]), row["timestamp"], row["price"], row["amount"], row["side"] == "buy"


def wanted(row):
    return row["number"], row["ms"], float(row["price"]), float(row["quantity"]), row["buy"]


def floats(start, candle):
    return [start, *map(float, candle[:5])]


def of_kraken():
    market = put_in["KRAKEN", "BTCUSD"]
    exchange = ccxt.kraken({"urls": {"api": {"public": f"{LAKE}/kraken"}}, "enableRateLimit": False})
    same("markets", sorted(exchange.load_markets()), ["BTC/USD", "DOGE/USD"])
    for timeframe, length in {"1m": MINUTE, "1h": 60 * MINUTE, "1d": 1440 * MINUTE}.items():
        rows, since = [], 0
        while True:
            page = exchange.fetch_ohlcv("BTC/USD", timeframe, since=since, limit=720)
            rows += page
            if len(page) < 700:
                break
            since = page[-1][0] + length
        same(timeframe, rows, [floats(*each) for each in market.candles(length)])
        compared[timeframe] = len(rows)
    trades, since = [], "0"
    while True:
        page = exchange.publicGetTrades({"pair": "XXBTZUSD", "since": since})["result"]
        trades += exchange.parse_trades(page["XXBTZUSD"], exchange.market("BTC/USD"))
        if not page["XXBTZUSD"]:
            break
        since = page["last"]
    same("all trades", sorted(map(shown, trades)), sorted(map(wanted, market.trades)))
    compared["trades"] = len(trades)
    begin = market.trades[2000]["ms"] // 1000 * 1000
    later = [wanted(row) for row in market.trades if row["ms"] >= begin]
    same("trades of a time", sorted(map(shown, exchange.fetch_trades("BTC/USD", since=begin))), sorted(later)[:1000])
    ticker = exchange.fetch_ticker("BTC/USD")
    same("last price", ticker["last"], float(market.trades[-1]["price"]))


def of_coinbase():
    market = put_in["COINBASE", "BTCUSD"]
    exchange = ccxt.coinbaseexchange({"urls": {"api": {"public": f"{LAKE}/coinbase"}}, "enableRateLimit": False})
    same("markets", sorted(exchange.load_markets()), ["BTC/USD", "ETH/EUR"])
    for timeframe, length in {"1m": MINUTE, "1h": 60 * MINUTE, "1d": 1440 * MINUTE}.items():
        rows, since = [], market.first - market.first % length
        while since <= market.last:
            rows += exchange.fetch_ohlcv("BTC/USD", timeframe, since=since, limit=300)
            since += 300 * length
        same(timeframe, rows, [floats(*each) for each in market.candles(length, filled=False)])
        compared[timeframe] = len(rows)
    trades, after = [], {}
    while True:
        page = exchange.fetch_trades("BTC/USD", limit=1000, params=after)
        if not page:
            break
        trades = page + trades
        after = {"after": exchange.last_response_headers["Cb-After"]}
    same("all trades", sorted(map(shown, trades)), sorted(map(wanted, market.trades)))
    compared["trades"] = len(trades)
    same("last price", exchange.fetch_ticker("BTC/USD")["last"], float(market.trades[-1]["price"]))
    volume = sum((Decimal(row["quantity"]) for row in market.trades if row["ms"] >= exchange.milliseconds() - 30 * 1440 * MINUTE), Decimal(0))
    stats = exchange.publicGetProductsIdStats({"id": "BTC-USD"})
    same("a month", Decimal(stats["volume_30day"]), volume)


{"kraken": of_kraken, "coinbase": of_coinbase}[name]()
print(json.dumps(compared))
