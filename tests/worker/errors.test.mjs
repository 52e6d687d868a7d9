// What a client is told when an upstream fails: faithful where it is the upstream's own word, in the
// client's format where it is the gateway's.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { assertAnthropicError, assertOpenaiError, send } from './harness/client.mjs';
import {
  CHAT_PATH,
  KEY,
  MESSAGES_PATH,
  bucket,
  chat,
  claudeProvider,
  config,
  messages,
  openaiProvider,
} from './harness/configs.mjs';
import { anthropicError, openaiError } from './harness/replies.mjs';
import { gatewayFor, upstreamFor } from './harness/setup.mjs';
import { RESET } from './harness/upstream.mjs';

const QUICK = { LLM_ROUTER_ORIGIN_RETRY_BASE_DELAY_MS: '1', LLM_ROUTER_ORIGIN_RETRY_MAX_DELAY_MS: '2' };
const upstream = await upstreamFor({ after });

/** A provider of its own for every case: what one does to its health is no other's business. */
let cases = 0;
const providers = Array.from({ length: 60 }, (_, index) => [
  openaiProvider(upstream, { id: `chat${index}` }),
  claudeProvider(upstream, { id: `claude${index}` }),
]).flat();
const gateway = await gatewayFor({ after }, { config: config(providers), vars: QUICK });
function next() {
  upstream.reset();
  const number = cases++;
  return {
    chat: () => send(gateway.url, { path: CHAT_PATH, body: chat(`chat${number}/gpt-a`), key: KEY }),
    messages: () =>
      send(gateway.url, { path: MESSAGES_PATH, body: messages(`claude${number}/claude-b`), key: KEY }),
  };
}
const assertFaithful = (response, { status, body }) => {
  assert.equal(response.status, status, response.text);
  assert.equal(response.text, JSON.stringify(body));
  assert.match(response.headers['content-type'], /^application\/json/);
};

for (const status of [400, 413, 422, 418, 451]) {
  test(`${status} is the request’s fault: relayed faithfully, not retried`, async () => {
    const own = next();
    upstream.script(
      openaiError(status, 'invalid_request_error', { code: 'odd_code', message: 'Ünknown <thing>' }),
    );
    assertFaithful(
      await own.chat(),
      openaiError(status, 'invalid_request_error', { code: 'odd_code', message: 'Ünknown <thing>' }),
    );
    upstream.script(anthropicError(status));
    assertFaithful(await own.messages(), anthropicError(status));
    assert.equal(upstream.requests.length, 2);
    upstream.script();
    assert.equal((await own.chat()).status, 200, 'and the provider is not left alone for it');
  });
}

for (const status of [500, 502, 503, 529]) {
  test(`${status} is retried, then relayed faithfully`, async () => {
    const own = next();
    upstream.script(openaiError(status, 'server_error'));
    assertFaithful(await own.chat(), openaiError(status, 'server_error'));
    assert.equal(upstream.requests.length, 3);
    upstream.requests.length = 0;
    upstream.script(anthropicError(status, 'overloaded_error'));
    assertFaithful(await own.messages(), anthropicError(status, 'overloaded_error'));
    assert.equal(upstream.requests.length, 3);
  });
}

test('a retry that succeeds is all the client sees', async () => {
  const own = next();
  upstream.script((_, index) => (index < 2 ? openaiError(500, 'server_error') : undefined));
  const { status, json } = await own.chat();
  assert.equal(status, 200);
  assert.equal(json.object, 'chat.completion');
  assert.equal(upstream.requests.length, 3);
});

test('404 is relayed faithfully', async () => {
  const own = next();
  upstream.script(openaiError(404, 'invalid_request_error', { code: 'model_not_found' }));
  assertFaithful(await own.chat(), openaiError(404, 'invalid_request_error', { code: 'model_not_found' }));
  assert.equal(upstream.requests.length, 1);
});

test('402 is relayed faithfully', async () => {
  const own = next();
  upstream.script(openaiError(402, 'insufficient_quota'));
  assertFaithful(await own.chat(), openaiError(402, 'insufficient_quota'));
  assert.equal(upstream.requests.length, 1);
});

test('401 from the upstream is about our key: the client sees 502', async () => {
  const own = next();
  const secret = 'Incorrect API key provided: sk-chat-upst*****cret';
  upstream.script(openaiError(401, 'invalid_request_error', { message: secret, code: 'invalid_api_key' }));
  const response = await own.chat();
  assertOpenaiError(response, 502, { type: 'server_error' });
  assert.ok(!response.text.includes('upst'), response.text);
  upstream.script(anthropicError(401, 'authentication_error', { message: secret }));
  assertAnthropicError(await own.messages(), 502, 'api_error');
  assert.equal(upstream.requests.length, 2, 'not retried');
});

test('429 from the only upstream is relayed faithfully with its Retry-After', async () => {
  const own = next();
  const reply = openaiError(429, 'rate_limit_error', { headers: { 'retry-after': '17' } });
  upstream.script(reply);
  const response = await own.chat();
  assertFaithful(response, reply);
  assert.equal(response.headers['retry-after'], '17');
  assert.equal(upstream.requests.length, 1);
});

