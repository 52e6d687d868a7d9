// Malformed, oversized and hostile requests: each gets a clear 4xx, nothing hangs, the gateway goes on.

import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { assertAnthropicError, assertOpenaiError, exchange, send } from './harness/client.mjs';
import {
  CHAT_PATH,
  KEY,
  MESSAGES_PATH,
  chat,
  claudeProvider,
  config,
  messages,
  openaiProvider,
} from './harness/configs.mjs';
import { gatewayFor, upstreamFor } from './harness/setup.mjs';

const MIB = 1024 * 1024;
const upstream = await upstreamFor({ after });
const providers = [
  openaiProvider(upstream, { models: [{ id: 'gpt-a' }, { id: 'gpt-pro' }] }),
  claudeProvider(upstream),
];
const gateway = await gatewayFor({ after }, { config: config(providers) });
const post = (body, options) => send(gateway.url, { path: CHAT_PATH, body, key: KEY, ...options });
const refuse = async (body, options) =>
  assertOpenaiError(await post(body, options), 400, { type: 'invalid_request_error' });

beforeEach(() => upstream.reset());
afterEach(async () => {
  const alive = await post(chat());
  assert.equal(alive.status, 200, 'the gateway goes on');
});

/** A request of exactly `bytes` bytes. */
function sized(bytes, build = chat) {
  const empty = JSON.stringify(build(undefined, { padding: '' }));
  return build(undefined, { padding: 'x'.repeat(bytes - empty.length) });
}
async function* inPieces(text, size = 64 * 1024) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function* filler(bytes) {
  const piece = Buffer.alloc(64 * 1024, 'x');
  for (let sent = 0; sent < bytes; sent += piece.length) yield piece;
}

test('bodies that are not JSON by their content type are 415', async () => {
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'nonsense',
  ]) {
    assertOpenaiError(await post(chat(), { headers: { 'content-type': type } }), 415);
  }
  assertAnthropicError(
    await post(messages(), { path: MESSAGES_PATH, headers: { 'content-type': 'text/plain' } }),
    415,
    'invalid_request_error',
  );
  for (const type of [
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset=UTF-8',
  ]) {
    assert.equal((await post(chat(), { headers: { 'content-type': type } })).status, 200, type);
  }
});

test('edge 88: a compressed request body is read, or refused clearly', async () => {
  const body = JSON.stringify(chat(undefined, { padding: 'x'.repeat(100_000) }));
  const encoded = (encoding, bytes) => post(bytes, { headers: { 'content-encoding': encoding } });
  for (const [encoding, pack] of [
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['identity', Buffer.from],
  ]) {
    assert.equal((await encoded(encoding, pack(body))).status, 200, encoding);
    assert.equal(upstream.requests.at(-1).json.padding.length, 100_000, encoding);
    assert.equal(upstream.requests.at(-1).headers['content-encoding'], undefined);
  }
  const sent = upstream.requests.length;
  for (const encoding of ['br', 'zstd', 'gzip, br']) {
    const message = assertOpenaiError(await encoded(encoding, brotliCompressSync(body)), 415);
    assert.match(message, /gzip/, 'it says what would be taken');
  }
  assertOpenaiError(await encoded('gzip', Buffer.from(body)), 400);
  const bomb = gzipSync(Buffer.alloc(9 * MIB, 'x'));
  assertOpenaiError(await encoded('gzip', bomb), 413);
  assert.equal(upstream.requests.length, sent);
});

test('the limit of 8 MiB is exact, with and without content-length', async () => {
  const most = JSON.stringify(sized(8 * MIB));
  assert.equal(most.length, 8 * MIB);
  for (const body of [most, inPieces(most)]) assert.equal((await post(body)).status, 200);
  assert.equal(upstream.requests.at(-1).body.length, most.length - 'alpha/'.length);
  const more = JSON.stringify(sized(8 * MIB + 1));
  for (const body of [more, inPieces(more)]) assertOpenaiError(await post(body, { fresh: true }), 413);
});

test('50 MB are 413, with and without content-length, in the caller’s format', async () => {
  const headers = { 'content-length': String(50 * MIB) };
  assertOpenaiError(await post(filler(50 * MIB), { fresh: true }), 413);
  assertOpenaiError(await post(filler(50 * MIB), { fresh: true, headers }), 413);
  assertAnthropicError(
    await post(filler(50 * MIB), { fresh: true, path: MESSAGES_PATH }),
    413,
    'request_too_large',
  );
  assert.equal(upstream.requests.length, 0);
});

for (const [given, limit] of [
  ['10', 4096],
  ['100000', 100_000],
  ['999999999', 20 * MIB],
  ['nonsense', 8 * MIB],
]) {
  test(`LLM_ROUTER_MAX_REQUEST_BODY_BYTES=${given} means ${limit}`, async (t) => {
    const other = await gatewayFor(t, {
      config: config(providers),
      vars: { LLM_ROUTER_MAX_REQUEST_BODY_BYTES: given },
    });
    const ask = (body) => send(other.url, { path: CHAT_PATH, key: KEY, body, fresh: true });
    assert.equal((await ask(sized(limit))).status, 200);
    assert.equal((await ask(sized(limit + 1))).status, 413);
  });
}

