#!/usr/bin/env python3
"""What the checks of backups and copies share: a forge, somebody who lands, deaths, every answer."""

import json
import os
import random
import signal
import socket
import subprocess
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HIF = os.path.abspath(os.environ.get("HIF", ROOT + "/.build/debug/hif"))
MICELIO = os.path.abspath(os.environ.get("MICELIO", ROOT + "/.build/debug/micelio"))
PROJECT = "ana/app"
LANDINGS_MAX = 2_000
COMMAND_SECONDS_MAX = 600


class Failed(Exception):
    pass


def run(*words, environment=None, directory=None, codes=(0,)):
    done = subprocess.run(words, env=environment, cwd=directory, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=COMMAND_SECONDS_MAX)
    if codes is not None and done.returncode not in codes:
        raise Failed(f"{' '.join(words)}: exit {done.returncode}\n"
                     f"{done.stdout[-2000:].decode(errors='replace')}"
                     f"{done.stderr[-2000:].decode(errors='replace')}")
    return done.stdout


class Forge:
    def __init__(self, directory, name, ports=None):
        self.directory = directory
        self.data = f"{directory}/{name}"
        self.ports = ports or free_ports()
        self.process = None

    def __enter__(self):
        out, log = f"{self.data}.out", f"{self.data}.log"
        with open(out, "wb") as output, open(log, "wb") as errors:
            self.process = subprocess.Popen(
                [MICELIO, "serve", "--data", self.data, "--http", f"127.0.0.1:{self.ports[0]}",
                 "--grpc", f"127.0.0.1:{self.ports[1]}"],
                stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        deadline = time.time() + 60
        while "micelio ready" not in open(out).read():
            if self.process.poll() is not None or time.time() > deadline:
                raise Failed("the forge does not come up: " + open(log).read()[-2000:])
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)

    def client(self, name, token):
        """An environment of somebody who is logged in here."""
        home = f"{self.directory}/{name}"
        os.makedirs(home)
        environment = {"HOME": home, "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
                       "HIF_NO_INPUT": "1"}
        run(HIF, "auth", "login", f"http://127.0.0.1:{self.ports[0]}", "--token", token,
            environment=environment)
        return environment


def free_ports():
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


class Lander(threading.Thread):
    """Lands one change after the other until it is told to stop."""

    def __init__(self, environment, checkout, pause=0.05):
        super().__init__()
        self.pause = pause
        self.environment = environment
        self.checkout = checkout
        self.is_over = threading.Event()
        self.count = 0
        self.failure = None

    def run(self):
        try:
            while not self.is_over.is_set() and self.count < LANDINGS_MAX:
                path = f"{self.checkout}/landed/{self.count % 5}.txt"
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "a") as file:
                    file.write(f"line {self.count}\n")
                run(HIF, "land", f"Landing {self.count}", environment=self.environment,
                    directory=self.checkout)
                self.count += 1
                time.sleep(self.pause)
        except Exception as failure:
            self.failure = failure

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.join()
        if self.failure:
            raise self.failure


class Killer:
    """Runs commands that die at random moments: of three, one comes to its end, so that no moment of a
    command is left out. Only those that died at work count."""

    def __init__(self, rng):
        self.rng = rng
        self.seconds = {}
        self.least = {}
        self.died = {}
        self.ended = 0

    def count(self):
        return sum(self.died.values())

    def kill(self, name, *words):
        """Whether it came to its end before."""
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        time.sleep(self.rng.uniform(0, self.seconds[name]))
        process.send_signal(signal.SIGKILL)
        errors = process.communicate()[1]
        if process.returncode == -signal.SIGKILL:
            self.died[name] = self.died.get(name, 0) + 1
            self.seconds[name] *= 1.04
            return False
        if process.returncode != 0:
            raise Failed(f"{' '.join(words)}: {process.returncode} {errors.decode()[-2000:]}")
        self.ended += 1
        self.seconds[name] = max(self.least[name], 0.92 * self.seconds[name])
        return True

    def time(self, name, *words):
        """Runs it to its end, and knows from then on how long that takes."""
        started = time.time()
        out = run(*words)
        self.seconds[name] = time.time() - started
        self.least[name] = self.seconds[name] / 2
        return out

    def __str__(self):
        died = ", ".join(f"{name} {count}" for name, count in sorted(self.died.items()))
        return f"{self.count()} died ({died}), {self.ended} came to their end before"


