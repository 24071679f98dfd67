"""Counts the rows of Iceberg tables through Glue: check_glue.py DATABASE TABLE… prints {table: rows} as JSON."""
import json
import os
import sys

from pyiceberg.catalog.glue import GlueCatalog

endpoint = os.environ["AWS_ENDPOINT_URL"]
catalog = GlueCatalog(
    "glue",
    **{
        "glue.endpoint": endpoint,
        "glue.region": os.environ["AWS_REGION"],
        "s3.endpoint": endpoint,
        "s3.region": os.environ["AWS_REGION"],
        "s3.access-key-id": os.environ["AWS_ACCESS_KEY_ID"],
        "s3.secret-access-key": os.environ["AWS_SECRET_ACCESS_KEY"],
        "s3.force-virtual-addressing": "false",
    },
)
database, *tables = sys.argv[1:]
counts = {name: catalog.load_table((database, name)).scan().to_arrow().num_rows for name in tables}
print(json.dumps(counts))
