/** A WebSocket server that answers `hello` with a greeting and an acknowledgement; for short text messages only. */

import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A text of less than 126 bytes as one frame. */
function frame(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, bytes.length]), bytes]);
}

/** The text of a masked frame of less than 126 bytes; nothing for other kinds. */
function textOf(bytes: Buffer): string | undefined {
  if (bytes[0] !== 0x81) return undefined;
  const length = (bytes[1] ?? 0) & 0x7f;
  const mask = bytes.subarray(2, 6);
  return Buffer.from(bytes.subarray(6, 6 + length).map((byte, at) => byte ^ (mask[at % 4] ?? 0))).toString();
}

export async function socketServer(): Promise<{ port: number; stop: () => void }> {
  const server: Server = createServer((_, response) => response.writeHead(426).end());
  server.on('upgrade', (request, socket) => {
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
    socket.write([...lines, `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n'));
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes: Buffer) => {
      if (textOf(bytes) === 'hello') socket.write(Buffer.concat([frame('{"type":"noise"}'), frame('{"type":"ack"}')]));
      // A goodbye, or the end of the other side.
      else if ((bytes[0] ?? 0) === 0x88) socket.end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { port: (server.address() as AddressInfo).port, stop: () => server.close() };
}
