"""Gold of a range of time, and its candles, made by Spark from Silver through the lake's catalog: for years of history at once.

    spark-submit --packages org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.12.0 --py-files candles.py \\
        gold.py http://127.0.0.1:8080/iceberg research 2026-01-01 2027-01-01

Reads market_data.silver_*_trades, writes the tables `gold` and `candles_1m` of the namespace that is named (made anew), and prints how many
rows each has. The rows are those of the pipeline: each trade once, the row that Kafka had first where a trade came again; candles to the
last digit. The pipeline's own tables stay its own.
"""

import sys

from candles import candles, session
from pyspark.sql import DataFrame, SparkSession

# Two rows are one trade where message_id is equal and their times are at most this far apart.
SAME_TRADE = "INTERVAL 1 SECOND"
# A row's place in Kafka says which came first.
PLACE = ("topic_epoch", "kafka_partition", "kafka_offset")
# What Gold does not have of Silver.
LEFT_OUT = ("validation_timestamp", "bronze_ingestion_timestamp", "schema_id", *PLACE)


def gold(spark: SparkSession, start: str, end: str) -> DataFrame:
    """Gold's rows whose times are in the range; `end` is exclusive."""
    names = [row.tableName for row in spark.sql("SHOW TABLES IN lake.market_data").collect()]
    silver = [name for name in names if name.startswith("silver_") and name != "silver_dlq_trades"]
    # A trade at the range's edge may be a repeat of one just outside.
    rows = " UNION ALL ".join(
        f"""SELECT * FROM lake.market_data.{name}
            WHERE timestamp >= TIMESTAMP '{start}' - {SAME_TRADE} AND timestamp < TIMESTAMP '{end}' + {SAME_TRADE}
                AND exchange_date BETWEEN DATE(TIMESTAMP '{start}' - {SAME_TRADE}) AND DATE(TIMESTAMP '{end}' + {SAME_TRADE})"""
        for name in sorted(silver)
    )
    # In Kafka's order, a row is kept unless one that is kept already is the same trade.
    kept = f"""aggregate(
        array_sort(collect_list(trade), (a, b) -> CASE WHEN {before("a", "b")} THEN -1 ELSE 1 END),
        CAST(array() AS array<struct<{{schema}}>>),
        (kept, row) -> CASE
            WHEN exists(kept, k -> abs(unix_micros(k.timestamp) - unix_micros(row.timestamp)) <= 1000000) THEN kept
            ELSE concat(kept, array(row)) END)"""
    trades = spark.sql(f"SELECT struct(*) AS trade FROM ({rows})")
    trades.createOrReplaceTempView("silver_trades")
    schema = ", ".join(f"{field.name}: {field.dataType.simpleString()}" for field in trades.schema["trade"].dataType.fields)
    found = spark.sql(
        f"""SELECT row.* FROM (
            SELECT inline_outer(rows) FROM (SELECT transform({kept.format(schema=schema)}, k -> struct(k AS row)) AS rows
                FROM silver_trades GROUP BY trade.exchange, trade.message_id))
        WHERE row.timestamp >= TIMESTAMP '{start}' AND row.timestamp < TIMESTAMP '{end}'"""
    )
    return found.drop(*LEFT_OUT).selectExpr("*", "hour(timestamp) AS exchange_hour")


def before(a: str, b: str) -> str:
    place = lambda row: "struct(" + ", ".join(f"{row}.{name}" for name in PLACE) + ")"
    return f"{place(a)} < {place(b)}"


def main(uri: str, namespace: str, start: str, end: str) -> None:
    spark = session(uri)
    spark.sql(f"CREATE NAMESPACE IF NOT EXISTS lake.{namespace}")
    write(spark, namespace, start, end)
    for table in ("gold", "candles_1m"):
        print(table, spark.table(f"lake.{namespace}.{table}").count())


def write(spark: SparkSession, namespace: str, start: str, end: str) -> None:
    made = f"lake.{namespace}.gold"
    gold(spark, start, end).writeTo(made).using("iceberg").partitionedBy("exchange_date").createOrReplace()
    folded = candles(spark, "1m", start, end, trades=made)
    folded.writeTo(f"lake.{namespace}.candles_1m").using("iceberg").createOrReplace()


if __name__ == "__main__":
    main(*sys.argv[1:])
