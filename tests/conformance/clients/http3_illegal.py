"""What a client may not say over HTTP/3, with aioquic as the transport: each case on a connection of
its own, and what RFC 9114 and RFC 9204 make of it. All the while a good client must be answered.

usage: http3_illegal.py AUTHORITY_PEM HOST PORT PATH --key API_KEY --body JSON [--rounds N] [--seed N]

After the table come `--rounds` connections with streams whose bytes were changed at random; what the
box says to them is its own affair, but the good client must be answered all the while. Prints one JSON
line: how many cases and rounds there were, and what went wrong.
"""

import argparse
import asyncio
import json
import random
import ssl
from collections import Counter

import pylsqpack
from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import (
    ConnectionTerminated,
    StreamDataReceived,
    StreamReset,
)

PATIENCE_S = 20
AT_ONCE = 8

# RFC 9114, 8.1 and RFC 9204, 6.
NO_ERROR = 0x100
STREAM_CREATION_ERROR = 0x103
CLOSED_CRITICAL_STREAM = 0x104
FRAME_UNEXPECTED = 0x105
FRAME_ERROR = 0x106
EXCESSIVE_LOAD = 0x107
ID_ERROR = 0x108
SETTINGS_ERROR = 0x109
MISSING_SETTINGS = 0x10A
REQUEST_INCOMPLETE = 0x10D
MESSAGE_ERROR = 0x10E
DECOMPRESSION_FAILED = 0x200
ENCODER_STREAM_ERROR = 0x201
DECODER_STREAM_ERROR = 0x202

DATA, HEADERS, CANCEL_PUSH, SETTINGS, PUSH_PROMISE, GOAWAY, MAX_PUSH_ID = 0, 1, 3, 4, 5, 7, 13
RESERVED = 0x21
CONTROL, PUSH, ENCODER, DECODER = b"\0", b"\1", b"\2", b"\3"


def varint(number):
    for bits, mark in ((6, 0), (14, 1), (30, 2), (62, 3)):
        if number < 1 << bits:
            length = (bits + 2) // 8
            return (mark << bits | number).to_bytes(length, "big")
    raise ValueError(number)


def frame(kind, payload=b"", length=None):
    return varint(kind) + varint(len(payload) if length is None else length) + payload


def integer(flags, bits, number):
    mask = (1 << bits) - 1
    if number < mask:
        return bytes([flags | number])
    out, number = [flags | mask], number - mask
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def lines(*fields):
    """A field section without compression."""
    out = b"\0\0"
    for name, value in fields:
        name, value = name.encode(), value.encode()
        out += integer(0x20, 3, len(name)) + name + integer(0, 7, len(value)) + value
    return out


METHOD, SCHEME = (":method", "GET"), (":scheme", "https")
AUTHORITY, PATH = (":authority", "localhost"), (":path", "/healthz")
GET = (METHOD, SCHEME, AUTHORITY, PATH)
GOOD = frame(HEADERS, lines(*GET))
POST = (":method", "POST"), *GET[1:]
GREETING = CONTROL + frame(SETTINGS)


class Case:
    """What is sent, and what comes of it: `connection`, `stream` or `status` and a number."""

    def __init__(self, name, outcome, *, uni=(GREETING,), bidi=(), act=None, end=True):
        self.name, self.outcome = name, outcome
        self.uni, self.bidi, self.act, self.end = uni, bidi, act, end


def on_control(name, code, *frames):
    return Case(f"control stream: {name}", ("connection", code), uni=(CONTROL + b"".join(frames),))


def on_request(name, outcome, *frames):
    return Case(f"request stream: {name}", outcome, bidi=(b"".join(frames),))


def malformed(name, *fields, body=b""):
    frames = (frame(HEADERS, lines(*fields)), *([frame(DATA, body)] if body else []))
    return on_request(f"malformed, {name}", ("stream", MESSAGE_ERROR), *frames)


def section(name, payload):
    return on_request(f"section, {name}", ("connection", DECOMPRESSION_FAILED), frame(HEADERS, payload))


def stop_control(client):
    # Its first unidirectional stream is the box's control stream.
    client._quic.stop_stream(3, NO_ERROR)


