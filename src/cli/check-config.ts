/** `check-config`: checks a web configuration file and the files that it names. */
import { loadWebConfig } from '../config/web-config-file.js';
import { ConfigError } from '../config/yaml-node.js';
import type { Command } from './command.js';

export const checkConfig: Command<never> = {
  name: 'check-config',
  summary: 'Check a file for --web.config.file, and the certificates that it names.',
  positionals: ['FILE'],
  flags: [],
  exitCodes: [
    ['0', 'the file can be used'],
    ['1', 'it cannot: one line says where and why'],
  ],
  topic: 'securing',
  examples: ['check-config web.yml'],

  async run({ positionals: [path = ''] }, terminal) {
    try {
      const { config, tls } = await loadWebConfig(path);
      const parts = [
        tls === undefined ? 'no TLS' : `TLS${config.http2 ? ' with HTTP/2' : ''}`,
        config.users.size === 0 ? 'no users' : `${config.users.size} users`,
      ];
      await terminal.print(`${path}: can be used: ${parts.join(', ')}\n`);
      return 0;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      terminal.complain(`promfold: ${error.message}`);
      return 1;
    }
  },
};
