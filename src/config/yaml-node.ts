/**
 * A YAML file, read strictly: every value must have the expected type, every key must be known, and errors have file,
 * line and column.
 *
 * Go's yaml.v2 reads these files in every other exporter, so its rules apply: YAML 1.1, where `yes` is true.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

/** `web.yml:3:5: unknown key 'cert_filse'`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** A value of the file, and its place. */
export class YamlNode {
  readonly #file: YamlFile;
  readonly #node: Node | null;
  /** As `tls_server_config.cert_file`; empty for the whole file. */
  readonly #path: string;
  readonly #parent: Node | null;

  constructor(file: YamlFile, node: Node | null, path: string, parent: Node | null = null) {
    this.#file = file;
    this.#node = node;
    this.#path = path;
    this.#parent = parent;
  }

  /** The key has no value. */
  get isEmpty(): boolean {
    return this.#node === null || (isScalar(this.#node) && this.#node.value === null);
  }

  get isList(): boolean {
    return isSeq(this.#node);
  }

  /**
   * The values of a mapping by key.
   *
   * @param known all allowed keys; any key if absent
   * @throws ConfigError
   */
  mapping(known?: readonly string[]): ReadonlyMap<string, YamlNode> {
    const values = new Map<string, YamlNode>();
    if (this.isEmpty) return values;
    const node = this.#node;
    if (!isMap(node)) throw this.error(`expected ${this.#what('a mapping')}, got ${this.#found()}`);
    for (const { key, value } of node.items) {
      const keyNode = key as Node;
      const name = isScalar(keyNode) ? this.#file.textOf(keyNode) : undefined;
      const at = (text: string) => this.#file.error(text, keyNode);
      if (name === undefined) throw at('expected a key that is text');
      if (known !== undefined && !known.includes(name)) {
        const where = this.#path === '' ? '' : ` in ${this.#path}`;
        throw at(`unknown key '${name}'${where}; known: ${known.join(', ')}`);
      }
      const path = this.#path === '' ? name : `${this.#path}.${name}`;
      values.set(
        name,
        new YamlNode(this.#file, this.#file.resolve(value as Node | null), path, keyNode),
      );
    }
    return values;
  }

  /** @throws ConfigError */
  list(): readonly YamlNode[] {
    if (this.isEmpty) return [];
    const node = this.#node;
    if (!isSeq(node)) throw this.error(`expected ${this.#what('a list')}, got ${this.#found()}`);
    return node.items.map(
      (item, i) =>
        new YamlNode(this.#file, this.#file.resolve(item as Node), `${this.#path}[${i}]`, node),
    );
  }

  /** Numbers and booleans are text as they were written. @throws ConfigError */
  text(): string {
    if (this.isEmpty) return '';
    const node = this.#node;
    if (isScalar(node)) return this.#file.textOf(node);
    throw this.error(`expected ${this.#what('text')}, got ${this.#found()}`);
  }

  /** @throws ConfigError */
  boolean(): boolean {
    if (isScalar(this.#node) && typeof this.#node.value === 'boolean') return this.#node.value;
    throw this.error(`expected ${this.#what('true or false')}, got ${this.#found()}`);
  }

  /** @throws ConfigError */
  integer(): number {
    if (isScalar(this.#node) && Number.isSafeInteger(this.#node.value)) {
      return this.#node.value as number;
    }
    throw this.error(`expected ${this.#what('a whole number')}, got ${this.#found()}`);
  }

  /** @throws ConfigError */
  oneOf<T extends string>(choices: readonly T[]): T {
    const text = this.text();
    if ((choices as readonly string[]).includes(text)) return text as T;
    throw this.error(`expected ${this.#what(`one of ${choices.join(', ')}`)}, got '${text}'`);
  }

  error(text: string): ConfigError {
    return this.#file.error(text, this.#node ?? this.#parent);
  }

  #what(kind: string): string {
    return this.#path === '' ? kind : `${kind} for ${this.#path}`;
  }

  #found(): string {
    const node = this.#node;
    if (node === null || this.isEmpty) return 'nothing';
    if (isMap(node)) return 'a mapping';
    if (isSeq(node)) return 'a list';
    return `'${this.#file.textOf(node)}'`;
  }
}

/** What YamlNodes need of their file. */
class YamlFile {
  readonly #path: string;
  readonly #lines: LineCounter;
  readonly #anchors: (alias: Node) => Node | undefined;

  constructor(path: string, lines: LineCounter, anchors: (alias: Node) => Node | undefined) {
    this.#path = path;
    this.#lines = lines;
    this.#anchors = anchors;
  }

  /** @throws ConfigError for an undefined alias */
  resolve(node: Node | null): Node | null {
    if (!isAlias(node)) return node;
    const anchored = this.#anchors(node);
    if (anchored === undefined) throw this.error(`nothing is called &${node.source}`, node);
    return anchored;
  }

  textOf(node: Node): string {
    const { source, value, type } = node as { source?: string; value?: unknown; type?: string };
    return type === 'PLAIN' && source !== undefined ? source : String(value);
  }

  error(text: string, node: Node | null): ConfigError {
    const offset = node?.range?.[0];
    if (offset === undefined) return new ConfigError(`${this.#path}: ${text}`);
    const { line, col } = this.#lines.linePos(offset);
    return new ConfigError(`${this.#path}:${line}:${col}: ${text}`);
  }
}

/**
 * @param path of the file, for messages
 * @throws ConfigError if it is not YAML
 */
export function parseYaml(text: string, path: string): YamlNode {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.1',
    lineCounter: lines,
    prettyErrors: false,
    // A merge key would add keys whose place is unknown.
    merge: false,
    stringKeys: false,
  });
  const file = new YamlFile(path, lines, (alias) =>
    isAlias(alias) ? alias.resolve(document) : undefined,
  );
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new ConfigError(`${path}:${line}:${col}: ${error.message}`);
  }
  return new YamlNode(file, file.resolve(document.contents as Node | null), '');
}
