// A new config while requests are in flight: through the control entrypoint, which answers locally only.

import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { open, send, tally, together, within } from './harness/client.mjs';
import { CHAT_PATH, KEY, cap, chat, config, openaiProvider } from './harness/configs.mjs';
import { completionChunks, stream200 } from './harness/replies.mjs';
import { gatewayFor, upstreamFor } from './harness/setup.mjs';

const upstream = await upstreamFor({ after });
const local = { requireAuth: true };
const serving = (model, rest = {}) =>
  config([openaiProvider(upstream, { models: [{ id: model }], ...rest })]);
const ask = (gateway, model, rest = {}) =>
  send(gateway.url, { path: CHAT_PATH, key: KEY, body: chat(`alpha/${model}`), ...rest });
const put = (gateway, body, options = {}) =>
  send(`http://127.0.0.1:${gateway.ports.control}`, { method: 'PUT', path: '/config', body, ...options });
beforeEach(() => upstream.reset());

test('a new config serves new requests, old ones complete, counts stay', async (t) => {
  const rateLimits = [cap(5)];
  const gateway = await gatewayFor(t, { config: serving('old', { rateLimits }), local });
  let proceed;
  const seen = new Promise((resolve) => (proceed = resolve));
  const events = completionChunks('old');
  const chunks = async function* () {
    yield events[0];
    await seen;
    yield* events.slice(1);
  };
  upstream.script(() => stream200(chunks()));
  const { stream } = await open(gateway.url, {
    path: CHAT_PATH,
    key: KEY,
    body: chat('alpha/old', { stream: true }),
  });
  upstream.script();

  const { status, json } = await put(gateway, { config: serving('new', { rateLimits }) });
  assert.deepEqual([status, json], [200, { ok: true, problems: [] }]);
  assert.deepEqual(tally(await together(10, () => ask(gateway, 'new'))), { 200: 4, 429: 6 });
  assert.equal((await ask(gateway, 'old')).json.error.type, 'invalid_request_error');

  proceed();
  const parts = [];
  await within(
    (async () => {
      for await (const part of stream) parts.push(part);
    })(),
    'the stream of before',
  );
  assert.equal(Buffer.concat(parts).toString(), events.join(''));
});

test('a new config may bring a new key and new variables', async (t) => {
  const gateway = await gatewayFor(t, { config: serving('m'), local });
  const next = {
    ...serving('m', { apiKey: undefined, apiKeyEnv: 'ALPHA_KEY' }),
    masterKey: 'gw_Next-key-0123456789-abcdefghijkl',
  };
  assert.equal((await put(gateway, { config: next, env: { ALPHA_KEY: 'sk-next' } })).status, 200);
  assert.equal((await ask(gateway, 'm')).status, 401);
  assert.equal((await ask(gateway, 'm', { key: next.masterKey })).status, 200);
  assert.equal(upstream.requests[0].headers.authorization, 'Bearer sk-next');
});

test('a broken config changes nothing, and every problem is told', async (t) => {
  const gateway = await gatewayFor(t, { config: serving('m'), local });
  for (const body of ['nonsense', '{}', { config: 7 }, { config: { ...serving('m'), providers: 'none' } }]) {
    const { status, json } = await put(gateway, body);
    assert.equal(status, 422);
    assert.equal(json.ok, false);
    assert.ok(json.problems.length > 0);
  }
  assert.equal((await ask(gateway, 'm')).status, 200);
});

test('on the edge there is no control', async (t) => {
  const gateway = await gatewayFor(t, { config: serving('m') });
  assert.equal((await put(gateway, { config: serving('evil') })).status, 404);
  assert.equal((await ask(gateway, 'm')).status, 200);
});

test('clients cannot reach the control entrypoint', async (t) => {
  const gateway = await gatewayFor(t, { config: serving('m'), local });
  const response = await send(gateway.url, {
    method: 'PUT',
    path: '/config',
    key: KEY,
    body: { config: serving('evil') },
  });
  assert.equal(response.status, 404);
});
