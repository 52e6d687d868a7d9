// What replies tell of their route where an operator asks for it, and the id that is on every reply.

import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { exchange, send } from './harness/client.mjs';
import {
  CHAT_PATH,
  KEY,
  MESSAGES_PATH,
  cap,
  chat,
  claudeProvider,
  config,
  messages,
  openaiProvider,
} from './harness/configs.mjs';
import { anthropicError, openaiError } from './harness/replies.mjs';
import { gatewayFor, upstreamFor } from './harness/setup.mjs';

const PAGE = 'https://page.example';
const upstream = await upstreamFor({ after });
const settings = {
  config: config(
    [
      openaiProvider(upstream, {
        models: [{ id: 'gpt-a' }, { id: 'limited' }, { id: 'org/x,y%z:é' }],
        rateLimits: [{ ...cap(1), id: 'limited', models: ['limited'] }],
      }),
      claudeProvider(upstream),
      openaiProvider(upstream, { id: 'failing' }),
    ],
    {
      modelAliases: { fast: { targets: ['failing/gpt-a', 'alpha/gpt-a'] } },
    },
  ),
  vars: {
    LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS: '1',
    LLM_ROUTER_CORS_ALLOWED_ORIGINS: PAGE,
  },
};
const gateway = await gatewayFor(
  { after },
  { ...settings, vars: { ...settings.vars, LLM_ROUTER_DEBUG_ROUTING: 'on' } },
);
const quiet = await gatewayFor({ after }, settings);
const ask = (model, rest) => send(gateway.url, { path: CHAT_PATH, key: KEY, body: chat(model), ...rest });
beforeEach(() => upstream.reset());

/** The debug headers of a response, without their prefix. */
const told = ({ headers }) =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith('x-llm-router-'))
      .map(([name, value]) => [name.slice('x-llm-router-'.length), value]),
  );

test('a relay tells its route', async () => {
  for (const stream of [false, true]) {
    const response = await ask('alpha/gpt-a', { body: chat('alpha/gpt-a', { stream }) });
    assert.equal(response.status, 200, response.text);
    const { reason, ...rest } = told(response);
    assert.deepEqual(rest, {
      'requested-model': 'alpha/gpt-a',
      'route-type': 'direct',
      'route-ref': 'alpha/gpt-a',
      'route-strategy': 'ordered',
      'selected-candidate': 'alpha/gpt-a',
      attempts: 'alpha/gpt-a:200/ok#1',
    });
    assert.match(reason, /./);
  }
});

test('an alias tells whom it tried', async () => {
  upstream.script((request, index) => (index === 0 ? openaiError(503) : undefined));
  const response = await ask('fast');
  assert.equal(response.status, 200, response.text);
  const { reason, ...rest } = told(response);
  assert.deepEqual(rest, {
    'requested-model': 'fast',
    'route-type': 'alias',
    'route-ref': 'fast',
    'route-strategy': 'ordered',
    'selected-candidate': 'alpha/gpt-a',
    attempts: 'failing/gpt-a:503/temporary_error#1, alpha/gpt-a:200/ok#1',
  });
  assert.match(reason, /./);
});

test('an upstream’s failure tells it too', async () => {
  upstream.script(anthropicError(400));
  const response = await send(gateway.url, { path: MESSAGES_PATH, key: KEY, body: messages() });
  assert.equal(response.status, 400);
  assert.equal(told(response).attempts, 'beta/claude-b:400/invalid_request#1');
});

test('so do the gateway’s own errors', async () => {
  await ask('alpha/limited');
  const full = await ask('alpha/limited');
  assert.equal(full.status, 429, full.text);
  assert.equal(told(full)['skipped-candidates'], 'alpha/limited:quota-exhausted');
  assert.equal(told(full)['selected-candidate'], undefined);
  const mute = await ask('beta/claude-b', { path: '/v1/completions' });
  assert.equal(mute.status, 400, mute.text);
  assert.deepEqual(told(mute), {
    'requested-model': 'beta/claude-b',
    'route-type': 'direct',
    'route-ref': 'beta/claude-b',
    'route-strategy': 'ordered',
    'skipped-candidates': 'beta/claude-b:format-incompatible',
  });
  const unknown = await ask('no/such');
  assert.equal(unknown.status, 404, unknown.text);
  assert.deepEqual(told(unknown), { 'requested-model': 'no/such', 'route-type': 'unknown' });
});

