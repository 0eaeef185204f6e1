/** Clients of live values in a process of their own: argv[2] is the port. Connects as many as asked, and reads. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface ClientsQuestion {
  /** How many are connected from now on. */
  readonly clients: number;
  /** Paths that they ask for, in turns. */
  readonly paths: readonly string[];
}
export interface ClientsAnswer {
  /** Bytes that came since the question before. */
  readonly bytes: number;
}

const port = Number(process.argv[2]);
let sockets: Socket[] = [];
let bytes = 0;

process.on('message', async ({ clients, paths }: ClientsQuestion) => {
  for (const socket of sockets.splice(clients)) socket.destroy();
  while (sockets.length < clients) {
    const socket = connect({ host: '127.0.0.1', port });
    await once(socket, 'connect');
    socket.on('data', (data: Buffer) => {
      bytes += data.length;
    });
    const path = paths[sockets.length % paths.length]!;
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    sockets = [...sockets, socket];
  }
  const answer: ClientsAnswer = { bytes };
  bytes = 0;
  process.send?.(answer);
});
