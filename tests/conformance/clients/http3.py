"""One request over HTTP/3 with aioquic: prints the answer as one JSON line.

usage: http3.py AUTHORITY_PEM HOST PORT PATH [--key API_KEY] [--body JSON] [--count N] [--moves N]

COUNT requests are under way at once; then follows one from each of MOVES other ports.
"""

import argparse
import asyncio
import json
import socket
import ssl

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ProtocolNegotiated


class Client(QuicConnectionProtocol):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.http = H3Connection(self._quic)
        self.alpn = None
        self.streams = {}

    def quic_event_received(self, event):
        if isinstance(event, ProtocolNegotiated):
            self.alpn = event.alpn_protocol
        for it in self.http.handle_event(event):
            if not isinstance(it, (HeadersReceived, DataReceived)):
                continue
            headers, body, done = self.streams[it.stream_id]
            if isinstance(it, HeadersReceived):
                headers.update({name.decode(): value.decode() for name, value in it.headers})
            else:
                body.extend(it.data)
            if it.stream_ended:
                done.set_result(None)

    async def ask(self, head, body):
        stream = self._quic.get_next_available_stream_id()
        entry = ({}, bytearray(), asyncio.get_running_loop().create_future())
        self.streams[stream] = entry
        self.http.send_headers(stream, head, end_stream=not body)
        if body:
            self.http.send_data(stream, body, end_stream=True)
        self.transmit()
        await asyncio.wait_for(entry[2], 20)
        return entry[0], bytes(entry[1])

    async def move(self):
        """Goes on from another port, under another connection id (RFC 9000, 9)."""
        before = self._transport
        place = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        place.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        place.bind(("::", 0))
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, sock=place)
        before.close()
        self.change_connection_id()


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("authority")
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("path")
    parser.add_argument("--key")
    parser.add_argument("--body", default="")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--moves", type=int, default=0)
    flags = parser.parse_args()
    configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN)
    configuration.verify_mode = ssl.CERT_REQUIRED
    configuration.load_verify_locations(flags.authority)
    configuration.server_name = "localhost"
    head = [
        (b":method", b"POST" if flags.body else b"GET"),
        (b":scheme", b"https"),
        (b":authority", f"localhost:{flags.port}".encode()),
        (b":path", flags.path.encode()),
    ]
    if flags.body:
        head.append((b"content-type", b"application/json"))
    if flags.key:
        head.append((b"authorization", f"Bearer {flags.key}".encode()))
    async with connect(
        flags.host, flags.port, configuration=configuration, create_protocol=Client
    ) as client:
        asked = [client.ask(head, flags.body.encode()) for _ in range(flags.count)]
        answers = await asyncio.gather(*asked)
        for _ in range(flags.moves):
            await client.move()
            answers.append(await client.ask(head, flags.body.encode()))
        headers, body = answers[0]
        same = all(it[0][":status"] == headers[":status"] and it[1] == body for it in answers)
        print(json.dumps({
            "protocol": client.alpn,
            "status": int(headers[":status"]),
            "headers": headers,
            "body": body.decode(),
            "same": same,
        }))


asyncio.run(main())
