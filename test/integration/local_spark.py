"""A session of local Spark for checks, as examples/spark opens one: small, and asked by nobody else."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent.parent / "examples" / "spark"))
import candles  # noqa: E402


def session(jars: str, uri: str):
    """`jars`: a folder of them; `uri`: of the lake's catalog."""
    spark = candles.session(
        uri,
        **{
            "spark.master": "local[2]",
            "spark.jars": ",".join(map(str, pathlib.Path(jars).glob("*.jar"))),
            "spark.driver.memory": "900m",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.sql.shuffle.partitions": "2",
            "spark.ui.enabled": "false",
        },
    )
    spark.sparkContext.setLogLevel("OFF")
    return spark
