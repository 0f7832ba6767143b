"""nginx in front of two e6-sim engines, one per colour, as an ingress in front of a blue/green deployment.

It routes by the metadata `strategy` and refuses with the HTTP status 456 (or 503 while the cluster sleeps), which gRPC renders as "Received http2 header with status: 456". A switch is a
new configuration and a reload while requests are under way.
"""
import os
import re
import signal
import socket
import subprocess
import time

# $route: the upstream of a request, or the status to refuse it with. `plannerip` is sent with calls about a query that was prepared, and only with those.
CONFIGURATION = """
daemon off;
master_process on;
worker_processes 2;
error_log {directory}/error.log warn;
pid {directory}/nginx.pid;
events {{ worker_connections 2048; }}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  client_max_body_size 0;
  keepalive_requests {keepalive_requests};
  upstream blue {{ server 127.0.0.1:{blue}; keepalive 64; }}
  upstream green {{ server 127.0.0.1:{green}; keepalive 64; }}
  # for an ingress of which a part has not heard of a switch yet
  split_clients $request_id $part {{ 50% old; * new; }}
  map $http_plannerip $kind {{ "" starting; default running; }}
  map $http_strategy:$kind:$part $route {{
    default 456;
{routes}  }}
  server {{
    listen 127.0.0.1:{port} http2 backlog=1024;
    grpc_read_timeout 120s;
    grpc_send_timeout 120s;
    location / {{
      if ($route = 456) {{ return 456; }}
      if ($route = 503) {{ return 503; }}
      grpc_pass grpc://$route;
    }}
    location /ClusterService/ {{
      if ($http_strategy !~ ^(blue|green)$) {{ return 456; }}
      grpc_pass grpc://{cluster};
    }}
  }}
}}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {seconds} s")
        time.sleep(0.005)


def answers(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def leaving(pid):
    """Does this worker of nginx take new connections no more?"""
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8") as f:
            return "shutting down" in f.read()
    except OSError:
        return True


class Engine:
    """An e6-sim whose only colour is `colour`, as far as the ingress lets anybody see."""

    def __init__(self, sim, colour, *options):
        self.sim = sim
        self.process = subprocess.Popen(
            [sim, "--listen", "127.0.0.1:0", "--active", colour, "--exit-with-parent", *options],
            stdout=subprocess.PIPE, text=True)
        self.port = int(re.search(r":(\d+)$", self.process.stdout.readline().strip()).group(1))

    def ctl(self, *command):
        return subprocess.run([self.sim, "ctl", "--target", f"127.0.0.1:{self.port}", *command], capture_output=True, text=True, timeout=20, check=True).stdout

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Ingress:
    """`serve` takes what requests of each colour meet, an upstream's name, or 456 (the default) or 503: blue="blue" for all of a colour, blue_running for those about a
    query that was prepared, blue_starting_old for the others where they meet the part of the ingress that is behind."""

    def __init__(self, nginx, directory, engines, keepalive_requests=1000):
        self.directory = directory
        self.engines = engines
        self.keepalive_requests = keepalive_requests
        self.port = free_port()
        self.file = os.path.join(directory, "nginx.conf")
        self.serve(blue="blue")
        self.process = subprocess.Popen([nginx, "-p", directory, "-c", self.file, "-e", os.path.join(directory, "error.log")])
        wait_for("nginx listening", lambda: answers(self.port) or self.process.poll() is not None)
        if self.process.poll() is not None:
            raise RuntimeError("nginx ended: " + self.errors())

    def serve(self, cluster="blue", **routes):
        lines = "".join(f'    "~^{key.replace("_", ":")}(:|$)" {value};\n' for key, value in routes.items())
        text = CONFIGURATION.format(directory=self.directory, port=self.port, blue=self.engines["blue"].port, green=self.engines["green"].port,
                                    keepalive_requests=self.keepalive_requests, routes=lines, cluster=cluster)
        with open(self.file + ".new", "w", encoding="utf-8") as f:
            f.write(text)
        os.rename(self.file + ".new", self.file)

    def workers(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="utf-8") as f:
            return set(f.read().split())

    def reload(self, **routes):
        """Returns when new workers take new connections; the old ones go on with what they have."""
        before = self.workers()
        self.serve(**routes)
        self.process.send_signal(signal.SIGHUP)
        wait_for("new workers of nginx", lambda: len(self.workers() - before) >= 2 or self.process.poll() is not None)
        wait_for("the old workers' farewell", lambda: all(leaving(pid) for pid in before))

    def errors(self):
        try:
            with open(os.path.join(self.directory, "error.log"), encoding="utf-8") as f:
                return f.read()[-2000:]
        except OSError:
            return ""

    def stop(self):
        self.process.terminate()
        self.process.wait()