test('what is no JSON object is 400', async () => {
  for (const body of [
    '{',
    '}',
    'nonsense',
    '{"model":"alpha/gpt-a",}',
    '{"model":"alpha/gpt-a"} x',
    "{'model':1}",
    '[]',
    '"text"',
    'null',
    '7',
    'true',
    '\u0000',
    '{"a":NaN}',
    '{"a":01}',
  ]) {
    await refuse(body);
    assertAnthropicError(await post(body, { path: MESSAGES_PATH }), 400, 'invalid_request_error');
  }
  assert.equal(upstream.requests.length, 0);
});

test('an empty body is an empty object', async () => {
  const message = await refuse('');
  assert.match(message, /model/i);
});

test('deep nesting is 400, ordinary nesting is relayed', async () => {
  const nested = (depth, open, close, core = '1') =>
    `{"model":"alpha/gpt-a","x":${open.repeat(depth)}${core}${close.repeat(depth)}}`;
  for (const depth of [10_000, 1_000_000]) {
    await refuse(nested(depth, '[', ']'));
    await refuse(nested(depth, '{"a":', '}'));
    await refuse('['.repeat(depth));
  }
  assert.equal(upstream.requests.length, 0);
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ])
    assert.equal((await post(nested(60, open, close))).status, 200);
});

test('invalid UTF-8 is 400', async () => {
  const [before, behind] = JSON.stringify(chat('alpha/gpt-a', { x: '!' })).split('!');
  for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xf5, 0x80, 0x80, 0x80]]) {
    await refuse(Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(behind)]));
  }
  assert.equal(upstream.requests.length, 0);
});

test('a model of the wrong type is 400 and named', async () => {
  for (const model of [1, true, [], {}, ['alpha/gpt-a'], { id: 'alpha/gpt-a' }, 1e400]) {
    assert.match(
      await refuse(JSON.stringify(chat()).replace('"alpha/gpt-a"', JSON.stringify(model))),
      /model/i,
    );
  }
});

test('a model cannot be smuggled past the routing', async () => {
  const bodies = [
    '{"model":"alpha/gpt-a","model":"gpt-pro"}',
    '{"model":"gpt-pro","model":"alpha/gpt-a"}',
    '{"\\u006dodel":"gpt-pro","model":"alpha/gpt-a"}',
    '{"model":"alpha/gpt-a","mod\\u0065l":"gpt-pro"}',
  ];
  for (const body of bodies) {
    upstream.reset();
    const { status, text } = await post(body);
    assert.ok([200, 400].includes(status), text);
    if (status === 200)
      assert.equal(
        upstream.requests[0].body.toString().match(/gpt-/g).length,
        1,
        `two readings: ${upstream.requests[0].body}`,
      );
  }
});

test('odd but legal JSON is relayed as it is', async () => {
  for (const extra of [
    '"\\ud800"',
    '1e999',
    '123456789012345678901234567890',
    '-0.0',
    '"\\u0000"',
    '"\u2028"',
    '{"":{"":1},"":2}',
  ]) {
    const body = ` {"x" : ${extra} ,\r\n "model":\t"alpha\\/gpt-a" } `;
    const { status, text } = await post(body);
    assert.equal(status, 200, `${extra}: ${text}`);
    assert.equal(upstream.requests.at(-1).body.toString(), body.replace('"alpha\\/gpt-a"', '"gpt-a"'));
  }
});

test('huge headers do not hang', async () => {
  const request = (bytes) =>
    `POST ${CHAT_PATH} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-big: ${'x'.repeat(bytes)}\r\n\r\n`;
  for (const bytes of [20_000, 100_000, 1_000_000]) {
    assert.match(await exchange(gateway.port, request(bytes)), /^(HTTP\/1.1 4\d\d |$)/);
  }
  const long = `/v1/messages?${'x'.repeat(20_000)}`;
  assert.ok([200, 400, 414].includes((await post(messages(), { path: long })).status));
});

test('broken HTTP does not hang', async () => {
  for (const bytes of [
    'nonsense\r\n\r\n',
    'GET\r\n\r\n',
    'POST / HTTP/9.9\r\n\r\n',
    `POST ${CHAT_PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n`,
  ]) {
    assert.match(await exchange(gateway.port, bytes), /^HTTP\/1.1 [45]\d\d /, bytes);
  }
});

test('a client that promises more than it sends blocks nobody', async () => {
  const { connect } = await import('node:net');
  const sockets = Array.from({ length: 50 }, () => connect(gateway.port, '127.0.0.1'));
  for (const socket of sockets)
    socket.write(
      `POST ${CHAT_PATH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"model":`,
    );
  assert.equal((await post(chat())).status, 200);
  sockets.forEach((socket) => socket.destroy());
  assert.equal((await post(chat())).status, 200);
});
