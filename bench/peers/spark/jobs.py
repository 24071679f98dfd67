"""The predecessor's stages as Spark jobs: Bronze, Silver with dead letters, Gold without repeats, candles.

Each is one batch over all messages, which is Spark's best case: no trigger, no Kafka, no catalog server, tables of Iceberg on the local disk.
"""

import pathlib

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.avro.functions import from_avro

EXCHANGES = ["binance", "kraken", "coinbase"]
TIMEFRAMES = {"1m": "1 minute", "5m": "5 minutes", "1h": "1 hour", "1d": "1 day"}
# Level 1, as the other programs have it. Spark would shuffle rows by partition before it writes; all are of one hour.
PROPERTIES = {"format-version": "2", "write.parquet.compression-codec": "zstd", "write.parquet.compression-level": "1", "write.distribution-mode": "none"}


def session(jars: str, warehouse: str) -> SparkSession:
    settings = {
        "spark.jars": ",".join(map(str, sorted(pathlib.Path(jars).glob("*.jar")))),
        "spark.driver.memory": "4g",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.lake.type": "hadoop",
        "spark.sql.catalog.lake.warehouse": warehouse,
        "spark.sql.catalog.lake.cache-enabled": "false",
    }
    builder = SparkSession.builder.appName("peer").master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def append(rows: DataFrame, table: str, *partition: str) -> None:
    """Makes the table of the rows, partitioned by these columns, in one commit."""
    writer = rows.writeTo(table).using("iceberg")
    for name, value in PROPERTIES.items():
        writer = writer.tableProperty(name, value)
    writer.partitionedBy(*[f.col(name) for name in partition]).create()


def bronze(spark: SparkSession, messages: str, lake: str) -> None:
    for exchange in EXCHANGES:
        rows = spark.read.parquet(f"{messages}/{exchange}").withColumn("ingestion_timestamp", f.current_timestamp())
        append(rows.withColumn("ingestion_date", f.to_date("ingestion_timestamp")), f"{lake}.bronze_{exchange}_trades", "ingestion_date")


def silver(spark: SparkSession, schema: str, lake: str) -> None:
    """Decodes and validates each message once; what is not a valid trade goes to the dead letters."""
    dead = None
    for exchange in EXCHANGES:
        value = from_avro(f.expr("substring(raw_bytes, 6)"), schema, {"mode": "PERMISSIVE"})
        source = spark.table(f"{lake}.bronze_{exchange}_trades").withColumn("trade", value).withColumn("error_type", error_type())
        source = source.persist()
        valid = source.where("error_type IS NULL").select(
            "trade.*",
            f.to_date("trade.timestamp").alias("exchange_date"),
            f.current_timestamp().alias("validation_timestamp"),
            f.col("ingestion_timestamp").alias("bronze_ingestion_timestamp"),
            f.expr("CAST(conv(hex(substring(raw_bytes, 2, 4)), 16, 10) AS int)").alias("schema_id"),
            f.col("partition").alias("kafka_partition"),
            f.col("offset").alias("kafka_offset"),
        )
        append(valid, f"{lake}.silver_{exchange}_trades", "exchange_date")
        letters = source.where("error_type IS NOT NULL").select(
            f.col("raw_bytes").alias("raw_record"),
            "error_type",
            f.current_timestamp().alias("error_timestamp"),
            f.current_date().alias("dlq_date"),
            f.lit(f"bronze_{exchange}_trades").alias("bronze_source"),
            f.col("offset").alias("kafka_offset"),
            f.lit(exchange.upper()).alias("exchange"),
        )
        if dead is None:
            append(letters, f"{lake}.silver_dlq_trades", "dlq_date")
        else:
            letters.writeTo(f"{lake}.silver_dlq_trades").append()
        dead = letters
        source.unpersist()


def error_type():
    """The first rule that a message breaks, or null."""
    ahead = f.expr("trade.timestamp > kafka_timestamp + INTERVAL 1 MINUTE")
    return (
        # Avro's reader in this mode gives a record of nulls, or null, for what it cannot read.
        f.when(f.expr("trade.message_id IS NULL OR trade.price IS NULL"), "deserialization_failed_or_null_fields")
        .when(f.expr("trade.price <= 0"), "price_validation")
        .when(f.expr("trade.quantity <= 0"), "quantity_validation")
        .when(ahead, "timestamp_validation")
        .when(f.expr("trade.symbol = ''"), "symbol_validation")
        .when(f.expr("trade.side NOT IN ('BUY', 'SELL')"), "side_validation")
        .when(f.expr("trade.message_id = ''"), "message_id_validation")
    )


def gold(spark: SparkSession, lake: str) -> None:
    trades = None
    for exchange in EXCHANGES:
        rows = spark.table(f"{lake}.silver_{exchange}_trades")
        trades = rows if trades is None else trades.unionByName(rows)
    lineage = ["validation_timestamp", "bronze_ingestion_timestamp", "schema_id", "kafka_partition", "kafka_offset"]
    once = trades.drop(*lineage).dropDuplicates(["message_id"]).withColumn("exchange_hour", f.hour("timestamp"))
    append(once.sortWithinPartitions("exchange_date", "exchange_hour", "timestamp"), f"{lake}.gold_crypto_trades", "exchange_date", "exchange_hour")


def candles(spark: SparkSession, lake: str) -> None:
    """Each timeframe from Gold. A volume needs more than 18 digits."""
    for name, length in TIMEFRAMES.items():
        order = "struct(timestamp, trade_id)"
        folded = spark.table(f"{lake}.gold_crypto_trades").groupBy("exchange", "symbol", f.window("timestamp", length)).agg(
            f.expr(f"min_by(price, {order})").alias("open_price"),
            f.max("price").alias("high_price"),
            f.min("price").alias("low_price"),
            f.expr(f"max_by(price, {order})").alias("close_price"),
            f.sum("quantity").cast("decimal(28,8)").alias("volume"),
            f.expr("CAST(sum(CAST(price * quantity AS decimal(36,16))) / sum(quantity) AS decimal(18,8))").alias("vwap"),
            f.count("*").alias("trade_count"),
        )
        rows = folded.select("*", f.col("window.start").alias("window_start"), f.col("window.end").alias("window_end"), f.to_date("window.start").alias("window_date"))
        append(rows.drop("window"), f"{lake}.gold_ohlcv_{name}", "window_date")
