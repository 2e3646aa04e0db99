"""Scans logs on a Spark cluster: each task runs `habeas events slice` on a part, then `habeas events merge` puts them together.

  spark-submit --master spark://host:7077 docs/cluster/spark_slices.py --parts 64 --work /shared/run1 \
      --out firings.ndjson --coverage coverage.json -- --rules /shared/rules --events /shared/access.ndjson

What stands behind `--` goes to `habeas events slice` as it is. Program, rules, tables, logs and the folder --work have to lie under
the same path on all machines (or --work, with one machine, on that one). Spark only starts processes and starts them again when
a machine is lost: a slice is written beside and renamed, so a task that ran twice has left the same file.
"""

import argparse
import pathlib
import subprocess
import sys

from pyspark.sql import SparkSession


def slice_part(habeas, work, parts, options):
    """What a task does: one slice, by its number from 1; gives what the program said of it."""
    def run(number):
        out = pathlib.Path(work) / f"{number}.slice"
        command = [habeas, "events", "slice", *options, "--part", f"{number}/{parts}", "--out", str(out)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            # Spark tries again, four times by default, and then tells this.
            raise RuntimeError(f"slice {number}/{parts} ended with {done.returncode}: {done.stderr.strip()}")
        return number, done.stdout.strip()
    return run


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--habeas", default="habeas", help="the program, on every machine")
    parser.add_argument("--parts", type=int, required=True, help="how many slices; some times the number of cores")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="shared folder for the slices; it holds values of the log")
    # Not standard output: there spark-submit also puts what a driver says on standard error.
    parser.add_argument("--out", required=True, help="where to write the firings")
    parser.add_argument("--coverage", help="where to write what was read and what was not")
    parser.add_argument("slice", nargs="+", metavar="-- OPTION", help="what `habeas events slice` gets")
    args = parser.parse_args()
    args.work.mkdir(mode=0o700, parents=True, exist_ok=True)

    spark = SparkSession.builder.appName("habeas slices").getOrCreate()
    try:
        numbers = spark.sparkContext.parallelize(range(1, args.parts + 1), args.parts)
        for number, said in sorted(numbers.map(slice_part(args.habeas, str(args.work), args.parts, args.slice)).collect()):
            print(f"slice {number}: {said}")
    finally:
        spark.stop()

    slices = [str(args.work / f"{number}.slice") for number in range(1, args.parts + 1)]
    coverage = ["--coverage", args.coverage] if args.coverage else []
    with open(args.out, "wb") as out:
        sys.exit(subprocess.run([args.habeas, "events", "merge", *slices, "--json", *coverage], stdout=out).returncode)


if __name__ == "__main__":
    main()
