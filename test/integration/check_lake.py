"""Reads Iceberg tables with PyIceberg and tells what it sees, for a test to compare.

python check_lake.py REQUESTS.json

REQUESTS.json is a list of
  {"table": name, "metadata_location": URI or path, "snapshot_id": id (optional), "filter": row filter (optional),
   "where": {"column", "operation": ">=", "<" or "=", "value": decimal as text} (optional)}
and the answer, on standard output, a list of
  {"table", "schema": {column: type}, "required": [column], "partition": [field], "sort": [column], "snapshots": [id],
   "rows", "digest", "planned": data files that the filter leaves, "avro": [problem], "duckdb": rows or null}

The digest is the SHA-256 of the sorted SHA-256 (hex) of every row; a row is the JSON array of its columns' values as
text: decimals with all digits of their scale, timestamps as microseconds since 1970, dates as ISO, binaries as hex,
lists and maps (as sorted pairs) as JSON text, null as null.
"""

import datetime
import decimal
import hashlib
import importlib.util
import json
import pathlib
import sys

import duckdb
import fastavro
from pyiceberg.expressions import EqualTo, GreaterThanOrEqual, LessThan
from pyiceberg.table import StaticTable


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        requests = json.load(file)
    json.dump([check(request) for request in requests], sys.stdout)


def check(request: dict) -> dict:
    table = StaticTable.from_metadata(request["metadata_location"])
    selection = {"snapshot_id": request.get("snapshot_id")}
    if "filter" in request:
        selection["row_filter"] = request["filter"]
    if "where" in request:
        selection["row_filter"] = predicate(**request["where"])
    scan = table.scan(**selection)
    rows = scan.to_arrow()
    schema = table.schema()
    return {
        "table": request["table"],
        "schema": {field.name: str(field.field_type) for field in schema.fields},
        "required": [field.name for field in schema.fields if field.required],
        "partition": [f"{field.transform}({schema.find_column_name(field.source_id)})" for field in table.spec().fields],
        "sort": [schema.find_column_name(field.source_id) for field in table.sort_order().fields],
        "snapshots": [snapshot.snapshot_id for snapshot in table.snapshots()],
        "rows": rows.num_rows,
        "digest": digest(rows),
        "planned": len(list(scan.plan_files())),
        "avro": avro_problems(table, request.get("snapshot_id")),
        "duckdb": duckdb_rows(request),
    }


def predicate(column: str, operation: str, value: str):
    kinds = {">=": GreaterThanOrEqual, "<": LessThan, "=": EqualTo}
    return kinds[operation](column, decimal.Decimal(value))


def digest(rows) -> str:
    lines = (json.dumps([text(value) for value in row.values()], ensure_ascii=False, separators=(",", ":")) for row in rows.to_pylist())
    hashes = sorted(hashlib.sha256(line.encode()).hexdigest() for line in lines)
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def text(value) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime.datetime):
        return str((value - EPOCH) // datetime.timedelta(microseconds=1))
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, list):
        # PyArrow gives a map as a list of pairs.
        pairs = sorted(map(list, value)) if value and isinstance(value[0], tuple) else value
        return json.dumps(pairs, ensure_ascii=False, separators=(",", ":"))
    return f"{value:f}" if hasattr(value, "as_tuple") else str(value)


def avro_problems(table, snapshot_id) -> list[str]:
    """What another Avro reader finds wrong in the manifest list and manifests of a snapshot."""
    snapshot = table.snapshot_by_id(snapshot_id) if snapshot_id else table.current_snapshot()
    if snapshot is None:
        return []
    problems = []
    manifests, _ = records(snapshot.manifest_list, problems)
    for manifest in manifests:
        entries, length = records(manifest["manifest_path"], problems)
        if length != manifest["manifest_length"]:
            problems.append(f"{manifest['manifest_path']} has {length} bytes, not {manifest['manifest_length']}")
        for status, name in enumerate(["existing", "added", "deleted"]):
            counted = [entry["data_file"]["record_count"] for entry in entries if entry["status"] == status]
            if (len(counted), sum(counted)) != (manifest[f"{name}_files_count"], manifest[f"{name}_rows_count"]):
                problems.append(f"{manifest['manifest_path']} has other {name} counts than its list says")
    return problems


def records(location: str, problems: list[str]) -> tuple[list, int]:
    with open(location.removeprefix("file://"), "rb") as file:
        reader = fastavro.reader(file)
        problems.extend(f"{location}: {path} has no id" for path in fields_without_id(reader.writer_schema, ""))
        return list(reader), file.seek(0, 2)


def fields_without_id(schema, path: str):
    if isinstance(schema, list):
        for branch in schema:
            yield from fields_without_id(branch, path)
    elif isinstance(schema, dict) and schema["type"] == "record":
        for field in schema["fields"]:
            name = f"{path}.{field['name']}"
            if "field-id" not in field:
                yield name
            yield from fields_without_id(field["type"], name)
    elif isinstance(schema, dict) and schema["type"] == "array":
        if schema.get("logicalType") != "map" and "element-id" not in schema:
            yield f"{path}[]"
        yield from fields_without_id(schema["items"], f"{path}[]")


def duckdb_rows(request: dict) -> int | None:
    """Rows that DuckDB's own Iceberg reader counts; its binaries come as packages, it fetches nothing itself."""
    if "filter" in request or "snapshot_id" in request:
        return None
    offline = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    connection = duckdb.connect(config=offline)
    for name in ("avro", "iceberg"):
        package = importlib.util.find_spec(f"duckdb_extension_{name}")
        if package is None:
            return None
        (path,) = pathlib.Path(package.origin).parent.glob(f"extensions/*/{name}.duckdb_extension")
        connection.execute(f"LOAD '{path}'")
    where = request.get("where")
    condition = f"WHERE {where['column']} {where['operation']} {where['value']}" if where else ""
    query = f"SELECT count(*) FROM iceberg_scan(?) {condition}"
    (count,) = connection.execute(query, [request["metadata_location"]]).fetchone()
    return count


main()
