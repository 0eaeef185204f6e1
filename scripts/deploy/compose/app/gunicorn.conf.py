"""gunicorn for an application that counts in several processes. `gunicorn app:app` reads this file."""
from prometheus_client import multiprocess

bind = '0.0.0.0:8000'
workers = 4
# The image's user has no home to put it in.
control_socket_disable = True


def child_exit(server, worker):
    # Gauges of mode live… stop counting a worker that is gone. Everything else of it stays, as it should.
    multiprocess.mark_process_dead(worker.pid)
