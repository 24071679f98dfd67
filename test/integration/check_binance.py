"""What clients of Binance read from a lake: python check_binance.py CLIENT LAKE TRADES. Ends with status 1 where a number differs."""

import json
import sys

from trades_as_put_in import MINUTE, Decimal, markets, same

client, LAKE, path = sys.argv[1:4]
put_in = {symbol: market for (exchange, symbol), market in markets(path).items() if exchange == "BINANCE"}
SYMBOL = "BTCUSDT"
market = put_in[SYMBOL]
LENGTHS = {"1m": MINUTE, "15m": 15 * MINUTE, "1h": 60 * MINUTE, "4h": 240 * MINUTE, "1d": 1440 * MINUTE}
AMOUNTS = (1, 2, 3, 4, 5, 7, 9, 10)
compared = {}


def kline(row):
    """Open time and all numbers of a kline."""
    return row[0], [Decimal(row[i]) for i in (1, 2, 3, 4, 5, 7)] + [row[8], Decimal(row[9]), Decimal(row[10])]


def aggregate(row):
    return row["a"], row["f"], row["l"], row["T"], Decimal(row["p"]), Decimal(row["q"]), not row["m"]


def expected_aggregate(row):
    return row["number"], row["number"], row["last"], row["ms"], row["price"], row["quantity"], row["buy"]


def trade(row):
    quote = Decimal(row["price"]) * Decimal(row["qty"])
    same("quoteQty", Decimal(row["quoteQty"]), quote)
    return row["id"], row["time"], Decimal(row["price"]), Decimal(row["qty"]), not row["isBuyerMaker"]


def expected_trade(row):
    return row["number"], row["ms"], row["price"], row["quantity"], row["buy"]


def ticker(row):
    """A ticker against the trades between its own times."""
    some = market.candle(row["openTime"], row["closeTime"] + 1)
    inside = [trade["number"] for trade in market.trades if row["openTime"] <= trade["ms"] <= row["closeTime"]]
    names = ("openPrice", "highPrice", "lowPrice", "lastPrice", "volume", "quoteVolume")
    same("ticker", [Decimal(row[name]) for name in names] + [row["count"]], some[:7])
    same("ids of the ticker", [row["firstId"], row["lastId"]], [inside[0], inside[-1]])
    same("average", Decimal(row["weightedAvgPrice"]), (some[5] / some[4]).quantize(Decimal("1e-8")))
    same("change", Decimal(row["priceChange"]), some[3] - some[0])


def with_ccxt():
    import ccxt

    exchange = ccxt.binance(
        {
            "urls": {"api": {"public": f"{LAKE}/binance/api/v3"}},
            "options": {"fetchMarkets": {"types": ["spot"]}},
            "enableRateLimit": False,
        }
    )
    loaded = exchange.load_markets()
    same("markets", sorted(loaded), ["BTC/USDT", "SHIB/USDT"])
    same("steps", loaded["BTC/USDT"]["precision"]["price"], 0.01)
    for name, length in LENGTHS.items():
        rows, since = [], 0
        while True:
            page = exchange.fetch_ohlcv("BTC/USDT", name, since=since, limit=1000)
            rows += page
            if not page:
                break
            since = page[-1][0] + 1
        expected = [[start, *map(float, candle[:5])] for start, candle in market.candles(length)]
        same(name, rows, expected)
        compared[name] = len(rows)
    same("last", exchange.fetch_ohlcv("BTC/USDT", "1h", limit=5), [[s, *map(float, c[:5])] for s, c in market.candles(60 * MINUTE)][-5:])
    last = exchange.fetch_trades("BTC/USDT", limit=1000)
    shown = lambda row: (int(row["id"]), row["timestamp"], row["price"], row["amount"], row["side"] == "buy")
    wanted = lambda row: (row["number"], row["ms"], float(row["price"]), float(row["quantity"]), row["buy"])
    same("trades", [shown(row) for row in last], [wanted(row) for row in market.aggregates()][-1000:])
    compared["aggregates"] = len(last)
    single = exchange.fetch_trades("BTC/USDT", limit=1000, params={"fetchTradesMethod": "publicGetTrades"})
    same("single trades", [shown(row) for row in single], [wanted(row) for row in market.trades[-1000:]])
    compared["trades"] = len(single)
    ticker(exchange.fetch_ticker("BTC/USDT")["info"])
    same("server time", abs(exchange.fetch_time() - exchange.milliseconds()) < 60_000, True)
    try:
        exchange.publicGetKlines({"symbol": "NONE", "interval": "1m"})
        sys.exit("an unknown symbol was answered")
    except ccxt.BadSymbol as error:
        compared["refusal"] = str(error)


