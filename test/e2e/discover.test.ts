/** `promfold discover` and what it finds in other namespaces and of other users. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { promfold } from '../support/cli.js';
import { currentPython } from '../support/parts.js';
import { MAIN } from '../support/paths.js';
import { run } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';
import { VllmLike } from '../support/vllm-like.js';

const python = currentPython();
const asRoot = process.getuid?.() === 0 ? python.skip : 'needs root';
const NOBODY = 65_534;

interface Row {
  readonly path: string;
  readonly insidePath: string;
  readonly users: readonly { readonly pid: number; readonly role?: string }[];
}

async function rowsOf(insidePath: string): Promise<readonly Row[]> {
  const { stdout } = await promfold(['discover', '--json']);
  const { directories } = JSON.parse(stdout) as { directories: readonly Row[] };
  return directories.filter((row) => row.insidePath === insidePath);
}

/** Starts the server, hands it over, and ends it whatever happens. */
async function withVllm(
  options: Parameters<typeof VllmLike.start>[1],
  use: (vllm: VllmLike) => Promise<void>,
): Promise<void> {
  const vllm = await VllmLike.start(python.path, options);
  try {
    await use(vllm);
  } finally {
    await vllm.stop();
  }
}

describe('promfold discover', { skip: python.skip }, () => {
  it('prints directories, processes and roles on 80 columns, and no secret', async () => {
    await withVllm({ args: ['--api-key=hunter2'] }, async (vllm) => {
      const { directory, servers } = await vllm.facts();
      const { exitCode, stdout, stderr } = await promfold(['discover']);
      assert.equal(exitCode, 0);
      assert.match(stdout, /^DIR +PROCESSES +FILES +OWNER +MODE +FOUND BY\n/);
      const line = stdout.split('\n').find((text) => text.startsWith(`${directory} `))!;
      assert.match(line, new RegExp(`^${directory} +4 +10 +${process.getuid!()} +0700 +files$`));
      // Directories of other tests may be there, with longer paths.
      const [column] = /^DIR +(?=PROCESSES)/.exec(stdout)!;
      assert.ok(line.length - (column.length - `${directory}  `.length) <= 80, line);
      assert.match(stdout, new RegExp(`writes: VLLM::APIServer_0 ${servers[0]}, VLLM`));
      assert.doesNotMatch(stdout + stderr, /hunter2/);
    });
  });

  it('says where the variable came too late', async () => {
    await withVllm({ late: true }, async (vllm) => {
      const { launcher } = await vllm.facts();
      const { stdout } = await promfold(['discover']);
      assert.match(stdout, new RegExp(`vllm_like\\.py ${launcher} set the variable too late`));
    });
  });

  it('finds a directory of another mount namespace at a path that can be read', {
    skip: asRoot,
  }, async () => {
    // The same path is another directory here.
    const place = tempDirectory();
    const wrapper = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none "$0" && exec "$@"'];
    const options = { wrapper: [...wrapper, place], environment: { TMPDIR: place } };
    await withVllm(options, async (vllm) => {
      const { directory, servers } = await vllm.facts();
      await vllm.serve(0, { requests: 3 });
      const rows = await rowsOf(directory!);
      assert.equal(rows.length, 1);
      const { path } = rows[0]!;
      assert.match(path, /^\/proc\/\d+\/root\//);

      const { exitCode, stdout } = await promfold(['ls', path]);
      assert.equal(exitCode, 0);
      assert.match(stdout, new RegExp(`${servers[0]} +alive +VLLM::APIServer_0 `));
      const page = await promfold(['scrape', path]);
      assert.match(page.stdout, /^vllm:prompt_tokens_total\{.*\} 300\.0$/m);
    });
  });

  it('finds what runs in a PID namespace, by its pids here', { skip: asRoot }, async () => {
    const wrapper = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
    await withVllm({ wrapper }, async (vllm) => {
      const { directory, servers } = await vllm.facts();
      const [row] = await rowsOf(directory!);
      assert.equal(row!.path, directory);
      const server = row!.users.find(({ role }) => role === 'VLLM::APIServer_0')!;
      assert.notEqual(server.pid, servers[0]);
      const { stdout } = await promfold(['ls', directory!]);
      assert.match(stdout, new RegExp(`${servers[0]} +alive +VLLM::APIServer_0 `));
    });
  });

  it('says as another user whose processes it may not read, and what would help', {
    skip: asRoot,
  }, async () => {
    await withVllm({}, async (vllm) => {
      const { directory } = await vllm.facts();
      const { exitCode, stdout, stderr } = await run(process.execPath, [MAIN, 'discover'], {
        uid: NOBODY,
        gid: NOBODY,
        env: { PATH: process.env.PATH },
      });
      assert.equal(exitCode, 1, stderr);
      assert.ok(!stdout.includes(directory!));
      assert.match(stderr, /no process that can be read uses a multiprocess directory/);
      assert.match(
        stderr,
        /\d+ processes of uid 0 cannot be read; this needs root, or CAP_SYS_PTRACE/,
      );
    });
  });
});
