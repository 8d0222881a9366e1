"""Real servers on free ports of this machine, each a child that ends with us, by its own process id.

Use them in a `with`. What they print is in `log` of their folder.
"""

import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

POSTGRES = Path("/usr/lib/postgresql/15/bin")
TOKEN = "a-token-of-the-servers-test"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(condition, seconds):
    """What `condition()` said last: the first true thing, or after `seconds` something false."""
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.1)
    return found


def ask(url, body=None, method=None, token=None):
    """(status, text) of a request; status 0: nobody answers."""
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), method=method)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()
    except OSError as failure:
        return 0, str(failure)


def read(url, **how):
    """The JSON of an answer 200, else None."""
    status, text = ask(url, **how)
    return json.loads(text) if status == 200 else None


class Daemon:
    """A server as a child process. Subclasses say how it is started, and when it is up."""

    user = None  # root runs it as this one

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.end(signal.SIGKILL)
            raise
        return self

    def __exit__(self, *_):
        self.end()

    def start(self):
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, user=self.user, cwd=self.folder)
        if not wait_for(lambda: self.process.poll() is not None or self.is_up(), 30) or self.process.poll() is not None:
            raise RuntimeError(f"{self.command()[0]} does not come up: {self.last_words()}")

    def end(self, how=signal.SIGTERM):
        """Whether it ended within 20 s; it has ended in any case."""
        if self.process is None:
            return True
        self.process.send_signal(how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        ended = self.process.poll() is not None
        if not ended:
            self.process.kill()
            self.process.wait()
        self.process = None
        return ended

    def last_words(self):
        lines = (self.folder / "log").read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


class Postgres(Daemon):
    def __init__(self, folder):
        super().__init__(folder)
        self.port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/feedwatch"
        if os.geteuid() == 0:  # which it refuses to run as
            self.user = "postgres"
            os.chown(self.folder, pwd.getpwnam("postgres").pw_uid, -1)
        subprocess.run([POSTGRES / "initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
                        "--locale=C.UTF-8", "--no-sync"], check=True, user=self.user, cwd=self.folder,
                       stdout=subprocess.DEVNULL)

    def command(self):
        return [POSTGRES / "postgres", "-D", self.folder / "data", "-p", str(self.port),
                "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}"]

    def is_up(self):
        return subprocess.run([POSTGRES / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)],
                              check=False).returncode == 0

    def end(self, how=signal.SIGINT):  # "fast": clients are thrown out
        return super().end(how)

    def create_database(self):
        self.psql("create database feedwatch", "postgres")

    def psql(self, sql, database="feedwatch"):
        """Rows as lists of texts."""
        done = subprocess.run(["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database,
                               "-qAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", sql],
                              check=True, capture_output=True, text=True, timeout=30)
        return [line.split("\t") for line in done.stdout.splitlines()]


class Receiver:
    """Where Alertmanager sends its notifications; `told` holds every alert of each, with the time it came."""

    def __init__(self):
        self.told = []
        told = self.told

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                told.extend((time.time(), alert) for alert in body["alerts"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Alertmanager(Daemon):
    def __init__(self, folder, receiver_url):
        super().__init__(folder)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        (self.folder / "alertmanager.yml").write_text(f"""
route: {{receiver: us, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: us
    webhook_configs: [{{url: '{receiver_url}', send_resolved: true}}]
""")

    def command(self):
        return ["prometheus-alertmanager", "--config.file=alertmanager.yml", "--storage.path=data",
                f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address=", "--log.level=warn"]

    def is_up(self):
        return ask(f"{self.url}/-/ready")[0] == 200

    def alerts(self, **labels):
        """Those it holds now that have these labels."""
        return [alert for alert in read(f"{self.url}/api/v2/alerts") or []
                if all(alert["labels"].get(name) == value for name, value in labels.items())]


class Prometheus(Daemon):
    def __init__(self, folder, target, rules, alertmanager):
        super().__init__(folder)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        shutil.copy(rules, self.folder)
        (self.folder / "prometheus.yml").write_text(f"""
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
scrape_configs:
  - job_name: feedwatch
    static_configs: [{{targets: ['{target}']}}]
rule_files: [{rules.name}]
alerting:
  alertmanagers: [{{static_configs: [{{targets: ['{alertmanager}']}}]}}]
""")

    def command(self):
        return ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data",
                f"--web.listen-address=127.0.0.1:{self.port}", "--storage.tsdb.retention.time=1h", "--log.level=warn"]

    def is_up(self):
        return ask(f"{self.url}/-/ready")[0] == 200

    def query(self, expression):
        """[(labels, value)] of an instant vector."""
        answer = read(f"{self.url}/api/v1/query?query={urllib.request.quote(expression)}")
        return [(one["metric"], float(one["value"][1])) for one in answer["data"]["result"]] if answer else []

    def alert_states(self, name):
        answer = read(f"{self.url}/api/v1/alerts")
        return {one["state"] for one in answer["data"]["alerts"] if one["labels"]["alertname"] == name} if answer else set()


class Feedwatch(Daemon):
    """`feedwatch run` with this configuration; [api] and [store] state_dir are added."""

    def __init__(self, folder, binary, configuration):
        super().__init__(folder)
        self.binary = binary
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        (self.folder / "token").write_text(TOKEN)
        (self.folder / "token").chmod(0o600)
        self.file = self.folder / "feedwatch.toml"
        self.file.write_text(configuration)

    def arguments(self):
        return ["-c", str(self.file), "--set", f"api.listen=127.0.0.1:{self.port}",
                "--set", f"api.token_file={self.folder / 'token'}", "--set", f"store.state_dir={self.folder / 'state'}"]

    def command(self):
        return [self.binary, "run", *self.arguments()]

    def is_up(self):
        return ask(f"{self.url}/readyz")[0] == 200

    def change(self, path, body=None, method=None):
        return ask(self.url + path, body, method, TOKEN)

    def alerts(self, query="open=true", **labels):
        """Those of the query with these labels."""
        answer = read(f"{self.url}/v1/alerts?{query}")
        return [alert for alert in answer["alerts"]
                if all(alert["labels"].get(name) == value for name, value in labels.items())] if answer else []
