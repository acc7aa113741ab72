#!/usr/bin/env python3
"""A small team's day in the browser, for `Scripts/check-web`: two people who know the forge's address and nothing else, and an
agent that has HTTP and nothing else."""
import os
import re
import struct
import subprocess
import zlib

# What one step may take on a slow machine; each is far quicker on any other.
STEP_SECONDS_MAX = 60
IMPORT_SECONDS_MAX = 300
PASSWORD = "correct horse battery"
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESKTOP = {"viewport": {"width": 1280, "height": 900}}


def make_repository(path, environment):
    """A git repository with three commits of two people."""
    def git(*words, author="Mia <mia@example.test>"):
        name, mail = author.rstrip(">").split(" <")
        subprocess.run(
            ["git", "-C", path, *words], check=True, capture_output=True, timeout=STEP_SECONDS_MAX,
            env={**environment, "GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": mail, "GIT_COMMITTER_NAME": name,
                 "GIT_COMMITTER_EMAIL": mail})

    commits = [
        ("README.md", "# tide\n\nWhen the water comes.\n", "Say what it is", "Mia <mia@example.test>"),
        ("tide/table.py", "def high(day):\n    return day * 50 % 1440\n\n\ndef low(day):\n    return high(day) + 370\n",
         "Count the minutes", "Noah <noah@example.test>"),
        ("tide/__init__.py", "from .table import high, low\n", "Make it a package", "Mia <mia@example.test>"),
    ]
    os.makedirs(f"{path}/tide")
    git("init", "--quiet", "--initial-branch", "main")
    for file, text, message, author in commits:
        with open(f"{path}/{file}", "w") as out:
            out.write(text)
        git("add", ".")
        git("commit", "--quiet", "--message", message, author=author)


def picture():
    """A PNG of a gradient."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + bytes(v for x in range(300) for v in (x * 255 // 300, y * 255 // 300, 120)) for y in range(300))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 300, 300, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class Person:
    """Somebody at a browser of their own."""

    def __init__(self, browser, url, scripted, seen):
        self.url, self.scripted, self.seen = url, scripted, seen
        self.context = browser.new_context(java_script_enabled=scripted, **(DESKTOP if scripted else PHONE))
        self.context.set_default_timeout(STEP_SECONDS_MAX * 1000)
        self.page = self.context.new_page()

    def open(self, address):
        return self.page.goto(address if "://" in address else self.url + address)

    def fill(self, **fields):
        for name, text in fields.items():
            self.page.fill(f"main #{name}", text)

    def press(self, word):
        self.page.click(f"main button:text-is('{word}')")

    def at(self, address):
        assert self.page.url == self.url + address, f"at {self.page.url}, not {address}"

    def sign_up(self, handle):
        self.fill(handle=handle, email=f"{handle}@example.test", password=PASSWORD, repeated=PASSWORD)
        self.press("Make account")
        self.at(f"/{handle}")

    def make_token(self, **fields):
        """Made on the page where an account's tokens are; its text, which is told once."""
        self.open("/settings/tokens")
        self.fill(**fields)
        self.page.check("main input[name=write]")
        self.press("Make token")
        self.seen(self.page, "token-made")
        return self.page.input_value("#made")