def with_python_binance():
    from binance.client import Client

    client = Client(ping=False)
    client.API_URL = f"{LAKE}/binance/api"
    same("ping", client.ping(), {})
    for name, length in LENGTHS.items():
        # From the market's first kline: the client asks for that with startTime=0 and limit=1.
        rows = client.get_historical_klines(SYMBOL, name, 1)
        same(name, [kline(row) for row in rows], market.candles(length))
        compared[name] = len(rows)
    rows = list(client.aggregate_trade_iter(SYMBOL))
    same("aggregates", [aggregate(row) for row in rows], [expected_aggregate(row) for row in market.aggregates()])
    compared["aggregates"] = len(rows)
    begin = market.trades[len(market.trades) // 2]["ms"]
    rows = list(client.aggregate_trade_iter(SYMBOL, start_str=begin))
    same("from a time", [aggregate(row) for row in rows], [expected_aggregate(row) for row in market.aggregates() if row["ms"] >= begin])
    rows = client.get_historical_trades(symbol=SYMBOL, fromId=market.trades[700]["number"], limit=1000)
    same("trades", [trade(row) for row in rows], [expected_trade(row) for row in market.trades[700:1700]])
    rows = client.get_recent_trades(symbol=SYMBOL)
    same("recent", [trade(row) for row in rows], [expected_trade(row) for row in market.trades[-500:]])
    compared["trades"] = 1500
    ticker(client.get_ticker(symbol=SYMBOL))
    prices = {row["symbol"]: Decimal(row["price"]) for row in client.get_all_tickers()}
    same("prices", prices, {symbol: each.trades[-1]["price"] for symbol, each in put_in.items()})
    same("symbol", client.get_symbol_info(SYMBOL)["quoteAsset"], "USDT")


def with_connector():
    from binance.error import ClientError
    from binance.spot import Spot

    client = Spot(base_url=f"{LAKE}/binance")
    same("ping", client.ping(), {})
    info = client.exchange_info(symbols=["SHIBUSDT", "BTCUSDT"])
    same("symbols", [row["symbol"] for row in info["symbols"]], ["SHIBUSDT", "BTCUSDT"])
    for name, length in LENGTHS.items():
        rows = client.klines(SYMBOL, name, limit=1000)
        same(name, [kline(row) for row in rows], market.candles(length)[-1000:])
        compared[name] = len(rows)
    shifted = client.klines(SYMBOL, "1d", startTime=0, timeZone="5:45")
    same("of a zone", sum(row[8] for row in shifted), len(market.trades))
    rows = client.agg_trades(SYMBOL, limit=1000)
    same("aggregates", [aggregate(row) for row in rows], [expected_aggregate(row) for row in market.aggregates()][-1000:])
    compared["aggregates"] = len(rows)
    rows = client.trades(SYMBOL, limit=1000)
    same("trades", [trade(row) for row in rows], [expected_trade(row) for row in market.trades[-1000:]])
    compared["trades"] = len(rows)
    ticker(client.ticker_24hr(SYMBOL))
    same("price", Decimal(client.ticker_price(SYMBOL)["price"]), market.trades[-1]["price"])
    same("minutes", client.avg_price(SYMBOL)["mins"], 5)
    try:
        client.klines("NONE", "1m")
        sys.exit("an unknown symbol was answered")
    except ClientError as error:
        compared["refusal"] = [error.status_code, error.error_code, error.error_message]


def of_freqtrade():
    """What download-data has written into the folder of the fourth argument."""
    folder = sys.argv[4]
    read = lambda name: json.load(open(f"{folder}/{name}"))
    for name, length in {"1m": MINUTE, "1h": 60 * MINUTE}.items():
        rows = read(f"BTC_USDT-{name}.json")
        expected = [[start, *map(float, candle[:5])] for start, candle in market.candles(length)]
        # The last is not stored while it may change.
        same(name, rows, expected[: len(rows)])
        same(f"{name}, the end", len(expected) - len(rows) <= 1, True)
        compared[name] = len(rows)
    rows = read("BTC_USDT-trades.json")
    expected = [[r["ms"], str(r["number"]), "buy" if r["buy"] else "sell", float(r["price"]), float(r["quantity"])] for r in market.aggregates()]
    found = [[row[0], row[1], row[3], row[4], row[5]] for row in rows]
    same("trades", found, expected)
    compared["trades"] = len(rows)


{"ccxt": with_ccxt, "python-binance": with_python_binance, "binance-connector": with_connector, "freqtrade": of_freqtrade}[client]()
print(json.dumps(compared))
