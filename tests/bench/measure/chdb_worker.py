"""Answers SQL with ClickHouse inside of this process: python3 chdb_worker.py DIR. A line is a
statement as JSON; the answer is a line too: seconds, processor seconds, and the result or what was
wrong."""
import json
import sys
import time

from chdb import session

database = session.Session(sys.argv[1])
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    begun, cpu_s = time.perf_counter(), time.process_time()
    try:
        answer = {"out": str(database.query(json.loads(line), "TSV"))}
    except Exception as error:  # chdb has no narrower one
        answer = {"error": str(error)}
    answer["seconds"] = time.perf_counter() - begun
    answer["cpu_s"] = time.process_time() - cpu_s
    print(json.dumps(answer), flush=True)
