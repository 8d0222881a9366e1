"""A TCP relay that can reset what goes through it: no fault of the simulator sends RST."""

import selectors
import socket
import struct
import threading

RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER of no time


class Relay:
    """Listens on a free port of this machine and passes bytes to port `target` and back."""

    def __init__(self, target):
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._orders, wake = socket.socketpair()
        self._other = {}  # socket -> the one its bytes go to
        self._clients = set()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(wake, selectors.EVENT_READ, self._obey)
        threading.Thread(target=self._run, daemon=True).start()

    def reset(self):
        """Ends every connection with RST towards the client; new ones are accepted as before."""
        self._orders.send(b"r")

    def close(self):
        self._orders.send(b"q")

    # One thread owns the sockets: none of them is in recv() while it is closed, so RST leaves at once.

    def _run(self):
        self._running = True
        while self._running:
            for key, _ in self._selector.select():
                if key.fileobj.fileno() >= 0:  # not closed by what was served before it
                    key.data(key.fileobj)

    def _accept(self, listener):
        client, _ = listener.accept()
        server = socket.create_connection(("127.0.0.1", self._target))
        self._clients.add(client)
        for source, sink in ((client, server), (server, client)):
            self._other[source] = sink
            self._selector.register(source, selectors.EVENT_READ, self._pass)

    def _obey(self, wake):
        self._running = wake.recv(1) == b"r"
        for client in list(self._clients):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self._end(client)
        if not self._running:
            self._listener.close()

    def _pass(self, source):
        try:
            data = source.recv(65536)
            if data:
                self._other[source].sendall(data)
        except OSError:
            data = b""
        if not data:
            self._end(source)

    def _end(self, one):
        for end in (one, self._other[one]):
            self._clients.discard(end)
            self._other.pop(end)
            self._selector.unregister(end)
            end.close()
