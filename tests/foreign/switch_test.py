"""Runs e6-storm against engine.py through one switch and checks what came of it. Arguments: graceful|abrupt, e6-storm, directory of stubs."""
import json
import os
import shutil
import subprocess
import sys
import tempfile


def main():
    kind, storm, stubs = sys.argv[1:4]
    here = os.path.dirname(os.path.abspath(__file__))
    directory = tempfile.mkdtemp(prefix="e6-foreign-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("E6_", "E6DATA_"))}
    engine = subprocess.Popen([sys.executable, os.path.join(here, "engine.py"), stubs, kind], stdout=subprocess.PIPE, text=True)
    try:
        port = int(engine.stdout.readline())
        number = "USR2" if kind == "graceful" else "USR1"
        done = subprocess.run(
            [storm, "--target", f"127.0.0.1:{port}", "--user", "demo@e6data.com", "--password", "demo", "--workers", "4", "--threads", "1",
             "--connections", "1", "--seconds", "6", "--sql", "SELECT 1", "--dir", directory, "--at", "2s", f"kill -{number} {engine.pid}", "--json"],
            capture_output=True, text=True, timeout=60, env=environment, check=False)
        figures = json.loads(done.stdout)
    finally:
        engine.kill()
        engine.wait()
        shutil.rmtree(directory, ignore_errors=True)
    print(json.dumps({key: figures[key] for key in
                      ("queries", "failed", "lost_results", "mismatches", "authentications", "refused_probes", "workers_left_behind", "errors")}))
    assert figures["queries"] > 50, "hardly any query was run"
    assert figures["failed"] == 0, figures["errors"]
    assert figures["workers_left_behind"] == 0
    assert figures["host"]["strategy"] == "green", figures["host"]["strategy"]
    assert figures["refused_probes"] <= 1
    if kind == "graceful":
        assert figures["mismatches"] == 0 and figures["lost_results"] == 0


if __name__ == "__main__":
    main()
