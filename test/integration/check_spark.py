"""Reads Iceberg tables with Spark and tells what it sees, for a test to compare.

python check_spark.py JARS REQUESTS.json

JARS is a folder with Iceberg's runtime for Spark. Requests and answers are those of check_lake.py:
[{"table", "metadata_location"}] gives [{"table", "schema", "rows", "digest"}].
"""

import decimal
import hashlib
import json
import pathlib
import sys

from pyspark.sql import DataFrame, SparkSession


def main() -> None:
    jars = ",".join(map(str, pathlib.Path(sys.argv[1]).glob("*.jar")))
    settings = {
        "spark.jars": jars,
        "spark.driver.memory": "900m",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "1",
        "spark.ui.enabled": "false",
    }
    builder = SparkSession.builder.master("local[1]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    with open(sys.argv[2], encoding="utf-8") as file:
        requests = json.load(file)
    answers = [check(request["table"], rows(spark, request)) for request in requests]
    spark.stop()
    json.dump(answers, sys.stdout)


def rows(spark: SparkSession, request: dict) -> DataFrame:
    frame = spark.read.format("iceberg").load(request["metadata_location"])
    where = request.get("where")
    return frame.where(f"{where['column']} {where['operation']} {where['value']}BD") if where else frame


def check(table: str, frame: DataFrame) -> dict:
    texts = frame.selectExpr(*(f"{text(field.name, field.dataType.typeName())} AS `{field.name}`" for field in frame.schema.fields))
    kinds = [field.dataType for field in frame.schema.fields]
    rows = [json.dumps(list(map(digits, row, kinds)), ensure_ascii=False, separators=(",", ":")) for row in texts.collect()]
    hashes = sorted(hashlib.sha256(row.encode()).hexdigest() for row in rows)
    return {
        "table": table,
        "schema": {field.name: field.dataType.simpleString() for field in frame.schema.fields},
        "rows": len(rows),
        "digest": hashlib.sha256("\n".join(hashes).encode()).hexdigest(),
    }


def digits(value, kind):
    """Spark's own text of a small decimal has an exponent, and its Python value more digits than its type."""
    if not isinstance(value, decimal.Decimal):
        return value
    return f"{value.quantize(decimal.Decimal(1).scaleb(-kind.scale), context=decimal.Context(prec=40)):f}"


def text(name: str, kind: str) -> str:
    """SQL of a value as check_lake.py writes it."""
    column = f"`{name}`"
    if kind == "timestamp":
        return f"cast(unix_micros({column}) AS string)"
    if kind == "binary":
        return f"lower(hex({column}))"
    if kind == "array":
        return f"to_json({column})"
    if kind == "map":
        return f"to_json(array_sort(transform(map_entries({column}), e -> array(e.key, e.value))))"
    return column if kind == "decimal" else f"cast({column} AS string)"


main()
