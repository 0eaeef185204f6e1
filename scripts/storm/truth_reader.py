"""An unmodified reader: what prometheus_client says of PROMETHEUS_MULTIPROC_DIR, again and again, held against the truth
(short_lives.py), until stdin closes. Prints {"last", "right", "late", "overtaken", "failed", "wrong", "wrongs"}
at the end.

    truth_reader.py TRUTH

A read is wrong if it has more than was started when it ended, less than a read before it, or less than was done
LATEST_SECONDS before it began. It is late, and right, if it has less than was done when it began.

It is overtaken if it has too little, and the directory was exchanged meanwhile: a process that took over the id of a dead
one has made a file under the name of one that was folded, and the read opened that one.
"""
import json
import os
import select
import struct
import sys
import time

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector


# A file that a process was making when the directories changed places is seen a tenth of a second later, and later still
# where the machine is busy.
LATEST_SECONDS = 3


DIRECTORY = os.environ['PROMETHEUS_MULTIPROC_DIR']


def sums(path):
    with open(path, 'rb') as file:
        numbers = file.read()
    pairs = list(struct.iter_unpack('<QQ', numbers))
    return sum(started for started, _ in pairs), sum(done for _, done in pairs)


def read():
    values = {'jobs': 0, 'took': 0}
    for family in MultiProcessCollector(CollectorRegistry()).collect():
        for sample in family.samples:
            if sample.name == 'jobs_total':
                values['jobs'] += sample.value
            elif sample.name == 'took_seconds_count':
                values['took'] = sample.value
            elif sample.name in ('most_jobs', 'last_batch'):
                values[sample.name] = sample.value
    return values


def main():
    path = sys.argv[1]
    right, late, overtaken, failed, wrong = 0, 0, 0, {}, []
    before = {'jobs': 0, 'took': 0}
    known = [(time.monotonic(), 0)]
    while not select.select([sys.stdin], [], [], 0)[0]:
        now = time.monotonic()
        done = sums(path)[1]
        known.append((now, done))
        while known[1][0] <= now - LATEST_SECONDS:
            known.pop(0)
        directory = os.stat(DIRECTORY).st_ino
        try:
            values = read()
        except Exception as error:
            name = 'struct.error' if isinstance(error, struct.error) else type(error).__name__
            failed[name] = failed.get(name, 0) + 1
            continue
        most = sums(path)[0]
        counts = [values['jobs'], values['took']]
        is_right = all(max(known[0][1], before[name]) <= values[name] <= most for name in before)
        # 0 is what a process has that has not set them yet.
        if done > 0:
            is_right = is_right and values.get('most_jobs') == 7 and values.get('last_batch', 7) == 7
        if not is_right and max(counts) <= most and os.stat(DIRECTORY).st_ino != directory:
            overtaken += 1
            continue
        if not is_right:
            wrong.append('%d (%d) to %d: %s, before %s' % (done, known[0][1], most, values, before))
            continue
        before = {'jobs': values['jobs'], 'took': values['took']}
        right += 1
        late += min(counts) < done
    last = [before['jobs'], before['took']]
    report = {'last': last, 'right': right, 'late': late, 'overtaken': overtaken, 'failed': failed, 'wrong': wrong[:20], 'wrongs': len(wrong)}
    print(json.dumps(report), flush=True)


main()
