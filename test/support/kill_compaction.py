"""Kills a compaction at each of its system calls, and reads the directory with the real prometheus_client after each.

    kill_compaction.py TOOL WORK swap|stopped [--error NAME] [--reopen] [--every N] [--ask N]

A fresh directory each time; TOOL compacts it under strace, which kills it as it enters one call: each of them, from the
first that writes on. Then

  - a reader gets the totals from before, or with `stopped` an error (the readers are stopped, and one that is not
    must not get a wrong number);
  - TOOL is run again, as the next compaction: the totals are the same, and nothing is left over.

With --error it is not killed: the call fails, as by ENOSPC. Then either the compaction is done all the same, or nothing
has changed, or (after the exchange) the next one finishes it.

With --reopen a process that has the process id of a dead one comes back to its counter in the middle of it, and counts
one more: it must be in the totals in the end. --every N kills at each Nth call. --ask N has the state after every Nth
read by whoever started this, too: a line `{"ask": directory, "call"}`, answered by one line when it is read. The first is
from before. Not with --reopen.

Totals leave out all and live*, which compaction removes. Prints `{"killed", "errors", "wrong", "asked", "undone"}` at
the end, and a line for each wrong number.
"""
import json
import math
import os
import re
import select
import shutil
import subprocess
import sys
import time

FOLDED = ('counter', 'histogram', 'gauge_min', 'gauge_mostrecent')
REMOVED = ('gauge_all', 'gauge_livesum')
DEAD = (11, 12, 105)
LIVING = (101, 12000)
NO_FILES = ('brk', 'exit_group', 'mmap', 'mprotect', 'munmap')
LEFT_OUT = ('g_all', 'g_livesum')


def write(directory, identifier):
    """The files of a process, made by the client in a child: it keeps one set of files for a process."""
    child = os.fork()
    if child:
        assert os.waitpid(child, 0)[1] == 0
        return
    os.environ['PROMETHEUS_MULTIPROC_DIR'] = directory
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values
    values.ValueClass = values.MultiProcessValue(lambda: identifier)
    import prometheus_client.metrics as metrics
    metrics.values = values
    registry = CollectorRegistry()
    counter = Counter('c', 'a counter', ['a'], registry=registry)
    for label in range(3):
        counter.labels(label).inc(identifier + label / 4)
    # Its sum depends on the order.
    Counter('inexact', 'a counter', registry=registry).inc(0.1 * identifier)
    Histogram('h', 'a histogram', registry=registry, buckets=(1, 50)).observe(identifier / 2)
    for mode in ('all', 'livesum', 'min', 'mostrecent'):
        Gauge('g_' + mode, 'a gauge', registry=registry, multiprocess_mode=mode).set(identifier)
    os._exit(0)


def copy(template, directory):
    """Files are sparse: what counts of them is at their beginning."""
    os.mkdir(directory)
    for name in os.listdir(template):
        with open(os.path.join(template, name), 'rb') as source, open(os.path.join(directory, name), 'wb') as target:
            target.write(source.read(8192))
            target.truncate(os.fstat(source.fileno()).st_size)


def calls_of(command):
    """From mkdirat on, which is the first that writes: the names of its system calls, and how many there are of each
    before it, and in all. Without those that are no file's: nothing is done about a lack of memory."""
    log = subprocess.run(['strace', '-f', '-qq', '-o', '/dev/stderr', *command], stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE, check=True).stderr.decode()
    names = re.findall(r'^\d+ +(\w+)\(', log, re.MULTILINE)
    first = names.index('mkdirat')
    return {name: (names[:first].count(name), names.count(name)) for name in names[first:] if name not in NO_FILES}


def totals(directory):
    from prometheus_client import CollectorRegistry
    from prometheus_client.multiprocess import MultiProcessCollector
    collector = MultiProcessCollector(None, directory)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in collector.collect() if family.name not in LEFT_OUT for sample in family.samples
    }


def differences(before, now, more=0):
    """What is not as before; `more` was counted meanwhile."""
    found = []
    for key in sorted(set(before) | set(now)):
        was, value = before.get(key), now.get(key)
        if key == ('c_total', (('a', '0'),)) and was is not None:
            was += more
        if was is None or value is None or value != was and not (
                key[0] == 'inexact_total' and was <= value <= was + 2 * math.ulp(was)):
            found.append('%s %s: %s, then %s' % (*key, was, value))
    return found


class Writer:
    """A process of a dead one's id, which comes back once a compaction is under way: it adds 1 to c{a="0"}."""

    def __init__(self, parent, directory, path, delay):
        self.written, write_end = os.pipe()
        end, self.order = os.pipe()
        self.process = os.fork()
        if self.process:
            os.close(write_end)
            os.close(end)
            return
        os.close(self.order)
        from prometheus_client.mmap_dict import MmapedDict, mmap_key
        key = mmap_key('c', 'c_total', ('a',), ('0',), 'a counter')
        # Until the compaction has begun, or is over.
        while len(os.listdir(parent)) < 2 and not any(
                name.startswith('.promfold-') and len(name) == 26 for name in os.listdir(directory)):
            if select.select([end], [], [], 0.0001)[0]:
                break
        else:
            time.sleep(delay)
        values = MmapedDict(path)
        value, _ = values.read_value(key)
        values.write_value(key, value + 1, 0.0)
        os.write(write_end, b'.')
        # The second byte, or the end of its parent.
        os.read(end, 1) and os.read(end, 1)
        os._exit(0)

    def wait(self):
        os.write(self.order, b'.')
        assert os.read(self.written, 1) == b'.', 'the writer failed'

    def stop(self):
        os.close(self.order)
        os.waitpid(self.process, 0)
        os.close(self.written)


