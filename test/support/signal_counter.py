"""Prints each signal it gets, one line each, and never ends of one but SIGUSR2: then with exit code 42.

The end of stdin ends it too: it must not outlive a test that failed.
"""
import os
import signal

NAMES = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGCONT']


def got(number, _):
    os.write(1, b'got %s\n' % signal.Signals(number).name.encode())
    if number == signal.SIGUSR2:
        os._exit(42)


for name in NAMES:
    signal.signal(getattr(signal, name), got)
print('ready', os.getpid(), flush=True)
while os.read(0, 1):
    pass
