"""Which of npm's packages are there."""

import json
import os
from pathlib import Path


def version_of(client):
    """Version of the package a client of client.js needs, the first word of its name; None without it."""
    for directory in os.environ.get("NODE_PATH", "").split(":"):
        manifest = Path(directory, client.split()[0], "package.json")
        if manifest.is_file():
            return json.loads(manifest.read_text())["version"]
    return None
