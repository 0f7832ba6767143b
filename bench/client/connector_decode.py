"""Decodes batches with the Python connector: connector_decode.py <directory> <seconds>

For each <name>.metadata and <name>.batch in the directory, prints one line of JSON: how often the connector turns
the batch into rows in a second of processor time, as the median of five stretches, and what it read.
"""
import importlib.metadata
import json
import pathlib
import statistics
import sys
import time
from io import BytesIO

from e6data_python_connector.datainputstream import get_query_columns_info, is_fastbinary_available, read_rows_from_chunk


def stretch(columns, batch, seconds):
    times = 0
    begin = time.process_time()
    while True:
        read_rows_from_chunk(columns, batch)
        times += 1
        took = time.process_time() - begin
        if took >= seconds:
            return times / took


def main():
    directory, seconds = pathlib.Path(sys.argv[1]), float(sys.argv[2])
    for batch_file in sorted(directory.glob("*.batch")):
        _, columns = get_query_columns_info(BytesIO(batch_file.with_suffix(".metadata").read_bytes()))
        batch = batch_file.read_bytes()
        rows = read_rows_from_chunk(columns, batch)
        failed = sum(value == "Failed to parse." for row in rows for value in row)
        print(json.dumps({
            "name": batch_file.stem,
            "batches_per_second": statistics.median(stretch(columns, batch, seconds / 5) for _ in range(5)),
            "rows": len(rows),
            "columns": len(rows[0]),
            "failed": failed,
            "connector": importlib.metadata.version("e6data-python-connector"),
            "python": sys.version.split()[0],
            "fastbinary": bool(is_fastbinary_available()),
        }))


main()
