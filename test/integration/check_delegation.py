"""What clients without credentials of their own do with those that a catalog gives: python check_delegation.py CLIENT URI KEY. Prints JSON."""

import decimal
import json
import sys

client, uri, key = sys.argv[1:4]
TRADES = "market_data.gold_crypto_trades"
NAMESPACE = "delegated"
DELEGATION = "vended-credentials"
text = lambda value: format(value.normalize(), "f") if isinstance(value, decimal.Decimal) else value


def by_pyiceberg():
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyiceberg.catalog import load_catalog

    catalog = load_catalog("lake", type="rest", uri=uri, token=key, **{"header.X-Iceberg-Access-Delegation": DELEGATION})
    trades = catalog.load_table(TRADES).scan().to_arrow()
    catalog.create_namespace(NAMESPACE)
    data = pa.table({"n": pa.array([1, 2, 3], pa.int64())})
    table = catalog.create_table(f"{NAMESPACE}.t", schema=data.schema)
    table.append(data)
    table.append(data)
    table.delete("n = 2")
    written = sorted(catalog.load_table(f"{NAMESPACE}.t").scan().to_arrow()["n"].to_pylist())
    catalog.purge_table(f"{NAMESPACE}.t")
    catalog.drop_namespace(NAMESPACE)
    return {"rows": trades.num_rows, "quantity": text(pc.sum(trades["quantity"]).as_py()), "written": written}


def by_chdb():
    from chdb import session

    chdb = session.Session()
    chdb.query("SET allow_database_iceberg = 1")
    chdb.query(
        f"CREATE DATABASE lake ENGINE = DataLakeCatalog('{uri}/v1') "
        f"SETTINGS catalog_type = 'rest', warehouse = 'lake', vended_credentials = 1, auth_header = 'Authorization: Bearer {key}'"
    )
    tables = [json.loads(line)["name"] for line in str(chdb.query("SHOW TABLES FROM lake", "JSONEachRow")).splitlines()]
    # It reads none here: it signs for us-east-1 whatever region it is told, and follows S3's correction to AWS's own address, not to the endpoint.
    return {"tables": sorted(tables)}


print(json.dumps({"pyiceberg": by_pyiceberg, "chdb": by_chdb}[client]()))