def reset_control(client):
    client._quic.reset_stream(client.opened[0], NO_ERROR)


def cases():
    unexpected = ("connection", FRAME_UNEXPECTED)
    settings = frame(SETTINGS)
    yield Case("nothing wrong", ("status", 200), bidi=(GOOD,))
    yield Case("nothing wrong and no control stream yet", ("status", 200), uni=(), bidi=(GOOD,))
    greased = frame(RESERVED, b"grease") + GOOD + frame(RESERVED + 0x1F, b"")
    yield Case("reserved frames", ("status", 200), uni=(GREETING + frame(RESERVED, b"x"),), bidi=(greased,))
    reserved = (GREETING, varint(RESERVED) + b"anything")
    yield Case("a stream of a reserved type", ("status", 200), uni=reserved, bidi=(GOOD,))
    unknown = (CONTROL + frame(SETTINGS, varint(RESERVED) + varint(7)),)
    yield Case("a reserved setting", ("status", 200), uni=unknown, bidi=(GOOD,))

    for kind in (DATA, HEADERS, CANCEL_PUSH, PUSH_PROMISE, GOAWAY, MAX_PUSH_ID, RESERVED):
        yield on_control(f"frame {kind:#x} before SETTINGS", MISSING_SETTINGS, frame(kind, b"\0"))
    yield on_control("SETTINGS twice", FRAME_UNEXPECTED, settings, settings)
    for kind in (DATA, HEADERS, PUSH_PROMISE, 0x02, 0x06, 0x08, 0x09):
        yield on_control(f"frame {kind:#x}", FRAME_UNEXPECTED, settings, frame(kind, b"\0"))
    for setting in (0x00, 0x02, 0x03, 0x04, 0x05):
        yield on_control(f"setting {setting} of HTTP/2", SETTINGS_ERROR, frame(SETTINGS, bytes([setting, 1])))
    yield on_control("a setting twice", SETTINGS_ERROR, frame(SETTINGS, b"\6\1\6\1"))
    yield on_control("a setting without its value", FRAME_ERROR, frame(SETTINGS, b"\6"))
    yield on_control("a setting cut short", FRAME_ERROR, frame(SETTINGS, b"\6\x40"))
    yield on_control("SETTINGS without end", EXCESSIVE_LOAD, frame(SETTINGS, b"", 1 << 40))
    for kind in (GOAWAY, MAX_PUSH_ID, CANCEL_PUSH):
        yield on_control(f"frame {kind:#x} without a number", FRAME_ERROR, settings, frame(kind))
        yield on_control(f"frame {kind:#x} with more", FRAME_ERROR, settings, frame(kind, b"\0\0"))
        yield on_control(f"frame {kind:#x}, cut short", FRAME_ERROR, settings, frame(kind, b"\x40"))
        yield on_control(f"frame {kind:#x}, too long", EXCESSIVE_LOAD, settings, frame(kind, b"", 1 << 30))
    yield on_control("GOAWAY goes up", ID_ERROR, settings, frame(GOAWAY, b"\4"), frame(GOAWAY, b"\x08"))
    yield on_control("MAX_PUSH_ID goes down", ID_ERROR, settings, frame(MAX_PUSH_ID, b"\4"), frame(MAX_PUSH_ID, b"\3"))
    yield on_control("CANCEL_PUSH of nothing", ID_ERROR, settings, frame(CANCEL_PUSH, b"\0"))

    critical = ("connection", CLOSED_CRITICAL_STREAM)
    yield Case("the control stream ends", critical, uni=((GREETING, True),))
    yield Case("the encoder stream ends", critical, uni=(GREETING, (ENCODER, True)))
    yield Case("the decoder stream ends", critical, uni=(GREETING, (DECODER, True)))
    yield Case("the control stream is reset", critical, act=reset_control)
    yield Case("the box's control stream is stopped", critical, act=stop_control)
    creation = ("connection", STREAM_CREATION_ERROR)
    yield Case("a push stream", creation, uni=(GREETING, PUSH + b"\0"))
    yield Case("two control streams", creation, uni=(GREETING, GREETING))
    yield Case("two encoder streams", creation, uni=(GREETING, ENCODER, ENCODER))
    yield Case("two decoder streams", creation, uni=(GREETING, DECODER, DECODER))

    for kind in (SETTINGS, GOAWAY, MAX_PUSH_ID, CANCEL_PUSH, PUSH_PROMISE, 0x02, 0x06, 0x08, 0x09):
        yield on_request(f"frame {kind:#x} first", unexpected, frame(kind, b"\0"))
        yield on_request(f"frame {kind:#x} after HEADERS", unexpected, GOOD, frame(kind, b"\0"))
    trailers = frame(HEADERS, lines(("checksum", "1")))
    yield on_request("DATA first", unexpected, frame(DATA, b"x"))
    yield on_request("empty DATA first", unexpected, frame(DATA))
    yield on_request("DATA after trailers", unexpected, GOOD, trailers, frame(DATA, b"x"))
    yield on_request("HEADERS after trailers", unexpected, GOOD, trailers, trailers)
    yield on_request("HEADERS cut short", ("connection", FRAME_ERROR), GOOD[:-1])
    yield on_request("DATA cut short", ("connection", FRAME_ERROR), GOOD, frame(DATA, b"x", 2))
    yield on_request("a reserved frame cut short", ("connection", FRAME_ERROR), GOOD, frame(RESERVED, b"", 1))
    yield on_request("half a frame's head", ("connection", FRAME_ERROR), GOOD, b"\x40")
    yield on_request("nothing", ("stream", REQUEST_INCOMPLETE))
    yield on_request("a reserved frame and no HEADERS", ("stream", REQUEST_INCOMPLETE), frame(RESERVED, b"x"))

    for at, missing in enumerate(GET):
        yield malformed(f"no {missing[0]}", *GET[:at], *GET[at + 1 :])
        yield malformed(f"two {missing[0]}", missing, *GET)
        yield malformed(f"{missing[0]} after a field", *GET[:at], *GET[at + 1 :], ("a", "b"), missing)
    for field in (
        (":status", "200"), (":new", "x"), ("Upper", "x"), ("", "x"), ("a b", "x"), ("a:b", "x"),
        ("connection", "close"), ("keep-alive", "1"), ("proxy-connection", "x"),
        ("transfer-encoding", "chunked"), ("upgrade", "h2c"), ("te", "gzip"), ("a", "x\ny"),
        ("a", "x\ry"), ("a", "x\0y"), ("content-length", "-1"), ("content-length", "1"),
        ("host", "elsewhere"),
    ):
        yield malformed(repr(field), *GET, field)
    for changed in (
        (":method", "G T"), (":method", ""), (":path", ""), (":path", "healthz"), (":path", "/a b"),
        (":path", "/#x"), (":path", "*"), (":authority", ""), (":authority", "u:p@localhost"),
        (":scheme", "1"),
    ):
        yield malformed(repr(changed), *(changed if it[0] == changed[0] else it for it in GET))
    yield malformed("more than content-length", *POST, ("content-length", "1"), body=b"xx")
    yield malformed("less than content-length", *POST, ("content-length", "3"), body=b"xx")
    yield malformed("two content-lengths", *POST, ("content-length", "2"), ("content-length", "3"), body=b"xx")
    yield malformed("CONNECT with a path", (":method", "CONNECT"), AUTHORITY, PATH)
    yield on_request("trailers with a pseudo-header field", ("stream", MESSAGE_ERROR), GOOD, frame(HEADERS, lines(PATH)))
    long = lines(*GET, ("a", "x" * 200_000))
    yield on_request("a head that is too large", ("status", 431), frame(HEADERS, long))
    many = lines(*GET, *((f"a{it}", "") for it in range(5000)))
    yield on_request("a head of too many lines", ("status", 431), frame(HEADERS, many))

    yield section("empty", b"")
    yield section("half a prefix", b"\0")
    yield section("insertions that were not made", b"\2\0\x80")
    yield section("a base below nothing", b"\0\x81")
    yield section("a dynamic entry", b"\0\0\x80")
    yield section("a name of a dynamic entry", b"\0\0\x40\0")
    yield section("an entry after the base", b"\0\0\x10")
    yield section("a name of an entry after the base", b"\0\0\x00\0")
    yield section("a static entry that is none", b"\0\0" + integer(0xC0, 6, 99))
    yield section("a name of a static entry that is none", b"\0\0" + integer(0x50, 4, 99) + b"\0")
    yield section("an index without end", b"\0\0\xff" + b"\xff" * 12)
    yield section("an index cut short", b"\0\0\xff")
    yield section("a name cut short", b"\0\0\x27\x02ab")
    yield section("a value cut short", b"\0\0\x21a\x05b")
    yield section("a code padded with zeros", b"\0\0\x21a\x81\x00")
    yield section("a code padded with a byte", b"\0\0\x21a\x82\x1f\xff")
    yield section("the end symbol of the code", b"\0\0\x21a\x84\xff\xff\xff\xff")
    for name, said in (
        ("an insertion", b"\xc0\1x"), ("an insertion of a literal", b"\x41a\1b"),
        ("a duplicate", b"\0"), ("a capacity above ours", b"\x3f\1"),
    ):
        yield Case(f"encoder: {name}", ("connection", ENCODER_STREAM_ERROR), uni=(GREETING, ENCODER + said))
    for name, said in (
        ("an acknowledgement of nothing", b"\x80"), ("an increment of nothing", b"\0"),
        ("an increment", b"\1"),
    ):
        yield Case(f"decoder: {name}", ("connection", DECODER_STREAM_ERROR), uni=(GREETING, DECODER + said))


