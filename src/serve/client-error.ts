/**
 * The answer to a connection that does not send HTTP, or not in time: a status and one line of text; then it is
 * closed. There is no request yet, so no route and no hook runs.
 *
 * Source: Node's http.Server, event clientError.
 */
import type { Socket } from 'node:net';

const ANSWERS: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};

export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code !== 'ECONNRESET' && socket.writable) {
    const status = ANSWERS[error.code ?? ''] ?? '400 Bad Request';
    const body = `${status.slice(4).toLowerCase()}\n`;
    socket.write(
      `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
        `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroy();
}
