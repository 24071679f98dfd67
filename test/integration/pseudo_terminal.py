"""Runs a command in a pseudo terminal: what it writes comes out here, and lines that come in are keys (`K base64`) or a size (`R rows columns`)."""
import base64
import fcntl
import os
import pty
import select
import struct
import sys
import termios

rows, columns, *command = sys.argv[1:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)


def resize(height, width):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", int(height), int(width), 0, 0))


resize(rows, columns)
waiting = b""
sources = [terminal, 0]
while True:
    ready, _, _ = select.select(sources, [], [])
    if terminal in ready:
        try:
            written = os.read(terminal, 65536)
        except OSError:
            break
        if not written:
            break
        os.write(1, written)
    if 0 in ready:
        came = os.read(0, 65536)
        if not came:
            sources.remove(0)
        *lines, waiting = (waiting + came).split(b"\n")
        for line in lines:
            kind, *words = line.split()
            if kind == b"K":
                os.write(terminal, base64.b64decode(words[0]))
            else:
                resize(*words)
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))