class Client(QuicConnectionProtocol):
    """Streams of bytes, and what the box says to them."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.over = asyncio.get_running_loop().create_future()
        self.requests = {}
        self.answers = {}
        self.opened = []

    def quic_event_received(self, event):
        if isinstance(event, ConnectionTerminated):
            self.tell(self.over, ("connection", event.error_code))
            for waiting in self.requests.values():
                self.tell(waiting, ("connection", event.error_code))
        elif isinstance(event, StreamReset) and event.stream_id in self.requests:
            self.tell(self.requests[event.stream_id], ("stream", event.error_code))
        elif isinstance(event, StreamDataReceived) and event.stream_id in self.requests:
            answer = self.answers.setdefault(event.stream_id, bytearray())
            answer.extend(event.data)
            if event.end_stream:
                self.tell(self.requests[event.stream_id], ("status", status(bytes(answer))))

    @staticmethod
    def tell(waiting, outcome):
        if not waiting.done():
            waiting.set_result(outcome)

    def send(self, stream, end, *, uni):
        number = self._quic.get_next_available_stream_id(is_unidirectional=uni)
        if not uni:
            self.requests[number] = asyncio.get_running_loop().create_future()
        self._quic.send_stream_data(number, stream, end)
        self.opened.append(number)
        return number

    async def first(self):
        """The first thing that ends a request or the connection."""
        waiting = [self.over, *self.requests.values()]
        done, _ = await asyncio.wait(waiting, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            return ("nothing", 0)
        # What ends the connection goes before what ended a request with it.
        return self.over.result() if self.over.done() else done.pop().result()

    async def ask(self, stream):
        number = self.send(stream, True, uni=False)
        self.transmit()
        outcome = await asyncio.wait_for(self.requests[number], PATIENCE_S)
        del self.requests[number], self.answers[number]
        return outcome


def status(answer):
    """The status of an answer's first HEADERS."""
    kind, at = read_varint(answer, 0)
    length, at = read_varint(answer, at)
    assert kind == HEADERS, answer
    _, fields = pylsqpack.Decoder(0, 0).feed_header(0, answer[at : at + length])
    return int(dict(fields)[b":status"])


