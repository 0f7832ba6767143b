"""Runs e6-storm through an ingress (see ingress.py) while it is switched, and checks what came of it. Arguments: scenario, e6-storm, e6-sim, nginx."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from ingress import Engine, Ingress

WORKERS = 8
SKIPPED = 77


class Storm:
    def __init__(self, program, port, directory, seconds):
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("E6_", "E6DATA_"))}
        self.process = subprocess.Popen(
            [program, "--target", f"127.0.0.1:{port}", "--user", "demo@e6data.com", "--password", "demo", "--workers", str(WORKERS), "--threads", "2",
             "--connections", "2", "--seconds", str(seconds), "--dir", directory, "--stream-ms", "50", "--sql", "SELECT 1 /* rows=20 batches=2 execute_ms=3 */"],
            stdout=subprocess.PIPE, text=True, env=environment)
        self.latest = {}

    def until(self, what, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition(self.latest):
            line = self.process.stdout.readline()
            if not line or time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not happen within {seconds} s; the latest line: {json.dumps(self.latest)[:1000]}")
            self.latest = json.loads(line)

    def queries(self):
        return self.latest.get("queries", 0)

    def run_on(self, more):
        goal = self.queries() + more
        self.until(f"{more} more queries", lambda line: line.get("queries", 0) >= goal)

    def until_all_on(self, colour):
        self.until(f"everybody on {colour}", lambda line: line.get("workers") and all(w["strategy"] == colour for w in line["workers"]))

    def end(self):
        rest = self.process.stdout.read().strip().splitlines()
        self.process.wait()
        return json.loads(rest[-1])


def graceful(storm, engines, ingress):
    ingress.reload(blue="blue", green="green")
    engines["blue"].ctl("announce", "green")
    storm.until_all_on("green")
    ingress.reload(blue_running="blue", green="green")
    storm.run_on(100)
    ingress.reload(green="green", cluster="green")
    storm.run_on(100)


def check_graceful(figures):
    assert figures["mismatches"] == 0, "a graceful switch refused somebody"
    assert figures["lost_results"] == 0
    assert figures["host"]["strategy"] == "green"


def abrupt(storm, engines, ingress):
    del engines
    ingress.reload(green="green", cluster="green")
    storm.until_all_on("green")
    storm.run_on(100)


def check_abrupt(figures):
    assert figures["mismatches"] > 0, "nobody met the status 456 of the ingress"
    assert figures["refused_probes"] <= 1, "more than one process of the host probed"
    assert figures["host"]["strategy"] == "green"


def rollback(storm, engines, ingress):
    ingress.reload(blue="blue", green="green")
    engines["blue"].ctl("announce", "green")
    storm.until_all_on("green")
    engines["blue"].ctl("announce", "--off")
    engines["green"].ctl("announce", "blue")
    storm.until_all_on("blue")
    engines["green"].ctl("announce", "--off")
    ingress.reload(blue="blue", green_running="green")
    storm.run_on(100)
    ingress.reload(blue="blue")
    storm.run_on(100)


def check_rollback(figures):
    assert figures["mismatches"] == 0
    assert figures["lost_results"] == 0
    assert figures["host"]["strategy"] == "blue"


def early(storm, engines, ingress):
    engines["blue"].ctl("announce", "green")  # and the ingress goes on refusing green
    storm.run_on(200)
    ingress.reload(blue="blue", green="green")
    storm.until_all_on("green")
    storm.run_on(100)


def check_early(figures):
    assert figures["mismatches"] > 0, "nobody met the ingress that refuses the announced colour"
    assert figures["lost_results"] == 0
    assert figures["host"]["strategy"] == "green"


def mixed(storm, engines, ingress):
    ingress.reload(blue_running="blue", blue_starting_old="blue", green_running="green", green_starting_new="green")
    storm.run_on(300)
    ingress.reload(blue_running="blue", green="green")
    storm.until_all_on("green")
    storm.run_on(100)


def check_mixed(figures):
    assert figures["mismatches"] > 0, "nobody met the two parts of the ingress"
    assert figures["lost_results"] == 0
    assert figures["host"]["strategy"] == "green"


def reloads(storm, engines, ingress):
    del engines
    for _ in range(10):
        ingress.reload(blue="blue")
        storm.run_on(60)


def check_reloads(figures):
    assert figures["mismatches"] == 0 and figures["lost_results"] == 0


def suspended(storm, engines, ingress):
    engines["blue"].ctl("suspend", "--resume-takes", "500ms")
    ingress.reload(blue="503")
    deadline = time.monotonic() + 20
    while json.loads(engines["blue"].ctl("stats", "--json"))["state"]["cluster"] != "active":
        assert time.monotonic() < deadline, "nobody resumed the cluster"
        time.sleep(0.02)
    ingress.reload(blue="blue")
    storm.run_on(100)
    resumes = json.loads(engines["blue"].ctl("stats", "--json"))["by_method"]["cluster.resume"]["blue"]
    assert resumes.get("ok") == 1, f"one process of the host resumes: {resumes}"


def check_suspended(figures):
    assert figures["host"]["strategy"] == "blue"


def flapping(storm, engines, ingress):
    del engines
    for _ in range(6):
        ingress.reload(green="green", cluster="green")
        storm.run_on(20)
        ingress.reload(blue="blue")
        storm.run_on(20)
    storm.until_all_on("blue")
    storm.run_on(100)


def check_flapping(figures):
    assert figures["mismatches"] >= 6, "some of the switches were met by nobody"
    assert figures["host"]["strategy"] == "blue"


def refused(storm, engines, ingress):
    del engines
    ingress.reload()  # without a route for either colour
    ended = time.monotonic() + 2
    storm.until("two seconds", lambda line: time.monotonic() > ended)
    ingress.reload(blue="blue")
    storm.run_on(300)


def check_refused(figures):
    assert figures["mismatches"] > 0, "nobody met the ingress that refuses both colours"
    # Within half a second a prober looks a few times, then nobody for a second; the rest is what the reloads took.
    assert 2 <= figures["host"]["refused_probes"] <= 60, "probes grow with time and not with workers"
    assert figures["host"]["strategy"] == "blue"


def lagging(storm, engines, ingress):
    resumes_before = json.loads(engines["blue"].ctl("stats", "--json"))["by_method"].get("cluster.resume", {})
    ingress.reload(blue="503")  # and the cluster is active
    ended = time.monotonic() + 1
    storm.until("a second", lambda line: time.monotonic() > ended)
    ingress.reload(blue="blue")
    storm.run_on(100)
    assert json.loads(engines["blue"].ctl("stats", "--json"))["by_method"].get("cluster.resume", {}) == resumes_before, "somebody woke a cluster that did not sleep"


def check_lagging(figures):
    assert figures["suspensions"] > 0, "nobody met the status 503 of the ingress"
    assert figures["lost_results"] == 0
    assert figures["host"]["strategy"] == "blue"


SCENARIOS = {
    "graceful": (graceful, check_graceful, {}),
    "abrupt": (abrupt, check_abrupt, {}),
    "rollback": (rollback, check_rollback, {}),
    "early": (early, check_early, {}),
    "mixed": (mixed, check_mixed, {}),
    "reloads": (reloads, check_reloads, {}),
    "recycling": (lambda storm, *_: storm.run_on(800), check_reloads, {"keepalive_requests": 40}),
    "suspended": (suspended, check_suspended, {}),
    "flapping": (flapping, check_flapping, {}),
    "refused": (refused, check_refused, {}),
    "lagging": (lagging, check_lagging, {}),
}


def main():
    name, storm_program, sim, nginx = sys.argv[1:5]
    if not os.access(nginx, os.X_OK):
        print(f"there is no nginx at {nginx}; './run test' fetches it from Debian")
        sys.exit(SKIPPED)
    act, check, options = SCENARIOS[name]
    directory = tempfile.mkdtemp(prefix="e6-ingress-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    os.chmod(directory, 0o711)  # nginx gives its workers to another user when it is root
    running = []
    try:
        engines = {}
        for colour in ("blue", "green"):
            engines[colour] = Engine(sim, colour, "--quiet")
            running.append(engines[colour])
        ingress = Ingress(nginx, directory, engines, **options)
        running.append(ingress)
        segments = os.path.join(directory, "segments")
        os.mkdir(segments)
        storm = Storm(storm_program, ingress.port, segments, seconds=60)
        try:
            storm.run_on(150)
            act(storm, engines, ingress)
            storm.process.send_signal(2)  # the storm ends early, with its summary
            figures = storm.end()
        finally:
            storm.process.kill()
            storm.process.wait()
        shown = ("queries", "failed", "lost_results", "wrong_colour_results", "mismatches", "authentications", "refused_probes", "retries", "workers_left_behind", "errors")
        print(json.dumps({key: figures[key] for key in shown}))
        assert figures["failed"] == 0, figures["errors"]
        assert figures["wrong_colour_results"] == 0
        assert figures["workers_left_behind"] == 0
        check(figures)
    except Exception:
        if os.path.exists(os.path.join(directory, "error.log")):
            with open(os.path.join(directory, "error.log"), encoding="utf-8") as f:
                print("nginx said:\n" + f.read()[-3000:])
        raise
    finally:
        for process in reversed(running):
            process.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