test('names cannot break out of their header', async () => {
  const hostile = 'a\r\nset-cookie: x=1\0\u0085, é模型,alpha/gpt-a:200/ok#1';
  const { status, headers } = await ask(hostile);
  assert.equal(status, 404);
  assert.equal(headers['set-cookie'], undefined);
  assert.equal(decodeURIComponent(headers['x-llm-router-requested-model']), hostile);
  const long = await ask('模'.repeat(100_000));
  assert.equal(long.status, 404);
  for (const [name, value] of Object.entries(told(long))) {
    assert.ok(value.length <= 512, name);
    assert.match(value, /^[\x20-\x7e]*$/, name);
  }
  const odd = await ask('alpha/org/x,y%z:é');
  assert.equal(odd.status, 200, odd.text);
  assert.equal(told(odd).attempts, 'alpha/org/x%2Cy%25z:%C3%A9:200/ok#1');
});

test('a page may read them', async () => {
  const { headers } = await ask('alpha/gpt-a', { headers: { origin: PAGE } });
  const exposed = headers['access-control-expose-headers'].split(', ');
  for (const name of Object.keys(told({ headers }))) assert.ok(exposed.includes(`x-llm-router-${name}`), name);
});

test('without the variable nothing is told', async () => {
  for (const model of ['alpha/gpt-a', 'no/such']) {
    const response = await send(quiet.url, {
      path: CHAT_PATH,
      key: KEY,
      body: chat(model),
      headers: { origin: PAGE },
    });
    assert.deepEqual(told(response), {});
    assert.doesNotMatch(response.headers['access-control-expose-headers'], /x-llm-router/);
  }
});

test('every reply has an id of the gateway’s own', async () => {
  const mine = { 'x-request-id': 'req_of_the_client', 'request-id': 'req_of_the_client' };
  const upstreams = { 'x-request-id': 'req_of_the_upstream' };
  const paths = { models: '/v1/models', model: '/v1/models/alpha%2Fgpt-a', nowhere: '/v2' };
  const get = (path, rest) => ({ method: 'GET', path, key: KEY, ...rest });
  const seen = new Set();
  for (const [what, status, options, script] of [
    ['relay', 200, {}, { body: {}, headers: upstreams }],
    ['stream', 200, { body: chat('alpha/gpt-a', { stream: true }) }],
    ['failure', 400, {}, openaiError(400, 'invalid_request_error', { headers: upstreams })],
    ['unknown model', 404, { body: chat('no/such') }],
    ['bad JSON', 400, { body: '{' }],
    ['not JSON', 415, { headers: { 'content-type': 'text/plain' } }],
    ['wrong key', 401, { key: 'wrong' }],
    ['info', 200, get('/')],
    ['health', 200, get('/health', { key: undefined })],
    ['models', 200, get(paths.models)],
    ['model', 200, get(paths.model)],
    ['nowhere', 404, get(paths.nowhere)],
    ['preflight', 204, { method: 'OPTIONS', body: undefined, headers: { origin: PAGE } }],
    ['foreign preflight', 403, { method: 'OPTIONS', body: undefined, headers: { origin: 'https://evil' } }],
  ]) {
    upstream.script(script);
    const all = { ...options, headers: { ...mine, ...options.headers } };
    const response = await ask('alpha/gpt-a', all);
    assert.equal(response.status, status, `${what}: ${response.text}`);
    const id = response.headers['x-request-id'];
    assert.match(id, /^req_[0-9a-f]{24}$/, what);
    assert.ok(!seen.has(id), what);
    seen.add(id);
  }
  const raw = await exchange(gateway.port, 'GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  assert.equal(raw.match(/^x-request-id: /gim).length, 1);
});