def read_varint(data, at):
    length = 1 << (data[at] >> 6)
    number = int.from_bytes(data[at : at + length], "big") & (1 << (8 * length - 2)) - 1
    return number, at + length


class Box:
    """The box, and a client of it that does nothing wrong."""

    def __init__(self, given):
        self.given = given
        body = given.body.encode()
        head = lines(
            (":method", "POST"), SCHEME, (":authority", f"localhost:{given.port}"),
            (":path", given.path), ("content-type", "application/json"),
            ("authorization", f"Bearer {given.key}"),
        )
        self.request = frame(HEADERS, head) + frame(DATA, body)
        self.good = None

    def connect(self):
        configuration = QuicConfiguration(is_client=True, alpn_protocols=["h3"])
        configuration.verify_mode = ssl.CERT_REQUIRED
        configuration.load_verify_locations(self.given.authority)
        configuration.server_name = "localhost"
        return connect(
            self.given.host, self.given.port, configuration=configuration, create_protocol=Client
        )

    async def well(self):
        return await self.good.ask(self.request) == ("status", 200)

    async def run(self, case):
        async with self.connect() as client:
            for stream in case.uni:
                stream, end = stream if isinstance(stream, tuple) else (stream, False)
                client.send(stream, end, uni=True)
            for stream in case.bidi:
                client.send(stream, case.end, uni=False)
            client.transmit()
            if case.act:
                # Only once the box has answered is it certain that it knows the streams.
                await client.ask(GOOD)
                case.act(client)
                client.transmit()
            return await client.first()

    async def disturb(self, seed):
        """A connection whose streams hold good bytes that were changed at random."""
        chance = random.Random(seed)
        async with self.connect() as client:
            client.send(changed(chance, GREETING + frame(GOAWAY, b"\4")), chance.random() < 0.1, uni=True)
            for kind in (ENCODER + b"\x20", DECODER + b"\x44", varint(RESERVED) + b"x"):
                if chance.random() < 0.5:
                    client.send(changed(chance, kind), chance.random() < 0.1, uni=True)
            for _ in range(chance.randrange(1, 5)):
                client.send(changed(chance, self.request), chance.random() < 0.9, uni=False)
                if chance.random() < 0.2:
                    client._quic.reset_stream(client.opened[-1], chance.randrange(1 << 20))
            client.transmit()
            waiting = [client.over, *client.requests.values()]
            done, _ = await asyncio.wait(waiting, timeout=1, return_when=asyncio.FIRST_COMPLETED)
            return next(iter(done)).result() if done else ("nothing", 0)


