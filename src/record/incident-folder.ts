/**
 * Incidents on disk, in a folder of their own below --recorder.dir, so that they do not go with the oldest segments:
 *
 *   incidents/incident-api-20261130T022000.000Z.rec     the recording
 *   incidents/incident-api-20261130T022000.000Z.json    what happened; written first
 *
 * There are so many of them and no more bytes than allowed; the oldest goes. Only files of such names are ever removed.
 */
import { constants } from 'node:fs';
import { lstat, open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Incident, parseIncident } from './incident.js';
import { ignoreMissing, makeFolder, replaceFile } from './recorder-folder.js';

export const MAX_INCIDENTS = 20;

const OF_INCIDENT = /^\.?(incident-.+-\d{8}T\d{6}\.\d{3}Z)\.(rec|json)(\.tmp)?$/;

/** More than any has; a larger file is none. */
const MAX_TEXT_BYTES = 4 * 2 ** 20;

interface KnownIncident {
  readonly incident: Incident;
  readonly bytes: number;
}

export class IncidentFolder {
  readonly #parent: string;
  readonly #path: string;
  readonly #maxBytes: number;

  /** @param parent the folder of the recorder */
  constructor(parent: string, maxBytes: number) {
    this.#parent = parent;
    this.#path = join(parent, 'incidents');
    this.#maxBytes = maxBytes;
  }

  /** @throws Error as the system has it; there is nothing of the incident then */
  async add(incident: Incident, recording: Uint8Array): Promise<string> {
    await makeFolder(this.#parent);
    await makeFolder(this.#path);
    const text = Buffer.from(`${JSON.stringify(incident)}\n`);
    await this.#makeRoom(text.length + recording.length);
    const { id } = incident;
    try {
      await replaceFile(this.#path, `${id}.json`, text);
      await replaceFile(this.#path, `${id}.rec`, recording);
    } catch (error) {
      await unlink(join(this.#path, `${id}.json`)).catch(() => {});
      throw error;
    }
    return join(this.#path, `${id}.rec`);
  }

  /** Oldest first; what cannot be read is left out. */
  async list(): Promise<Incident[]> {
    return (await this.#known()).map(({ incident }) => incident);
  }

  /** @returns undefined where there is no such incident */
  async read(id: string): Promise<Uint8Array | undefined> {
    const incident = (await this.list()).find((each) => each.id === id);
    return incident && (await readRegular(join(this.#path, `${id}.rec`), incident.bytes));
  }

  async #known(): Promise<KnownIncident[]> {
    const known: KnownIncident[] = [];
    const names = new Set(await readdir(this.#path).catch(() => []));
    for (const name of names) {
      const [, id = '', suffix, temporary] = OF_INCIDENT.exec(name) ?? [];
      if (suffix !== 'rec' || temporary !== undefined) continue;
      const text = await readRegular(join(this.#path, `${id}.json`), MAX_TEXT_BYTES);
      const found = await lstat(join(this.#path, name)).catch(() => undefined);
      const incident = text && parseIncident(text.toString());
      if (incident?.id !== id || !found?.isFile()) continue;
      known.push({
        incident: { ...incident, bytes: found.size },
        bytes: found.size + text!.length,
      });
    }
    return known.sort((a, b) => a.incident.timeSeconds - b.incident.timeSeconds);
  }

  /** For one more. What an earlier run did not finish goes, too: only one promfold writes here. */
  async #makeRoom(bytes: number): Promise<void> {
    const known = await this.#known();
    let sum = bytes + known.reduce((total, each) => total + each.bytes, 0);
    while (known.length > 0 && (known.length >= MAX_INCIDENTS || sum > this.#maxBytes)) {
      sum -= known.shift()!.bytes;
    }
    const kept = new Set(known.map(({ incident }) => incident.id));
    for (const name of await readdir(this.#path)) {
      const [, id, , temporary] = OF_INCIDENT.exec(name) ?? [];
      if (id === undefined || (kept.has(id) && temporary === undefined)) continue;
      await unlink(join(this.#path, name)).catch(ignoreMissing);
    }
  }
}

/** @returns undefined where it is not there, not a file, or larger */
async function readRegular(path: string, maxBytes: number): Promise<Buffer | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const found = await handle.stat();
    return found.isFile() && found.size <= maxBytes ? await handle.readFile() : undefined;
  } finally {
    await handle.close();
  }
}
