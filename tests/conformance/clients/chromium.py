"""Chromium over HTTP/3: opens the box's documentation page and has the page itself ask for a quote.

usage: chromium.py BROWSER LEAF_PEM PORT PATH --key API_KEY --body JSON

Prints one JSON line: the answer, and the protocol that the browser itself names for it, for the page
and for what the page asked for. The browser is driven through the pipe of its DevTools protocol; nothing but the standard
library and `openssl` is needed.
"""

import argparse
import json
import os
import subprocess
import tempfile

# Not `localhost`: that is tried over ::1 first, where nobody answers QUIC.
HOST = "quoin.test"
PATIENCE_S = 60

ASK = """
(async () => {
  const answer = await fetch(%(path)s, { method: "POST", headers: %(headers)s, body: %(body)s });
  const body = await answer.text();
  const named = (kind, end) =>
    performance.getEntriesByType(kind).filter((it) => it.name.endsWith(end)).map((it) => it.nextHopProtocol);
  // The page writes itself from the description of the operations, which it asks for on its own.
  while (!document.body.innerText.includes(%(path)s)) await new Promise((it) => setTimeout(it, 20));
  return JSON.stringify({
    page: named("navigation", "/docs"),
    description: named("resource", "/openapi.json"),
    protocol: named("resource", %(path)s),
    status: answer.status,
    body,
  });
})()
"""


class Browser:
    """A headless browser and its DevTools pipe."""

    def __init__(self, program, profile, flags):
        commands, self.send_to = os.pipe()
        self.receive_from, events = os.pipe()

        def place():
            # Out of the way first: either may be where the other belongs.
            high = [os.dup2(fd, 100 + at) for at, fd in enumerate((commands, events))]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            [program, "--remote-debugging-pipe", f"--user-data-dir={profile}", *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,
            preexec_fn=place,
        )
        os.close(commands)
        os.close(events)
        self.number = 0
        self.unread = b""
        self.events = []

    def receive(self):
        while b"\0" not in self.unread:
            more = os.read(self.receive_from, 1 << 16)
            if not more:
                raise SystemExit("the browser ended")
            self.unread += more
        message, self.unread = self.unread.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, session=None, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.send_to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise SystemExit(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer.get("method"))

    def wait(self, event):
        while event not in self.events:
            self.events.append(self.receive().get("method"))
        self.events.remove(event)


def pin(leaf):
    """What the browser knows a certificate by: SHA-256 of its public key, in base64."""
    return subprocess.run(
        "openssl x509 -pubkey -noout | openssl pkey -pubin -outform der"
        " | openssl dgst -sha256 -binary | openssl base64",
        shell=True,
        check=True,
        input=leaf,
        capture_output=True,
    ).stdout.decode().strip()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("browser")
    parser.add_argument("leaf")
    parser.add_argument("port", type=int)
    parser.add_argument("path")
    parser.add_argument("--key", required=True)
    parser.add_argument("--body", required=True)
    given = parser.parse_args()
    with open(given.leaf, "rb") as file:
        leaf = file.read()
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--enable-quic",
        f"--origin-to-force-quic-on={HOST}:{given.port}",
        f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
        f"--ignore-certificate-errors-spki-list={pin(leaf)}",
    ]
    headers = {"content-type": "application/json", "authorization": f"Bearer {given.key}"}
    terms = {"path": given.path, "headers": headers, "body": given.body}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(given.browser, profile, flags)
        try:
            target = browser.call("Target.createTarget", url="about:blank")["targetId"]
            attached = browser.call("Target.attachToTarget", targetId=target, flatten=True)
            session = attached["sessionId"]
            browser.call("Page.enable", session)
            url = f"https://{HOST}:{given.port}/docs"
            gone = browser.call("Page.navigate", session, url=url).get("errorText")
            if gone:
                raise SystemExit(f"{url}: {gone}")
            browser.wait("Page.loadEventFired")
            expression = ASK % {name: json.dumps(value) for name, value in terms.items()}
            answer = browser.call(
                "Runtime.evaluate",
                session,
                expression=expression,
                awaitPromise=True,
                returnByValue=True,
                timeout=PATIENCE_S * 1000,
            )
            if "exceptionDetails" in answer:
                raise SystemExit(json.dumps(answer["exceptionDetails"]))
            print(answer["result"]["value"])
        finally:
            browser.process.kill()
            browser.process.wait()


main()
