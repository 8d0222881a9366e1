"""A fresh `feedwatch simulate` and its /control."""

import json
import subprocess
import time
import urllib.request


class Simulator:
    """A child process on a free port of this machine; use it in a `with`."""

    def __init__(self, binary, venue, symbols, rate=10):
        self.symbols = symbols
        self.process = subprocess.Popen(
            [binary, "simulate", "--venue", venue, "--symbols", ",".join(symbols), "--rate", str(rate), "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        said = self.process.stdout.readline()
        if not said:
            raise RuntimeError(f"feedwatch simulate --venue {venue} ended with code {self.process.wait()}")
        self.port = json.loads(said)["port"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.process)

    def fault(self, **fault):
        request = urllib.request.Request(self._url(), json.dumps(fault).encode())
        urllib.request.urlopen(request, timeout=10).close()

    def control(self):
        with urllib.request.urlopen(self._url(), timeout=10) as answer:
            return json.load(answer)

    def _url(self):
        return f"http://127.0.0.1:{self.port}/control"


def stop(process):
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for(condition, seconds):
    """Whether `condition()` became true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())
