"""What clients in Python make of a REST catalog: python check_catalog.py CLIENT URI. Prints what it read and wrote as JSON."""

import decimal
import importlib.util
import json
import pathlib
import sys

client, uri = sys.argv[1:3]
CANDLES = "market_data.gold_ohlcv_1m"
TRADES = "market_data.gold_crypto_trades"
namespace = f"by_{client}"
text = lambda value: format(value.normalize(), "f") if isinstance(value, decimal.Decimal) else value


def duckdb_connection():
    import duckdb

    offline = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    connection = duckdb.connect(config=offline)
    for name in ("avro", "httpfs", "iceberg"):
        package = pathlib.Path(importlib.util.find_spec(f"duckdb_extension_{name}").origin).parent
        (path,) = package.glob(f"extensions/*/{name}.duckdb_extension")
        connection.execute(f"LOAD '{path}'")
    connection.execute(
        f"ATTACH 'lake' AS lake (TYPE iceberg, ENDPOINT '{uri}', AUTHORIZATION_TYPE 'none', ACCESS_DELEGATION_MODE 'none')"
    )
    return connection


def pyiceberg_catalog():
    from pyiceberg.catalog import load_catalog

    return load_catalog("lake", type="rest", uri=uri)


def by_pyiceberg():
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyiceberg.expressions import EqualTo
    from pyiceberg.types import StringType

    catalog = pyiceberg_catalog()
    trades = catalog.load_table(TRADES)
    rows = trades.scan().to_arrow()
    first = trades.metadata.snapshots[0].snapshot_id
    symbol = rows["symbol"][0].as_py()
    read = {
        "rows": rows.num_rows,
        "quantity": text(pc.sum(rows["quantity"]).as_py()),
        "first": trades.scan(snapshot_id=first).to_arrow().num_rows,
        "symbol": [symbol, trades.scan(row_filter=EqualTo("symbol", symbol)).to_arrow().num_rows],
    }
    catalog.create_namespace(namespace)
    data = pa.table({"n": pa.array([1, 2, 3], pa.int64()), "price": pa.array([decimal.Decimal("0.0000000001")] * 3, pa.decimal128(20, 10))})
    table = catalog.create_table(f"{namespace}.t", schema=data.schema)
    table.append(data)
    table.append(data)
    table.delete("n = 2")
    with table.update_schema() as update:
        update.add_column("note", StringType())
    table.manage_snapshots().create_tag(table.metadata.snapshots[0].snapshot_id, "first").commit()
    wrote = catalog.load_table(f"{namespace}.t")
    written = {
        "rows": sorted(wrote.scan().to_arrow()["n"].to_pylist()),
        "columns": [field.name for field in wrote.schema().fields],
        "price": text(pc.sum(wrote.scan().to_arrow()["price"]).as_py()),
        "tagged": wrote.scan(snapshot_id=wrote.metadata.refs["first"].snapshot_id).to_arrow().num_rows,
        "exact": all(s.snapshot_id == t.snapshot_id for s, t in zip(wrote.metadata.snapshots, table.metadata.snapshots)),
    }
    catalog.rename_table(f"{namespace}.t", f"{namespace}.u")
    written["tables"] = [name for _, name in catalog.list_tables(namespace)]
    try:
        trades.append(rows.slice(0, 1))
        refusal = None
    except Exception as error:
        refusal = f"{type(error).__name__}: {error}"
    catalog.purge_table(f"{namespace}.u")
    catalog.drop_namespace(namespace)
    return {"read": read, "written": written, "refusal": refusal}