def day(browser, url, connect, hif, work, scripted, seen):
    """From signing up to the line that leads back to why it is so.

    - url: of a forge on which nobody has an account, and everybody may have one.
    - connect: a token to a caller of the API.
    - scripted: whether browsers run scripts; without, they are phones, and have to load a page to see what is new on it.
    - seen: called with pages that are in a state which no address leads to."""
    home = f"{work}/{'scripted' if scripted else 'plain'}"
    os.makedirs(home)
    environment = {**os.environ, "HOME": home, "XDG_CONFIG_HOME": f"{home}/.config",
                   "XDG_CACHE_HOME": f"{home}/.cache", "HIF_NO_INPUT": "1"}
    for name in ["HIF_STORE", "HIF_TOKEN", "HIF_OUTPUT", "GIT_DIR", "GIT_WORK_TREE"]:
        environment.pop(name, None)
    mia, noah = (Person(browser, url, scripted, seen) for _ in range(2))

    # Mia signs up from the front page and makes a project.
    mia.open("/")
    mia.page.click("header a:text-is('Sign up')")
    mia.sign_up("mia")
    seen(mia.page, "profile-first")
    mia.page.click("main a:text-is('New project')")
    mia.fill(name="tide", description="When the water comes")
    mia.press("Make project")
    mia.at("/mia/tide")
    seen(mia.page, "project-empty")

    # She brings its history with a token that can do that and nothing else.
    make_repository(f"{home}/tide", environment)
    token = mia.make_token(name="laptop", projects="mia/tide")
    for words in [["auth", "login", url, "--token", token], ["import", f"{home}/tide", "mia/tide"]]:
        done = subprocess.run(
            [hif, *words], env=environment, cwd=home, capture_output=True, text=True, timeout=IMPORT_SECONDS_MAX)
        assert done.returncode == 0, done.stderr
    assert "Imported 3 commits" in done.stdout, done.stdout
    mia.open("/mia/tide")
    assert mia.page.locator("main :text('When the water comes.')").count() == 1
    mia.page.click("main a:text-is('tide/')")
    mia.page.click("main a:text-is('table.py')")
    assert mia.page.locator("main .code:has-text('return high(day) + 370')").count() == 1

    # Noah comes by a link, and sees the project once he is a member.
    mia.open("/settings/invitations")
    mia.fill(note="Noah")
    mia.press("Make link")
    seen(mia.page, "invitation-made")
    noah.open(mia.page.input_value("#made"))
    seen(noah.page, "join")
    noah.sign_up("noah")
    assert noah.open("/mia/tide").status == 404
    mia.open("/mia/tide/settings")
    mia.fill(handle="noah")
    mia.page.select_option("main #role", "write")
    mia.press("Add")
    assert mia.page.locator("main th:has-text('noah')").count() == 1
    seen(mia.page, "member-added")
    assert noah.open("/mia/tide").status == 200

    # Mia's agent works over REST alone.
    fern = connect(mia.make_token(agent="fern", projects="mia/tide"))
    sessions = "/projects/mia/tide/sessions"
    session = fern.call(sessions, {"goal": "Tides of a month"})["session"]
    path, address = f"{sessions}/{session}", f"/mia/tide/sessions/{session}"
    fern.call(f"{path}/notes", {"text": "The table knows single days. I begin there."})
    fern.call(f"{path}/decisions", {"decision": "A tide comes 50 minutes later each day", "why": "It is easy to say."})
    table = "def high(day):\n    return day * {} % 1440\n\n\ndef low(day):\n    return high(day) + 370\n"
    fern.call(f"{path}/files", {"files": [
        {"path": "tide/table.py", "content": table.format(50) + "\n\ndef month():\n    return [high(day) for day in range(30)]\n"}]})

    # Noah comments on a line and objects to a decision; now it cannot land.
    noah.open(address)
    assert noah.page.locator("#m1:has-text('fern')").count() == 1
    noah.page.click("tr[id='f/tide/table.py:L10'] th a")
    noah.fill(**{"line-comment": "Months have 31 days, too."})
    seen(noah.page, "line-comment")
    noah.page.click("tr.note form:has(#line-comment) button.primary")
    noah.at(f"{address}#c1")
    assert noah.page.locator("tr[id='t/f/tide/table.py:L10'] #c1").count() == 1
    noah.page.click("#d1 summary:text-is('Object')")
    noah.fill(**{"d1-object": "It is 50.47 minutes: after a month the table is a quarter of an hour off."})
    noah.page.click("#d1 details[open] button.primary")
    noah.at(f"{address}#v1")
    refusal = fern.call(f"{path}/land", {})
    assert refusal["code"] == "objected", refusal
    mia.open(address)
    seen(mia.page, "session-objected")

    # The agent answers and changes the file. With a script it comes while Noah looks, and what he types stays.
    if scripted:
        noah.open(address)
        noah.page.wait_for_selector("#live:not([hidden])")
        noah.fill(say="I am typing")
    fern.call(f"{path}/comments", {"on": "d1", "text": "You are right: 50.47, **rounded** at the end."})
    fern.call(f"{path}/files", {"files": [
        {"path": "tide/table.py",
         "content": table.format("50.47") + "\n\ndef month(days):\n    return [high(day) for day in range(days)]\n"}]})
    if scripted:
        noah.page.wait_for_selector("#d1-said #c2 strong")
        assert noah.page.input_value("#say") == "I am typing"
        noah.page.wait_for_selector("#stale a")
        noah.page.click("#stale a")
        noah.page.wait_for_selector("text=range(days)")
    else:
        noah.open(address)
        assert noah.page.locator("#d1-said #c2 strong").count() == 1
        assert noah.page.locator("text=range(days)").count() == 1
    noah.page.click("#d1 button:text-is('Approve')")
    noah.page.wait_for_selector("#d1-standing:has-text('Approved')")

    # Mia lands on the page, and the line leads back to why it is so.
    mia.open(address)
    mia.page.click(".landing button.primary:text-is('Land')")
    mia.at("/mia/tide/@4")
    seen(mia.page, "session-landed")
    if scripted:
        noah.page.wait_for_selector("#stale:has-text('landed at @4')")
    noah.open("/mia/tide/blame/@latest/tide/table.py")
    seen(noah.page, "blame")
    commits = set(re.findall(r"@\d+", noah.page.inner_text("main .code")))
    assert commits == {"@2", "@4"}, commits
    noah.page.click("main .code a:has-text('@4') >> nth=0")
    assert noah.page.locator("#d1:has-text('50 minutes later each day') #v1:has-text('50.47')").count() == 1
    assert noah.page.locator("main :text('fern')").count() > 0

    # Noah puts up a picture of himself.
    noah.open("/settings")
    removing = noah.page.locator("button:text-is('Remove the picture')")
    assert removing.count() == 0
    noah.page.set_input_files("#picture", {"name": "me.png", "mimeType": "image/png", "buffer": picture()})
    noah.page.click("button:text-is('Use this picture')")
    removing.wait_for()
    seen(noah.page, "settings-picture")
    for person in (mia, noah):
        person.context.close()
