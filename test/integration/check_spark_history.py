"""Makes Gold and candles of a lake again by Spark, as examples/spark/gold.py does, and compares them with the pipeline's own.

python check_spark_history.py JARS URI. Prints as JSON, for each table, how many rows the pipeline has, how many of them Spark lacks, and
how many Spark has that the pipeline lacks; and how many rows of Silver there were.
"""

import json
import sys

# It also makes the examples importable.
import local_spark  # isort: skip
import gold  # isort: skip

START, END = "2020-01-01 00:00:00", "2100-01-01 00:00:00"
# When a candle was made is not a matter of trades; window_end and window_date follow from its start.
MADE = {"created_at", "updated_at", "window_end", "window_date"}


def main(jars: str, uri: str) -> None:
    spark = local_spark.session(jars, uri)
    spark.sql("CREATE NAMESPACE lake.history")
    gold.write(spark, "history", START, END)
    count = lambda query: spark.sql(f"SELECT count(*) FROM ({query})").first()[0]

    def compare(ours: str, theirs: str) -> list:
        columns = ", ".join(texts(spark.table(ours)))
        a, b = f"SELECT {columns} FROM {ours}", f"SELECT {columns} FROM {theirs}"
        return [count(a), count(f"{a} EXCEPT ALL {b}"), count(f"{b} EXCEPT ALL {a}")]

    names = [row.tableName for row in spark.sql("SHOW TABLES IN lake.market_data").collect()]
    silver = sum(spark.table(f"lake.market_data.{name}").count() for name in names if name.startswith("silver_") and "dlq" not in name)
    answer = {
        "silver": silver,
        "gold": compare("lake.market_data.gold_crypto_trades", "lake.history.gold"),
        "candles": compare("lake.market_data.gold_ohlcv_1m", "lake.history.candles_1m"),
    }
    # An interval that ends between trades has those trades alone.
    middle = spark.sql("SELECT CAST(timestamp_micros(CAST(avg(unix_micros(timestamp)) AS bigint)) AS string) FROM lake.history.gold").first()[0]
    answer["halves"] = [gold.gold(spark, START, middle).count(), gold.gold(spark, middle, END).count()]
    spark.stop()
    json.dump(answer, sys.stdout)


def texts(frame) -> list:
    """Columns that can be compared: maps cannot."""
    kinds = {field.name: field.dataType.typeName() for field in frame.schema.fields if field.name not in MADE}
    return [f"to_json(array_sort(map_entries({name}))) AS {name}" if kind == "map" else name for name, kind in kinds.items()]


main(*sys.argv[1:])