def by_duckdb():
    connection = duckdb_connection()
    one = lambda query: connection.execute(query).fetchone()
    run = lambda query: connection.execute(query)
    symbol = one(f"SELECT symbol FROM lake.{TRADES} LIMIT 1")[0]
    (first,) = one(f"SELECT snapshot_id FROM iceberg_snapshots('lake.{TRADES}') ORDER BY sequence_number LIMIT 1")
    read = {
        "rows": one(f"SELECT count(*) FROM lake.{TRADES}")[0],
        "quantity": text(one(f"SELECT sum(quantity) FROM lake.{TRADES}")[0]),
        "first": one(f"SELECT count(*) FROM lake.{TRADES} AT (VERSION => {first})")[0],
        "symbol": [symbol, one(f"SELECT count(*) FROM lake.{TRADES} WHERE symbol = '{symbol}'")[0]],
    }
    run(f"CREATE SCHEMA lake.{namespace}")
    run(f"CREATE TABLE lake.{namespace}.t AS SELECT symbol, sum(quantity) AS quantity FROM lake.{TRADES} GROUP BY symbol")
    run(f"INSERT INTO lake.{namespace}.t VALUES ('one', 1), ('two', 2)")
    run(f"DELETE FROM lake.{namespace}.t WHERE symbol = 'one'")
    run(f"UPDATE lake.{namespace}.t SET quantity = 3 WHERE symbol = 'two'")
    written = {
        "rows": one(f"SELECT count(*) FROM lake.{namespace}.t WHERE symbol IN ('one', 'two')")[0],
        "two": text(one(f"SELECT quantity FROM lake.{namespace}.t WHERE symbol = 'two'")[0]),
        "quantity": text(one(f"SELECT sum(quantity) - 3 FROM lake.{namespace}.t")[0]),
    }
    refusal = None
    try:
        run("SET unsafe_iceberg_ignore_sort_order = true")
        run("SET ignore_target_file_size_for_partitioned_tables = true")
        run(f"INSERT INTO lake.{CANDLES} SELECT * FROM lake.{CANDLES} LIMIT 1")
    except Exception as error:
        refusal = f"{type(error).__name__}: {error}"
    run(f"DROP TABLE lake.{namespace}.t")
    run(f"DROP SCHEMA lake.{namespace}")
    return {"read": read, "written": written, "refusal": refusal}


def by_polars():
    import polars as pl

    table = pyiceberg_catalog().load_table(TRADES)
    trades = pl.scan_iceberg(table)
    first = table.metadata.snapshots[0].snapshot_id
    rows, quantity = trades.select(pl.len(), pl.col("quantity").sum()).collect().row(0)
    symbol = trades.select("symbol").head(1).collect().item()
    read = {
        "rows": rows,
        "quantity": text(quantity),
        "first": pl.scan_iceberg(table, snapshot_id=first).select(pl.len()).collect().item(),
        "symbol": [symbol, trades.filter(pl.col("symbol") == symbol).select(pl.len()).collect().item()],
    }
    catalog = pyiceberg_catalog()
    catalog.create_namespace(namespace)
    frame = pl.DataFrame({"n": [1, 2, 3]})
    written = catalog.create_table(f"{namespace}.t", schema=frame.to_arrow().schema)
    frame.write_iceberg(written, mode="append")
    frame.write_iceberg(catalog.load_table(f"{namespace}.t"), mode="append")
    counted = pl.scan_iceberg(catalog.load_table(f"{namespace}.t")).collect()["n"].to_list()
    catalog.purge_table(f"{namespace}.t")
    catalog.drop_namespace(namespace)
    return {"read": read, "written": {"rows": sorted(counted)}}


def by_daft():
    import daft

    catalog = pyiceberg_catalog()
    table = catalog.load_table(TRADES)
    first = table.metadata.snapshots[0].snapshot_id
    trades = daft.read_iceberg(table)
    summed = trades.agg(daft.col("quantity").sum().alias("quantity"), daft.col("symbol").count().alias("rows")).to_pydict()
    symbol = trades.select("symbol").limit(1).to_pydict()["symbol"][0]
    read = {
        "rows": summed["rows"][0],
        "quantity": text(summed["quantity"][0]),
        "first": daft.read_iceberg(table, snapshot_id=first).count_rows(),
        "symbol": [symbol, trades.where(daft.col("symbol") == symbol).count_rows()],
    }
    catalog.create_namespace(namespace)
    frame = daft.from_pydict({"n": [1, 2, 3]})
    written = catalog.create_table(f"{namespace}.t", schema=frame.to_arrow().schema)
    frame.write_iceberg(written, mode="append")
    counted = daft.read_iceberg(catalog.load_table(f"{namespace}.t")).to_pydict()["n"]
    catalog.purge_table(f"{namespace}.t")
    catalog.drop_namespace(namespace)
    return {"read": read, "written": {"rows": sorted(counted)}}


print(json.dumps({"pyiceberg": by_pyiceberg, "duckdb": by_duckdb, "polars": by_polars, "daft": by_daft}[client]()))
