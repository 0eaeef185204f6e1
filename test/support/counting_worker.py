"""A worker of the real client that writes as fast as it can until it is killed: `turns` is counted before `steps`, and `now` is
the time of the last turn. Says `ready` once it has all of them."""
import time

import prometheus_client as client

turns = client.Counter('turns', 'Turns.')
steps = client.Counter('steps', 'Steps.')
now = client.Gauge('now', 'Time of the last turn.', multiprocess_mode='mostrecent')
for turn in range(10 ** 9):
    turns.inc()
    steps.inc()
    now.set(time.time())
    if turn == 0:
        print('ready', flush=True)
    time.sleep(0.001)
