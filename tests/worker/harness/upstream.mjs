// A provider on loopback that does what a test tells it to, and remembers all it was sent.

import http from 'node:http';
import { gzipSync } from 'node:zlib';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { drained, until } from './client.mjs';
import { answerTo } from './replies.mjs';

/** In a reply's `chunks`: stop here and keep the connection open. */
export const HANG = Symbol('hang');
/** In a reply's `chunks`: reset the connection here. */
export const RESET = Symbol('reset');

/**
 * Starts a provider. Without a script it answers well in the format of the path, as JSON or SSE.
 *
 * `script(spec)` or `script((request, index) => spec)` changes that; a spec is
 * `{status, headers, body, gzip, delay, chunks}`, `{raw}` (bytes of the whole response, HTTP or not), or one
 * of HANG and RESET (before any header).
 * `chunks` holds what is written piece by piece: text or bytes, a number (pause of so many ms), HANG, RESET.
 */
export async function startUpstream() {
  let script;
  const requests = [];
  const sockets = new Set();

  const server = http.createServer({ keepAliveTimeout: 60_000 }, async (incoming, response) => {
    const record = {
      at: Date.now(),
      method: incoming.method,
      path: incoming.url,
      headers: incoming.headers,
      rawHeaders: incoming.rawHeaders,
      body: Buffer.alloc(0),
      complete: false,
      gone: false, // the other side hung up before the reply was whole
      get json() {
        return JSON.parse(record.body.toString());
      },
    };
    const index = requests.push(record) - 1;
    response.on('close', () => (record.gone = !response.writableFinished));
    incoming.on('error', () => {});
    response.on('error', () => {});
    const chunks = [];
    incoming.on('data', (chunk) => chunks.push(chunk));
    await Promise.race([once(incoming, 'end'), once(response, 'close')]);
    record.body = Buffer.concat(chunks);
    record.complete = true;
    const spec = typeof script === 'function' ? await script(record, index) : script;
    await play(spec ?? answerTo(record), response, record);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1', 4096);
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${server.address().port}`,
    port: server.address().port,
    requests,
    script(next) {
      script = next;
    },
    /** Forgets requests and script. */
    reset() {
      requests.length = 0;
      script = undefined;
    },
    /** Waits for the request of this number, body included. */
    async request(number = 1) {
      return until(
        () => requests[number - 1]?.complete && requests[number - 1],
        `request ${number} at the upstream`,
      );
    },
    async close() {
      sockets.forEach((socket) => socket.destroy());
      server.close();
      await once(server, 'close');
    },
  };
}

async function play(spec, response, record) {
  if (spec === HANG) return;
  if (spec === RESET) return response.socket?.resetAndDestroy();
  if (spec.raw) return response.socket?.end(spec.raw);
  if (spec.delay) await pause(spec.delay);
  if (record.gone) return;
  const { status = 200, chunks } = spec;
  const headers = { 'content-type': 'application/json', ...spec.headers };
  if (chunks === undefined) {
    let body = spec.body ?? '';
    if (typeof body !== 'string' && !Buffer.isBuffer(body)) body = JSON.stringify(body);
    if (spec.gzip) {
      body = gzipSync(body);
      headers['content-encoding'] = 'gzip';
    }
    response.writeHead(status, headers);
    response.end(body);
    return;
  }
  response.writeHead(status, headers);
  response.flushHeaders();
  for await (const chunk of chunks) {
    if (record.gone || chunk === HANG) return;
    if (chunk === RESET) return response.socket?.resetAndDestroy();
    if (typeof chunk === 'number') await pause(chunk);
    else if (!response.write(chunk)) await drained(response);
  }
  response.end();
}