test('an upstream in cooldown is a 429 with an honest Retry-After, in the caller’s format', async () => {
  const own = next();
  upstream.script((request) =>
    (request.path.includes('messages') ? anthropicError : openaiError)(429, 'rate_limit_error', {
      headers: { 'retry-after': '30' },
    }),
  );
  await own.chat();
  await own.messages();
  const openai = await own.chat();
  assertOpenaiError(openai, 429, { type: 'rate_limit_error', code: 'rate_limit_exceeded' });
  const anthropic = await own.messages();
  assertAnthropicError(anthropic, 429, 'rate_limit_error');
  for (const { headers } of [openai, anthropic])
    assert.ok(headers['retry-after'] > 20 && headers['retry-after'] <= 30, headers['retry-after']);
  assert.equal(upstream.requests.length, 2, 'nothing was sent');
});

test('a used-up quota is a 429 with an honest Retry-After, in the caller’s format', async (t) => {
  const other = await gatewayFor(t, {
    config: config([
      openaiProvider(upstream, { rateLimits: [bucket(1, 'month')] }),
      claudeProvider(upstream, { rateLimits: [bucket(1, 'month')] }),
    ]),
  });
  upstream.reset();
  const ask = (path, body) => send(other.url, { path, body, key: KEY });
  await ask(CHAT_PATH, chat());
  await ask(MESSAGES_PATH, messages());
  const openai = await ask(CHAT_PATH, chat());
  assertOpenaiError(openai, 429, { type: 'rate_limit_error', code: 'rate_limit_exceeded' });
  const anthropic = await ask(MESSAGES_PATH, messages());
  assertAnthropicError(anthropic, 429, 'rate_limit_error');
  const now = new Date();
  const left = (Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1) - now) / 1000;
  for (const { headers } of [openai, anthropic])
    assert.ok(
      Math.abs(headers['retry-after'] - left) < 60,
      `${headers['retry-after']} s, ${left} s left in the month`,
    );
});

test('a connection that breaks is retried, then 502', async () => {
  const own = next();
  upstream.script(RESET);
  assertOpenaiError(await own.chat(), 502, { type: 'server_error' });
  assert.equal(upstream.requests.length, 3);
  assertAnthropicError(await own.messages(), 502, 'api_error');
});

test('an upstream that is not there is a 502 that does not show its address', async (t) => {
  const gone = { url: 'http://127.0.0.1:9' };
  const other = await gatewayFor(t, { config: config([openaiProvider(gone)]), vars: QUICK });
  const message = assertOpenaiError(await send(other.url, { path: CHAT_PATH, body: chat(), key: KEY }), 502, {
    type: 'server_error',
  });
  assert.ok(!message.includes('127.0.0.1'), message);
});

const ODD = {
  'an HTML page': { status: 503, body: '<html>Bad gateway</html>', headers: { 'content-type': 'text/html' } },
  'an empty body': { status: 500, body: '', headers: { 'content-type': 'text/plain' } },
  'broken JSON': { status: 400, body: '{"error":', headers: { 'content-type': 'application/json' } },
  'bytes that are no UTF-8': {
    status: 400,
    body: Buffer.from([0xff, 0xfe]),
    headers: { 'content-type': 'application/octet-stream' },
  },
  'a large body': { status: 500, body: 'e'.repeat(200_000), headers: { 'content-type': 'text/plain' } },
};
for (const [name, reply] of Object.entries(ODD)) {
  test(`an error with ${name} is relayed as it is`, async () => {
    const own = next();
    upstream.script(reply);
    const response = await own.chat();
    assert.equal(response.status, reply.status);
    assert.ok(response.body.equals(Buffer.from(reply.body)));
    assert.equal(response.headers['content-type'], reply.headers['content-type']);
  });
}

for (const [name, raw] of Object.entries({
  'a status out of range': 'HTTP/1.1 999 Odd\r\ncontent-length: 2\r\n\r\n{}',
  'status 600': 'HTTP/1.1 600 Odd\r\ncontent-length: 2\r\n\r\n{}',
  'no body by status': 'HTTP/1.1 204 No Content\r\n\r\n',
  'not modified': 'HTTP/1.1 304 Not Modified\r\n\r\n',
  'switching protocols':
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
  'a body cut short': 'HTTP/1.1 500 Oops\r\ncontent-length: 100\r\n\r\n{}',
  'no HTTP': 'SSH-2.0-OpenSSH_9.9\r\n',
  'header bytes that are no ASCII': Buffer.from(
    'HTTP/1.1 400 Bad\r\nx-ratelimit-x: \xff\xfe\r\ncontent-length: 2\r\n\r\n{}',
    'latin1',
  ),
})) {
  test(`an upstream answer with ${name} breaks nothing`, async () => {
    const own = next();
    upstream.script({ raw });
    const outcome = await own.chat().catch((error) => error);
    assert.ok(outcome instanceof Error || (outcome.status >= 200 && outcome.status < 600), outcome);
    assert.equal((await next().chat()).status, 200, 'the gateway goes on');
  });
}
