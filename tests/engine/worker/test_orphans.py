"""However the client dies, no engine is left; however an engine dies, no zombie is."""

import random
import subprocess
import sys
import time
import uuid
from collections.abc import Callable

import psutil
import pytest

from engine.protocol.client import EngineClient, EngineDied
from engine.protocol.messages import Render
from engine.recipe import Recipe

CLIENTS, ENGINES_EACH = 5, 5  # 10 × 5 and 5 × 10 pass too; a start costs 0.3 s of a core

# Starts engines that render for a minute, says so, and waits to be killed.
CLIENT = """
import sys
from engine.protocol.client import EngineClient
from engine.protocol.messages import Render
from engine.recipe import Recipe
clients = [EngineClient(sys.argv[2:]) for _ in range(int(sys.argv[1]))]
for client in clients:
    client.start()
    client.send(Render(job=1, recipe=Recipe(prompt="steps=600 step_ms=100 deaf=1")))
    print("rendering", flush=True)
while True:
    for client in clients:
        client.receive(0.01)
"""


def marked(token: str) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline", "status"])
        if token in (process.info["cmdline"] or []) and process.info["status"] != "zombie"
    ]


def test_engines_of_killed_clients_are_gone(fake_command: list[str]) -> None:
    rng = random.Random(7)  # noqa: S311 - a moment to kill at is no secret
    token = f"orphan-{uuid.uuid4()}"
    command = [*fake_command, "--bundle", token]
    arguments = [sys.executable, "-c", CLIENT, str(ENGINES_EACH), *command]
    for _ in range(CLIENTS):
        with subprocess.Popen(arguments, stdout=subprocess.PIPE) as client:
            assert client.stdout
            for _ in range(rng.randint(ENGINES_EACH - 1, ENGINES_EACH)):  # the next one starts
                assert client.stdout.readline() == b"rendering\n"
            time.sleep(rng.uniform(0, 0.05))
            client.kill()
    deadline_s = time.monotonic() + 15
    while left := marked(token):
        assert time.monotonic() < deadline_s, f"{len(left)} engines were left"
        time.sleep(0.05)


@pytest.mark.parametrize("moment_ms", [0, 40])
def test_a_killed_engine_leaves_no_zombie(
    start: Callable[..., EngineClient], moment_ms: int
) -> None:
    client = start()
    client.send(Render(job=1, recipe=Recipe(prompt="steps=500 step_ms=5")))
    time.sleep(moment_ms / 1e3)
    psutil.Process(client.pid).kill()
    with pytest.raises(EngineDied, match="SIGKILL"):
        for _ in client.events():
            pass
    assert not psutil.pid_exists(client.pid)