def changed(chance, stream):
    """`stream` with a few bytes changed, left out, doubled or put in."""
    out = bytearray(stream)
    for _ in range(chance.randrange(4)):
        at, far = chance.randrange(len(out) + 1), chance.randrange(1, 9)
        match chance.randrange(5):
            case 0 if at < len(out):
                out[at] = chance.randrange(256)
            case 1:
                del out[at : at + far]
            case 2:
                out[at:at] = out[at : at + far]
            case 3:
                out[at:at] = chance.randbytes(far)
            case 4 if at < len(out):
                out[at] ^= 1 << chance.randrange(8)
    return bytes(out)


def batches(all):
    return [all[at : at + AT_ONCE] for at in range(0, len(all), AT_ONCE)]


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("authority")
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("path")
    parser.add_argument("--key", required=True)
    parser.add_argument("--body", required=True)
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    box = Box(given)
    table, wrong, outcomes = list(cases()), [], Counter()
    async with box.connect() as box.good:
        box.good.send(GREETING, False, uni=True)
        for some in batches(table):
            for case, outcome in zip(some, await asyncio.gather(*map(box.run, some))):
                if outcome != case.outcome:
                    wrong.append([case.name, case.outcome, outcome])
            if not await box.well():
                wrong.append([some[-1].name, "the good client is answered", "it is not"])
        for some in batches(range(given.rounds)):
            seeds = (given.seed * 1_000_003 + it for it in some)
            for kind, code in await asyncio.gather(*map(box.disturb, seeds)):
                outcomes[f"{kind} {code if kind == 'status' else hex(code)}"] += 1
            if not await box.well():
                wrong.append([f"round {some[-1]}", "the good client is answered", "it is not"])
    print(json.dumps({
        "cases": len(table),
        "rounds": given.rounds,
        "outcomes": dict(outcomes.most_common()),
        "wrong": wrong,
    }))


asyncio.run(main())
