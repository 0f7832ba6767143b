"""Runs e6-storm through one kind of switch against an e6-sim of its own, and returns what it counted."""
import json
import os
import re
import shutil
import subprocess
import tempfile

SWITCH_AT = 2.0  # seconds; everybody has queries under way by then
SECONDS = 7.0

# What the engine does, as commands of `e6-sim ctl` with their time since the start, and the colour that serves in the end.
SWITCHES = {
    "cold start": ([], "green"),
    "graceful": ([(0.0, "switch green graceful --announce 1500ms --drain 1500ms")], "green"),
    "abrupt": ([(0.0, "switch green abrupt")], "green"),
    "rollback": ([(0.0, "switch green graceful --announce 2s --drain 1s"), (1.0, "rollback --announce 1s --drain 1s")], "blue"),
    "flapping": ([(0.0, "flap --period 50ms --for 2s")], "blue"),
}


class Engine:
    def __init__(self, bin_dir, execute_ms, active):
        self.sim = os.path.join(bin_dir, "e6-sim")
        self.process = subprocess.Popen(
            [self.sim, "--listen", "127.0.0.1:0", "--active", active, "--quiet", "--exit-with-parent", "--execute-takes", f"{execute_ms}ms", "--fetch-takes", f"{execute_ms}ms"],
            stdout=subprocess.PIPE, text=True)
        self.target = re.search(r"127\.0\.0\.1:\d+", self.process.stdout.readline()).group(0)

    def command(self, text):
        return f"{self.sim} ctl --target {self.target} {text}"

    def stop(self):
        self.process.terminate()
        self.process.wait()


def storm(bin_dir, workers, shared, seconds, commands, execute_ms=5, active="blue", more=()):
    """`commands`: (seconds since the start, command of e6-sim ctl). Returns e6-storm's summary."""
    directory = tempfile.mkdtemp(prefix="e6-switch-report-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("E6_", "E6DATA_"))}
    engine = Engine(bin_dir, execute_ms, active)
    arguments = [os.path.join(bin_dir, "e6-storm"), "--target", engine.target, "--user", "demo@e6data.com", "--password", "demo", "--workers", str(workers),
                 "--threads", "1", "--connections", "1", "--seconds", f"{seconds}s", "--dir", directory, "--sql", "SELECT 1", "--json", *more]
    if not shared:
        arguments.append("--no-share")
    for at, text in commands:
        arguments += ["--at", f"{int(at * 1000)}ms", engine.command(text)]
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=seconds + 120, env=environment, check=False)
        if not done.stdout.strip():
            raise RuntimeError(f"e6-storm said nothing: {done.stderr}")
        summary = json.loads(done.stdout)
        for command in summary["at"]:
            if not command["ok"]:
                raise RuntimeError(f"'{command['command']}' failed: {command['output']}")
        return summary
    finally:
        engine.stop()
        shutil.rmtree(directory, ignore_errors=True)


def last_on_new_colour_ms(summary, colour):
    """From the switch, or its announcement, to the moment when the last worker had run its first query on the colour. None if one never did."""
    started = summary["at"][0]["started_ms"]
    firsts = [worker["first_query_ms"][colour] for worker in summary["workers"]]
    return None if any(first is None for first in firsts) else max(firsts) - started


def measure(bin_dir, kind, workers, shared):
    commands, final = SWITCHES[kind]
    summary = storm(bin_dir, workers, shared, SECONDS if commands else SWITCH_AT, [(SWITCH_AT + at, text) for at, text in commands],
                    active="blue" if commands else final)
    return {
        "switch": kind,
        "workers": workers,
        "shared": shared,
        "queries": summary["queries"],
        "authentications": summary["authentications"],
        "refusals": summary["mismatches"] + summary["refused_probes"],
        "refused_probes": summary["refused_probes"],
        "failed": summary["failed"],
        "lost": summary["lost_results"],
        "errors": summary["errors"],
        "last_on_new_colour_ms": last_on_new_colour_ms(summary, "green") if kind in ("graceful", "abrupt") else None,
        "worst_gap_ms": summary["longest_gap_ms"],
        "left_behind": summary["workers_left_behind"] if summary["host"]["strategy"] == final else workers,
    }


def hundred_switches(bin_dir, workers=64, switches=100, pause=1.7):
    """Graceful, abrupt and rolled-back switches in turn while all workers run queries without a pause."""
    commands = []
    for i in range(switches):
        at = 2 + i * pause
        if i % 3 == 0:
            commands.append((at, "switch other graceful --announce 300ms --drain 300ms"))
        elif i % 3 == 1:
            commands.append((at, "switch other abrupt"))
        else:
            commands.append((at, "switch other graceful --announce 600ms --drain 200ms"))
            commands.append((at + 0.25, "rollback --announce 200ms --drain 200ms"))
    return storm(bin_dir, workers, True, 2 + switches * pause + 3, commands, execute_ms=0, more=("--reexecute-lost",))
