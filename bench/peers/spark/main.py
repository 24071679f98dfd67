"""Runs the jobs in one Spark that stays: python main.py JARS SCHEMA WAREHOUSE.

SCHEMA is the trade's Avro schema. Each line of the standard input is JSON: `namespace`, to be made in the warehouse, and `messages`, the folder that
to_parquet.py made of the generator's files. The stages run one after the other, and a JSON line is printed when one has ended: its name, wall and
CPU seconds (of the JVM and of this process). The first line that is printed names the versions and the processes.
"""

import json
import os
import pathlib
import sys
import time

import jobs
import pyspark


def cpu_seconds(pid: int) -> float:
    """CPU time of a process so far (proc(5): fields 14 and 15 of stat, in clock ticks)."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def say(**words) -> None:
    print(json.dumps(words), flush=True)


def main(jars: str, schema_file: str, warehouse: str) -> None:
    spark = jobs.session(jars, warehouse)
    spark.sparkContext.setLogLevel("ERROR")
    jvm = spark._jvm.java.lang.ProcessHandle.current().pid()
    schema = pathlib.Path(schema_file).read_text()
    say(spark=pyspark.__version__, java=spark._jvm.java.lang.System.getProperty("java.version"), python=sys.version.split()[0], pids=[os.getpid(), jvm])
    for line in sys.stdin:
        order = json.loads(line)
        lake, messages = f"lake.{order['namespace']}", order["messages"]
        spark.sql(f"CREATE NAMESPACE {lake}")
        stages = {
            "bronze": lambda: jobs.bronze(spark, messages, lake),
            "silver": lambda: jobs.silver(spark, schema, lake),
            "gold": lambda: jobs.gold(spark, lake),
            "candles": lambda: jobs.candles(spark, lake),
        }
        for name, run in stages.items():
            wall, cpu = time.perf_counter(), cpu_seconds(jvm) + time.process_time()
            run()
            say(stage=name, wall=time.perf_counter() - wall, cpu=cpu_seconds(jvm) + time.process_time() - cpu)
    spark.stop()


main(*sys.argv[1:])
