// A client that hides nothing: raw headers and bytes in and out, aborts, chunked uploads.

import http from 'node:http';
import net from 'node:net';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

// The server hangs up on connections that are idle for 5 s, perhaps just as a request comes.
const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity, timeout: 3_000 });
export const DEADLINE_MS = 30_000;

/** Rejects when `promise` has not settled within a generous deadline: nothing may hang. */
export function within(promise, what, ms = DEADLINE_MS) {
  let timer;
  const late = new Promise(
    (_, reject) => (timer = setTimeout(() => reject(new Error(`${what}: nothing within ${ms} ms`)), ms)),
  );
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Waits until `condition()` holds (is truthy) and answers its value. */
export async function until(condition, what, ms = DEADLINE_MS) {
  const deadline = Date.now() + ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${ms} ms`);
    await pause(10);
  }
}

/**
 * Sends a request: `{answered, abort()}`, where `answered` is the promise of what `open` answers.
 * `body`: object (sent as JSON), string, Buffer, or an async iterable (chunked).
 *
 * An abort resets the connection. Closing it would leave half of it open, which workerd only notices when
 * it next has a byte for the client.
 */
export function begin(base, { method = 'POST', path = '/', key, headers = {}, body, fresh = false } = {}) {
  const plain = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
  const chunked = !plain && Symbol.asyncIterator in body;
  const payload = plain || chunked ? body : JSON.stringify(body);
  const all = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers };
  if (key !== undefined) all.authorization = `Bearer ${key}`;
  if (payload !== undefined && !chunked) all['content-length'] ??= Buffer.byteLength(payload);

  const request = http.request(base + path, { method, headers: all, agent: fresh ? false : agent });
  const abort = () => request.socket.resetAndDestroy();
  const response = once(request, 'response');
  request.on('error', () => {}); // after the response: surfaces where the stream is read
  if (chunked) {
    writeAll(request, payload);
  } else {
    request.end(payload);
  }
  const answered = within(response, `${method} ${path}`).then(([stream]) => ({
    status: stream.statusCode,
    headers: stream.headers,
    rawHeaders: stream.rawHeaders,
    stream,
  }));
  return { answered, abort };
}

/** Sends a request and answers as soon as there are response headers: `{status, headers, stream, abort()}`. */
export async function open(base, options) {
  const { answered, abort } = begin(base, options);
  return { ...(await answered), abort };
}

/** Waits until a stream takes more, or takes nothing any more. */
export function drained(stream) {
  const waiting = new AbortController();
  const either = ['drain', 'close'].map((event) =>
    once(stream, event, { signal: waiting.signal }).catch(() => {}),
  );
  return Promise.race(either).finally(() => waiting.abort());
}

/** A server may answer, and hang up, before it has read everything. */
async function writeAll(request, chunks) {
  for await (const chunk of chunks) {
    if (request.destroyed) return;
    if (!request.write(chunk)) await drained(request);
  }
  request.end();
}

/** Sends a request and reads the whole response: `{status, headers, body, text, json}`. */
export async function send(base, options) {
  const response = await open(base, options);
  const chunks = [];
  await within(
    (async () => {
      for await (const chunk of response.stream) chunks.push(chunk);
    })(),
    `body of ${options?.path}`,
  );
  const body = Buffer.concat(chunks);
  const text = body.toString();
  return {
    ...response,
    body,
    text,
    get json() {
      return JSON.parse(text);
    },
  };
}

/** Writes bytes on a socket as they are and answers all that comes back until the other side closes. */
export async function exchange(port, bytes, { ms = DEADLINE_MS } = {}) {
  const socket = net.connect(port, '127.0.0.1');
  const chunks = [];
  socket.on('data', (chunk) => chunks.push(chunk)).on('error', () => {});
  const closed = once(socket, 'close');
  socket.write(bytes);
  await within(closed, 'the end of the connection', ms).finally(() => socket.destroy());
  return Buffer.concat(chunks).toString('latin1');
}

/** Runs `count` calls at once; `call` gets the index. */
export const together = (count, call) =>
  Promise.all(Array.from({ length: count }, (_, index) => call(index)));

/** How often each status occurs. */
export function tally(responses) {
  const counts = {};
  for (const { status } of responses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Asserts an error in Anthropic's shape and answers its message. */
export function assertAnthropicError(response, status, type) {
  assert.equal(response.status, status, response.text);
  assert.match(response.headers['content-type'], /^application\/json/);
  const body = response.json;
  assert.equal(body.type, 'error', response.text);
  assert.equal(body.error.type, type, response.text);
  assert.equal(typeof body.error.message, 'string');
  assert.ok(body.error.message.length > 0);
  assert.equal(body.request_id, response.headers['request-id'], 'request_id in the body is the header');
  assert.equal(response.headers['x-request-id'], response.headers['request-id']);
  return body.error.message;
}

/** Asserts an error in OpenAI's shape and answers its message. */
export function assertOpenaiError(response, status, { type, code, param } = {}) {
  assert.equal(response.status, status, response.text);
  assert.match(response.headers['content-type'], /^application\/json/);
  const { error } = response.json;
  assert.deepEqual(Object.keys(error).sort(), ['code', 'message', 'param', 'type'], response.text);
  assert.ok(typeof error.message === 'string' && error.message.length > 0);
  if (type !== undefined) assert.equal(error.type, type, response.text);
  if (code !== undefined) assert.equal(error.code, code, response.text);
  if (param !== undefined) assert.equal(error.param, param, response.text);
  assert.match(response.headers['x-request-id'], /./);
  return error.message;
}
