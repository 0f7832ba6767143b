# examples_test.py etl|prefork|pool graceful|abrupt <e6-sim> <example>: the example, and a switch in the middle of its work.
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

BOUND = 40  # seconds, for everything together
deadline = time.monotonic() + BOUND


def check(condition, what):
    if not condition:
        sys.exit(f"failed: {what}")


class Program:
    """A program whose lines come with a deadline; killed at the end if it still runs."""

    def __init__(self, words, environment=None):
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
        self.rest = b""

    def line(self):
        while b"\n" not in self.rest:
            check(select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))[0], "no line in time")
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                return None
            self.rest += more
        one, self.rest = self.rest.split(b"\n", 1)
        print(one.decode())
        return one.decode()

    def wait(self):
        return self.process.wait(max(0.1, deadline - time.monotonic()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def switch(sim, target, kind):
    how = ["graceful", "--announce", "300ms", "--drain", "20s"] if kind == "graceful" else ["abrupt"]
    subprocess.run([sim, "ctl", "--target", target, "switch", "green", *how], check=True, timeout=10)


def stats(sim, target):
    said = subprocess.run([sim, "ctl", "--target", target, "stats", "--json"], check=True, timeout=10, stdout=subprocess.PIPE)
    return json.loads(said.stdout)


def colours_in_order(seen):
    """Blue first, green at the end."""
    return seen and seen[0] == "blue" and seen[-1] == "green"


def etl(sim, example, target, kind, environment):
    partitions, rows = 12, 20000
    words = [example, target, "3", str(partitions), f"rows={rows} cols=4 batches=20 fetch_ms=20"]
    with Program(words, environment) as program:
        seen, again = {}, 0
        while (line := program.line()) is not None:
            again += " again: query " in line
            found = re.search(r"partition +(\d+) +(\w+) +(\d+) rows ", line)
            if not found:
                continue
            check(found[1] not in seen, f"partition {found[1]} came twice")
            seen[found[1]] = found[2]
            check(int(found[3]) == rows, f"partition {found[1]} is not whole")
            if len(seen) == 3:
                # Now each worker's second partition: the switch comes when it has begun.
                while stats(sim, target)["batches_sent"] < 3 * 20 + 15:
                    check(time.monotonic() < deadline, "no second partitions")
                switch(sim, target, kind)
        check(program.wait() == 0, "the exit status is not 0")
        check(len(seen) == partitions, f"{len(seen)} of {partitions} partitions")
        check(colours_in_order(list(seen.values())), f"colours {seen}")
        check((again > 0) == (kind == "abrupt"), f"{again} partitions were read again")


def prefork(sim, example, target, kind, environment):
    with Program([example, target, "3"], environment) as program:
        port = int(program.line().rsplit(":", 1)[1])
        visitors = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(3)]  # one for each worker
        files = [each.makefile("rw") for each in visitors]
        seen, workers = [], set()

        def ask_all():
            for file in files:
                file.write("select 1 /* rows=7 */\n")
                file.flush()
            for file in files:
                line = file.readline()
                found = re.fullmatch(r"ok 7 rows, (\w+), worker (\d+)\n", line)
                check(found, f"answer {line!r}")
                seen.append(found[1])
                workers.add(int(found[2]))

        ask_all()
        check(len(workers) == 3, f"workers {workers}")
        switch(sim, target, kind)
        while seen[-1] != "green" and time.monotonic() < deadline:
            ask_all()
        ask_all()
        check(colours_in_order(seen), f"colours {seen}")

        # A worker that dies is replaced: the master may still fork.
        gone = min(workers)
        os.kill(gone, signal.SIGKILL)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as visitor, visitor.makefile("rw") as file:
            file.write("select 1 /* rows=7 */\nselect nonsense /* rows=x */\n")
            file.flush()
            found = re.fullmatch(r"ok 7 rows, green, worker (\d+)\n", file.readline())
            check(found and int(found[1]) not in workers, "no new worker")
            check(file.readline().startswith("error "), "no error")
        program.process.send_signal(signal.SIGTERM)
        check(program.wait() == 0, "the exit status is not 0")
        for file, visitor in zip(files, visitors):
            file.close()
            visitor.close()


def pool(sim, example, target, kind, environment):
    subprocess.run([sim, "ctl", "--target", target, "latency", "--method", "getNextResultBatch", "--ms", "10"], check=True, timeout=10)
    with Program([example, target], environment) as program:
        while stats(sim, target)["queries_finished"] < 40:
            check(time.monotonic() < deadline, "no queries")
        switch(sim, target, kind)
        lines = []
        while (line := program.line()) is not None:
            lines.append(line)
        check(program.wait() == 0, "the exit status is not 0")
        lost = sum(" is lost: " in line for line in lines)
        check(lost <= (4 if kind == "abrupt" else 0), f"{lost} queries were lost")
        found = re.search(r"^(\d+) rows through 4 connections: 200 checkouts, 0 time-outs$", "\n".join(lines), re.M)
        # A query may be lost after its rows came, when it asks for more.
        check(found and 2000 - 10 * lost <= int(found[1]) <= 2000 and int(found[1]) % 10 == 0, f"lines {lines}")
        check(re.search(r"became free within 1\d\d ms", lines[-1]), f"last line {lines[-1]!r}")
        check(stats(sim, target)["state"]["active"] == "green", "no switch")


def main():
    test, kind, sim, example = sys.argv[1:]
    with tempfile.TemporaryDirectory(dir="/dev/shm") as directory, Program([sim, "--listen", "127.0.0.1:0", "--exit-with-parent"]) as engine:
        target = re.search(r"127\.0\.0\.1:\d+", engine.line())[0]
        environment = dict(os.environ, E6_SHM_DIR=directory)
        {"etl": etl, "prefork": prefork, "pool": pool}[test](sim, example, target, kind, environment)


main()