def fsck(data, deep, *words):
    return run(MICELIO, "fsck", *(["--deep"] if deep else []), "--data", data, *words).decode()


def first_forge(directory, history):
    """A forge that serves, with the project and somebody logged in: its token is `token`."""
    forge = Forge(directory, "data").__enter__()
    made = run(MICELIO, "admin", "user", "create", "ana", "--email", "ana@example.test",
               "--token", "--data", forge.data).decode()
    forge.token = made.split()[-1]
    forge.environment = forge.client("home", forge.token)
    run(HIF, "project", "create", PROJECT, environment=forge.environment)
    run(HIF, "import", history, PROJECT, environment=forge.environment)
    # One in which edits are made, and one from which is asked.
    forge.checkout, forge.asking = f"{directory}/checkout", f"{directory}/asking"
    for checkout in (forge.checkout, forge.asking):
        run(HIF, "checkout", PROJECT, checkout, environment=forge.environment)
    return forge


def beginning(directory, commits):
    """This checkout's history, its first commits only, as a bare repository."""
    line = run("git", "-C", ROOT, "rev-list", "--first-parent", "--reverse", "HEAD").split()
    bare = f"{directory}/history.git"
    run("git", "clone", "-q", "--bare", ROOT, bare)
    head = run("git", "-C", bare, "symbolic-ref", "HEAD").decode().strip()
    run("git", "-C", bare, "update-ref", head, line[min(commits, len(line)) - 1].decode())
    return bare


def answers(environment, checkout, tip, rng, count):
    """Every answer about some positions, by question."""
    def ask(*words, codes=(0,)):
        return run(HIF, *words, environment=environment, directory=checkout, codes=codes)

    found = {}
    log = [json.loads(line) for line in
           ask("log", "--stream", "--json", "--limit", "100000").decode().splitlines()]
    found["log"] = [entry for entry in log if entry.get("position", 0) <= tip]
    positions = sorted({1, tip} | set(rng.sample(range(1, tip + 1), min(count, tip))))
    for position, before in zip(positions[1:], positions):
        at = f"@{position}"
        found["show", at] = ask("show", at, "--json")
        found["diff", at] = ask("diff", f"@{before}", at)
        files, folders = [], [""]
        while folders and len(files) < 60:
            folder = folders.pop(rng.randrange(len(folders)))
            listing = ask("ls", *([folder] if folder else []), "--at", at, "--json")
            found["ls", at, folder] = listing
            for entry in json.loads(listing)["data"]["entries"]:
                (folders if entry["kind"] == "directory" else files).append(entry["path"])
        for path in rng.sample(files, min(2, len(files))):
            found["cat", at, path] = ask("cat", path, "--at", at)
            found["blame", at, path] = ask("blame", path, "--at", at, "--json", codes=None)
    return found


def compare(first, second, name, rng, count):
    """Asks both forges everything about some positions.

    Returns the second's newest position, and how many answers are the same: all, or it raises."""
    seed = rng.randrange(1_000_000)
    environment = second.client(f"home-of-{name}", first.token)
    checkout = f"{second.directory}/of-{name}"
    run(HIF, "checkout", PROJECT, checkout, environment=environment)
    tip = json.loads(run(HIF, "log", "--limit", "1", "--json", environment=environment,
                         directory=checkout))["data"]["landings"][0]["position"]
    theirs = answers(environment, checkout, tip, random.Random(seed), count)
    ours = answers(first.environment, first.asking, tip, random.Random(seed), count)
    if ours.keys() != theirs.keys():
        raise Failed("other questions were asked")
    for question, answer in ours.items():
        if theirs[question] != answer:
            raise Failed(f"{question}: {answer[:500]!r} before, {theirs[question][:500]!r} after")
    return tip, len(ours)
