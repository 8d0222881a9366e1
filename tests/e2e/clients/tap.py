"""A TCP relay that passes bytes untouched and keeps the text messages of the server."""

import socket
import threading


class Tap:
    """Listens on a free port of this machine for clients of port `target`."""

    def __init__(self, target):
        self._target = target
        self.frames = []  # payloads, in the order in which they came
        self.unreadable = ""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            threading.Thread(target=self._pass, args=(client, server, lambda data: None), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, Reader(self)), daemon=True).start()

    def _pass(self, source, sink, look):
        try:
            while data := source.recv(65536):
                look(data)  # before the client can have it
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Reader:
    """The server's side of one connection: an HTTP answer, then WebSocket frames (RFC 6455, 5.2), not masked."""

    def __init__(self, tap):
        self._tap = tap
        self._buffer = b""
        self._upgraded = False

    def __call__(self, data):
        self._buffer += data
        if not self._upgraded:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            self._upgraded, self._buffer = True, rest
        while self._frame():
            pass

    def _frame(self):
        buffer = self._buffer
        if len(buffer) < 2:
            return False
        length, start = buffer[1] & 0x7F, 2
        if length > 125:
            start = 4 if length == 126 else 10
            if len(buffer) < start:
                return False
            length = int.from_bytes(buffer[2:start], "big")
        if len(buffer) < start + length:
            return False
        if buffer[0] == 0x81:
            self._tap.frames.append(buffer[start : start + length])
        elif buffer[0] & 0x0F < 8:
            self._tap.unreadable = f"a frame that begins with 0x{buffer[0]:02x}: compressed, in parts or binary"
        self._buffer = buffer[start + length :]
        return True
