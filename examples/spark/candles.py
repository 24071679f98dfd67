"""Candles of a range of time, folded by Spark from Gold through the lake's catalog: for ranges that outgrow one machine.

    spark-submit --packages org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.12.0 \\
        candles.py http://127.0.0.1:8080/iceberg research.candles_1m 1m 2026-01-01 2027-01-01

Reads market_data.gold_crypto_trades, writes the table that is named (made anew), and prints how many candles it has. Each is what
tradelake makes itself, to the last digit: sums are exact, first and last trade are told apart by time and number.
"""

import decimal
import sys

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import udf
from pyspark.sql.types import DecimalType

SECONDS = {"1m": 60, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "1d": 86400}
# Trades of one moment are ordered by the number in their id; one without a number comes first.
ORDER = "struct(timestamp, coalesce(cast(nullif(regexp_extract(trade_id, '(\\\\d+)$', 1), '') AS decimal(38, 0)), -1), trade_id)"


@udf(DecimalType(20, 10))
def half_even(quote_volume: decimal.Decimal, volume: decimal.Decimal) -> decimal.Decimal:
    with decimal.localcontext(prec=80):
        return (quote_volume / volume).quantize(decimal.Decimal("1e-10"), decimal.ROUND_HALF_EVEN)


def session(uri: str, **settings: str) -> SparkSession:
    """A session whose catalog `lake` is the lake's."""
    builder = SparkSession.builder.appName("candles")
    catalog = {
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.lake.type": "rest",
        "spark.sql.catalog.lake.uri": uri,
        "spark.sql.session.timeZone": "UTC",
        # A product of price and quantity keeps all its digits, or is null where it has more than 38.
        "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    }
    for name, value in {**catalog, **settings}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def candles(spark: SparkSession, timeframe: str, start: str, end: str, trades: str = "lake.market_data.gold_crypto_trades") -> DataFrame:
    """The candles whose windows begin in the range; `end` is exclusive. `trades`: a table with Gold's columns."""
    seconds = SECONDS[timeframe]
    window = f"timestamp_seconds(floor(unix_micros(timestamp) / {seconds * 1_000_000}) * {seconds})"
    bought = "CASE WHEN side = 'BUY' THEN {} ELSE 0 END"
    value = "CAST(price * quantity AS decimal(38, 18))"
    folded = spark.sql(f"""
        SELECT symbol, exchange, {window} AS window_start,
            min_by(price, {ORDER}) AS open_price, max(price) AS high_price,
            min(price) AS low_price, max_by(price, {ORDER}) AS close_price,
            CAST(sum(quantity) AS decimal(38, 8)) AS volume, count(*) AS trade_count,
            CAST(sum({value}) AS decimal(38, 18)) AS quote_volume,
            CAST(sum({bought.format("quantity")}) AS decimal(38, 8)) AS taker_buy_volume,
            CAST(sum({bought.format(value)}) AS decimal(38, 18)) AS taker_buy_quote_volume,
            min(timestamp) AS first_trade_time, max(timestamp) AS last_trade_time
        FROM {trades}
        WHERE timestamp >= TIMESTAMP '{start}' AND timestamp < TIMESTAMP '{end}'
            AND exchange_date BETWEEN DATE(TIMESTAMP '{start}') AND DATE(TIMESTAMP '{end}')
        GROUP BY symbol, exchange, {window}""")
    return folded.withColumn("vwap", half_even("quote_volume", "volume"))


def main(uri: str, table: str, timeframe: str, start: str, end: str) -> None:
    spark = session(uri)
    namespace = table.rsplit(".", 1)[0]
    spark.sql(f"CREATE NAMESPACE IF NOT EXISTS lake.{namespace}")
    candles(spark, timeframe, start, end).writeTo(f"lake.{table}").using("iceberg").createOrReplace()
    print(spark.table(f"lake.{table}").count())


if __name__ == "__main__":
    main(*sys.argv[1:])
