import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { PAGE_BUDGET } from '../../../src/expose/external-page.js';
import { EVERYTHING } from '../../../src/plan/selection.js';
import { OUTCOME } from '../../../src/scrape/endpoints/endpoint-questions.js';
import { EndpointThread } from '../../../src/scrape/endpoints/endpoint-thread.js';
import { TEXT } from '../../support/dialect.js';
import { PageServer } from '../../support/page-server.js';

let server: PageServer | undefined;
let thread: EndpointThread | undefined;

afterEach(async () => {
  await thread?.close();
  server?.stop();
});

const WITHIN_MS = 60_000;

async function open(page: string | Buffer, heapMegabytes?: number) {
  server = await PageServer.start(page);
  thread = new EndpointThread(
    { url: server.url.href, prefixes: EVERYTHING, budget: PAGE_BUDGET },
    heapMegabytes,
  );
  return { server, thread };
}

/** Threads are numbered in the names of what they have read. */
const threadOf = ({ set }: { set: string }) => set.split('.')[0];

const many = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('');

describe('the thread of an endpoint', () => {
  it('says that a page has the same series, whatever their values are', async () => {
    const opened = await open('a 1\nb{x="1"} 2\n');
    const first = await opened.thread.read(WITHIN_MS);
    assert.equal(await opened.thread.read(WITHIN_MS), first);
    opened.server.show('a 77\nb{x="1"} 2 5\n');
    assert.equal(await opened.thread.read(WITHIN_MS), first);
    opened.server.show('a 1\nb{x="2"} 2\n');
    assert.notEqual(await opened.thread.read(WITHIN_MS), first);
  });

  it('prints the values of the last page', async () => {
    const opened = await open('a 1\n');
    for (const value of ['1', '2', '12345']) {
      opened.server.show(`a ${value}\n`);
      const page = await opened.thread.read(WITHIN_MS);
      const question = { dialect: TEXT, names: undefined, renamed: [] };
      const { bytes } = await opened.thread.print(page, question, WITHIN_MS);
      const text = Buffer.from(bytes).toString();
      assert.equal(text, `# HELP a \n# TYPE a untyped\na ${value}\n`);
    }
  });

  it('does not print a page that is another one by now', async () => {
    const opened = await open('a 1\n');
    const page = await opened.thread.read(WITHIN_MS);
    opened.server.show('b 1\n');
    await opened.thread.read(WITHIN_MS);
    const question = { dialect: TEXT, names: undefined, renamed: [] };
    await assert.rejects(opened.thread.print(page, question, WITHIN_MS), /read again meanwhile/);
  });

  it('is replaced when the page is much smaller than it was, so that memory is freed', async () => {
    const opened = await open(many(200_000, (i) => `a{series="${i}",of="a large page"} 1\n`));
    const large = await opened.thread.read(WITHIN_MS);
    opened.server.show('a 1\n');
    const small = await opened.thread.read(WITHIN_MS);
    assert.equal(threadOf(small), threadOf(large));
    const next = await opened.thread.read(WITHIN_MS);
    assert.notEqual(threadOf(next), threadOf(large));
    assert.equal(await opened.thread.read(WITHIN_MS), next);
  });

  it('is replaced after a large page that was refused', async () => {
    const opened = await open('a 1\n');
    const first = await opened.thread.read(WITHIN_MS);
    opened.server.show(many(500_001, (i) => `a{b="${i}"} 1\n`));
    await assert.rejects(opened.thread.read(WITHIN_MS), /more than 500000 samples/);
    opened.server.show('a 1\n');
    assert.notEqual(threadOf(await opened.thread.read(WITHIN_MS)), threadOf(first));
  });

  it('is replaced with the next question when it runs out of memory', async () => {
    // Helps are strings, and more of them than this heap has room for.
    const help = 'x'.repeat(2_000);
    const opened = await open(
      many(9_000, (i) => `# HELP a${i} ${help}${i}\na${i} 1\n`),
      16,
    );
    await assert.rejects(opened.thread.read(WITHIN_MS), {
      message: 'takes more than 16 MiB of memory',
    });
    opened.server.show('a 1\n');
    assert.deepEqual((await opened.thread.read(WITHIN_MS)).families, [
      { name: 'a', type: 'unknown', keepsRawName: false, series: 1 },
    ]);
  });

  it('is replaced with the next question when it is busy beyond its time', async () => {
    const opened = await open(many(300_000, (i) => `a{b="${i}"} 1\n`));
    const page = await opened.thread.read(WITHIN_MS);
    const question = { dialect: TEXT, names: undefined, renamed: [] };
    await assert.rejects(opened.thread.print(page, question, 1), {
      message: 'not printed within 0.001 s',
    });
    assert.notEqual(threadOf(await opened.thread.read(WITHIN_MS)), threadOf(page));
  });

  it('is replaced with the next question when it reads beyond its time', async () => {
    const opened = await open('a 1\n');
    const page = await opened.thread.read(WITHIN_MS);
    // An escape that is none has each line read the slow way: fetching it is far from all.
    opened.server.show(many(450_000, (i) => `a{b="\\x",c="${i}"} 1\n`));
    // On a busy machine already fetching it can be too slow; that ends no thread.
    let failure: unknown;
    for (let i = 0; i < 20 && failure !== 'not read within 0.6 s'; i++) {
      failure = await opened.thread.read(500).catch(({ message }: Error) => message);
    }
    assert.equal(failure, 'not read within 0.6 s');
    opened.server.show('a 1\n');
    assert.notEqual(threadOf(await opened.thread.read(WITHIN_MS)), threadOf(page));
  });

  it('leaves out what it must, and prints apart what is joined', async () => {
    const opened = await open('a 1\nb{x="1"} 2\nb{x="2"} 2\nc 3\n');
    const page = await opened.thread.read(WITHIN_MS);
    const existing = [{ family: 1, labelSets: [Buffer.from('x="1"\n')] }];
    const outcome = Uint8Array.of(OUTCOME.none, OUTCOME.apart, OUTCOME.together);
    const answer = await opened.thread.join(page, { outcome, existing, added: [] }, WITHIN_MS);
    assert.deepEqual(answer, { duplicate: 1, nameConflict: 0 });
    const question = { dialect: TEXT, names: undefined, renamed: [] };
    const { bytes, pieces } = await opened.thread.print(page, question, WITHIN_MS);
    assert.equal(pieces[0], 1);
    assert.equal(
      Buffer.from(bytes).toString(),
      '# HELP b \n# TYPE b untyped\nb{x="2"} 2\n# HELP c \n# TYPE c untyped\nc 3\n',
    );
    const [labelSets] = await opened.thread.labelSets(page, [1], WITHIN_MS);
    assert.equal(Buffer.from(labelSets!).toString(), 'x="1"\nx="2"\n');
  });
});
