"""Runs a command on a terminal of its own: stdin is what is typed, stdout is what the terminal shows.

    terminal.py PROGRAM ARGUMENT...

When stdin ends, the terminal hangs up. The exit code is that of the command, 128 and the number for a signal.
"""
import os
import pty
import select
import sys

pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    for ready in select.select([terminal, 0], [], [])[0]:
        try:
            data = os.read(ready, 65536)
        except OSError:  # Nobody has the terminal open any more.
            data = b''
        if not data:
            os.close(terminal)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            sys.exit(code if code >= 0 else 128 - code)
        os.write(1 if ready == terminal else terminal, data)