def main():
    arguments = sys.argv[1:]

    def option(name, otherwise):
        return int(arguments[arguments.index(name) + 1]) if name in arguments else otherwise

    tool, work, mode = arguments[:3]
    reopen = '--reopen' in arguments
    error = arguments[arguments.index('--error') + 1] if '--error' in arguments else None
    how = 'error=' + error if error else 'signal=KILL'
    every, ask = option('--every', 1), option('--ask', 0)
    template = os.path.join(work, 'template')
    os.makedirs(template)
    for identifier in DEAD + LIVING:
        write(template, identifier)
    dead = [name for name in sorted(os.listdir(template)) if int(name.rsplit('_', 1)[1][:-3]) in DEAD]
    before = totals(template)
    was = sorted(os.listdir(template))
    parent = os.path.join(work, 'parent')
    directory = os.path.join(parent, 'd')
    flags = ['--readers-stopped'] if mode == 'stopped' else []
    command = [tool, directory, *flags, *(('--grace', '20', '--pause', '40') if reopen else ())]
    seen = {'killed': 0, 'errors': 0, 'wrong': 0, 'asked': 0, 'undone': 0}

    def tell(wrong, after, call):
        seen['wrong'] += 1
        print(json.dumps({'wrong': wrong, 'after': after, 'call': call}), flush=True)

    def check(what, call, more, errors=False):
        try:
            now = totals(directory)
        except FileNotFoundError:
            seen['errors'] += 1
            if errors:
                return
            now = {}
        for line in min((differences(before, now, count) for count in more), key=len):
            tell(line, what, call)

    def compact(*names):
        ended = subprocess.run([*command, *names], stdout=subprocess.PIPE)
        said = ended.stdout.decode()
        assert ended.returncode == 0, said
        seen['undone'] += 'undone 1' in said
        return said

    def ask_reader(call):
        if not ask or seen['killed'] % ask:
            return
        seen['asked'] += 1
        print(json.dumps({'ask': directory, 'call': call}), flush=True)
        assert sys.stdin.readline()

    def prepare():
        shutil.rmtree(parent, ignore_errors=True)
        os.mkdir(parent)
        copy(template, directory)

    def stop_at(call):
        """False where there are not so many of these calls."""
        prepare()
        writer = None
        if reopen:
            # Before the exchange, and in the moment right before it.
            path = os.path.join(directory, 'counter_11.db')
            writer = Writer(parent, directory, path, seen['killed'] % 4 / 100)
        ended = subprocess.run(
            ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=' + call[0],
             '-e', 'inject=%s:%s:when=%d' % (call[0], how, call[1]), *command, *dead], stdout=subprocess.PIPE)
        is_done = ended.returncode == 0
        assert is_done or ended.returncode == (1 if error else -9), ended
        seen['killed'] += not is_done
        if error and not is_done:
            said = ended.stdout.decode()
            assert 'failed at step' in said, said
            names = sorted(os.listdir(directory))
            if '.promfold-compaction' not in names and (names != was or os.listdir(parent) != ['d']):
                tell('not undone: %s %s' % (os.listdir(parent), sorted(set(names) ^ set(was))), said, call)
        seen['undone'] += b'undone 1' in ended.stdout
        if writer:
            writer.wait()
        check('kill', call, (0, 1) if writer else (0,), mode == 'stopped')
        if mode == 'swap':
            ask_reader(call)
        more = (1,) if writer else (0,)
        if writer:
            # It lives on: what it has open is not folded.
            compact(*dead)
            check('compaction next to a writer', call, more)
            writer.stop()
        compact()
        check('recovery', call, more)
        living = ['%s_%d.db' % (prefix, identifier) for prefix in FOLDED + REMOVED for identifier in LIVING]
        said = compact(*(name for name in os.listdir(directory) if name.endswith('.db') and name not in living))
        check('next compaction', call, more)
        ask_reader(call)
        left = [name for name in os.listdir(parent) if name != 'd'] + [
            name for name in os.listdir(directory) if name.startswith('.') and name != '.promfold-compaction']
        archives = [name for name in os.listdir(directory) if '-promfold-' in name]
        if left or len(archives) != len(FOLDED):
            tell('left over: %s; archives: %s' % (left, archives), said, call)
        return not is_done

    prepare()
    ask_reader(None)
    for name, (before_it, count) in sorted(calls_of([*command, *dead]).items()):
        at = before_it + 1
        while stop_at((name, at)) or (error and at < count):
            at += every
    print(json.dumps(seen), flush=True)


main()
