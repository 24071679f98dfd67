"""What Spark makes of a REST catalog: python check_catalog_spark.py JARS URI. Prints what it read and wrote as JSON."""

import decimal
import json
import sys

# It also makes the examples importable.
import local_spark  # isort: skip
import candles  # isort: skip

TRADES = "lake.market_data.gold_crypto_trades"
text = lambda value: format(value.normalize(), "f") if isinstance(value, decimal.Decimal) else value


def main(jars: str, uri: str) -> None:
    spark = local_spark.session(jars, uri)
    one = lambda query: spark.sql(query).first()
    first = one(f"SELECT snapshot_id FROM {TRADES}.snapshots ORDER BY committed_at LIMIT 1")[0]
    symbol = one(f"SELECT symbol FROM {TRADES} LIMIT 1")[0]
    rows, quantity = one(f"SELECT count(*), sum(quantity) FROM {TRADES}")
    read = {
        "rows": rows,
        "quantity": text(quantity),
        "first": one(f"SELECT count(*) FROM {TRADES} VERSION AS OF {first}")[0],
        "symbol": [symbol, one(f"SELECT count(*) FROM {TRADES} WHERE symbol = '{symbol}'")[0]],
    }
    answer = {"read": read, "written": write(spark, one), "candles": compare_candles(spark)}
    try:
        spark.sql(f"INSERT INTO {TRADES} SELECT * FROM {TRADES} LIMIT 1")
        answer["refusal"] = None
    except Exception as error:
        answer["refusal"] = str(error).split("\n\tat ", 1)[0]
    spark.stop()
    json.dump(answer, sys.stdout)


def write(spark, one) -> dict:
    spark.sql("CREATE NAMESPACE lake.by_spark")
    spark.sql(
        f"CREATE TABLE lake.by_spark.t USING iceberg PARTITIONED BY (exchange, bucket(4, symbol)) AS SELECT exchange, symbol, count(*) AS n FROM {TRADES} GROUP BY ALL"
    )
    markets, trades = one("SELECT count(*), sum(n) FROM lake.by_spark.t")
    spark.sql("DELETE FROM lake.by_spark.t WHERE exchange = 'KRAKEN'")
    spark.sql("ALTER TABLE lake.by_spark.t ADD COLUMN note string AFTER symbol")
    spark.sql("ALTER TABLE lake.by_spark.t ADD PARTITION FIELD truncate(2, symbol)")
    spark.sql("INSERT INTO lake.by_spark.t VALUES ('NEW', 'AB', 'a note', 1)")
    spark.sql(
        """MERGE INTO lake.by_spark.t AS t USING (SELECT 'AB' AS symbol, 5 AS n UNION ALL SELECT 'CD', 6) AS s ON t.symbol = s.symbol
        WHEN MATCHED THEN UPDATE SET t.n = s.n WHEN NOT MATCHED THEN INSERT (exchange, symbol, n) VALUES ('NEW', s.symbol, s.n)"""
    )
    spark.sql("CREATE VIEW lake.by_spark.v AS SELECT exchange, sum(n) AS n FROM lake.by_spark.t GROUP BY exchange")
    written = {
        "counted": [markets, trades],
        "kraken": one("SELECT count(*) FROM lake.by_spark.t WHERE exchange = 'KRAKEN'")[0],
        "new": [list(row) for row in spark.sql("SELECT symbol, note, n FROM lake.by_spark.t WHERE exchange = 'NEW' ORDER BY symbol").collect()],
        "view": one("SELECT n FROM lake.by_spark.v WHERE exchange = 'NEW'")[0],
        "views": [row.viewName for row in spark.sql("SHOW VIEWS IN lake.by_spark").collect()],
    }
    spark.sql("CALL lake.system.expire_snapshots(table => 'by_spark.t', older_than => TIMESTAMP '2100-01-01', retain_last => 1)")
    written["snapshots"] = one("SELECT count(*) FROM lake.by_spark.t.snapshots")[0]
    spark.sql("DROP VIEW lake.by_spark.v")
    spark.sql("DROP TABLE lake.by_spark.t PURGE")
    spark.sql("DROP NAMESPACE lake.by_spark")
    return written


def compare_candles(spark) -> dict:
    start, end = "2020-01-01 00:00:00", "2100-01-01 00:00:00"
    columns = "symbol, exchange, window_start, open_price, high_price, low_price, close_price, volume, trade_count, quote_volume, vwap, taker_buy_volume, taker_buy_quote_volume, first_trade_time, last_trade_time"
    found = {}
    spark.sql("CREATE NAMESPACE lake.by_example")
    for timeframe in ("1m", "1h"):
        candles.candles(spark, timeframe, start, end).writeTo(f"lake.by_example.c{timeframe}").using("iceberg").createOrReplace()
        theirs = f"SELECT {columns} FROM lake.by_example.c{timeframe}"
        ours = f"SELECT {columns} FROM lake.market_data.gold_ohlcv_{timeframe}"
        count = lambda query: spark.sql(f"SELECT count(*) FROM ({query})").first()[0]
        found[timeframe] = [count(ours), count(f"{ours} EXCEPT {theirs}"), count(f"{theirs} EXCEPT {ours}")]
        spark.sql(f"DROP TABLE lake.by_example.c{timeframe} PURGE")
    spark.sql("DROP NAMESPACE lake.by_example")
    return found


main(*sys.argv[1:])
