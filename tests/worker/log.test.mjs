// One line a request: whose reply it was, what happened, and nothing that is secret.

import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { send, together, until } from './harness/client.mjs';
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
import { anthropicError } from './harness/replies.mjs';
import { gatewayFor, upstreamFor } from './harness/setup.mjs';

const upstream = await upstreamFor({ after });
const two = [openaiProvider(upstream), claudeProvider(upstream)];
const logging = (t, level, vars = {}, providers = two) =>
  gatewayFor(t, {
    config: config(providers),
    vars: {
      LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS: '1',
      ...(level ? { LLM_ROUTER_LOG_LEVEL: level } : {}),
      ...vars,
    },
  });
const output = (gateway) => `${gateway.stdout()}\n${gateway.stderr()}`;
const ids = (gateway) => output(gateway).match(/req_[0-9a-f]{24}/g) ?? [];
beforeEach(() => upstream.reset());

/** The line of a response. */
async function lineOf(gateway, { headers }) {
  const id = headers['x-request-id'];
  const lines = () => output(gateway).split('\n');
  const find = () => lines().filter((line) => line.endsWith('}') && line.includes(id));
  const [line, ...more] = await until(() => find().length > 0 && find(), `the line of ${id}`);
  assert.deepEqual(more, [], 'one line a request');
  return JSON.parse(line);
}

/** Sends a request of each kind; answers the responses by kind. */
async function everyKind(gateway) {
  const ask = (options) => send(gateway.url, { key: KEY, ...options });
  const get = (path, rest) => ask({ method: 'GET', path, ...rest });
  const overloaded = anthropicError(529, 'overloaded_error');
  upstream.script(({ json }) => (json.model === 'claude-b' ? overloaded : undefined));
  return {
    call: await ask({ path: CHAT_PATH, body: chat() }),
    failure: await ask({ path: MESSAGES_PATH, body: messages() }),
    unknown: await ask({ path: CHAT_PATH, body: chat('no/such') }),
    refused: await ask({ path: CHAT_PATH, body: chat(), key: 'wrong' }),
    nowhere: await get('/v1/v1/models?a=b'),
    models: await get('/v1/models'),
    health: await get('/health', { key: undefined }),
  };
}

const LOGGED = {
  off: [],
  error: ['failure'],
  warn: ['failure', 'unknown', 'refused', 'nowhere'],
  info: ['failure', 'unknown', 'refused', 'nowhere', 'call'],
  debug: ['failure', 'unknown', 'refused', 'nowhere', 'call', 'models', 'health'],
};
LOGGED.loud = LOGGED.info;

for (const [level, kinds] of Object.entries(LOGGED)) {
  test(`LLM_ROUTER_LOG_LEVEL=${level}`, async (t) => {
    const gateway = await logging(t, level);
    const responses = await everyKind(gateway);
    for (const kind of kinds) await lineOf(gateway, responses[kind]);
    const expected = kinds.map((kind) => responses[kind].headers['x-request-id']);
    assert.deepEqual([...new Set(ids(gateway))].sort(), expected.sort());
    assert.equal(/LLM_ROUTER_LOG_LEVEL/.test(output(gateway)), level === 'loud', 'a word that is no level');
  });
}

test('a line says what happened', async (t) => {
  const gateway = await logging(t, 'debug');
  const responses = await everyKind(gateway);
  const line = async (kind) => lineOf(gateway, responses[kind]);

  const call = await line('call');
  assert.ok(Number.isFinite(Date.parse(call.time)));
  assert.deepEqual(
    [call.level, call.event, call.endpoint, call.format, call.status, call.error],
    ['info', 'request', 'call', 'openai', 200, undefined],
  );
  assert.deepEqual(
    [call.requested, call.route_type, call.route, call.target],
    ['alpha/gpt-a', 'direct', 'alpha/gpt-a', 'alpha/gpt-a'],
  );
  assert.deepEqual(call.attempts, [{ target: 'alpha/gpt-a', status: 200, number: 1 }]);

  const failure = await line('failure');
  assert.deepEqual([failure.level, failure.format, failure.status], ['error', 'claude', 529]);
  assert.deepEqual(failure.attempts, [
    { target: 'beta/claude-b', status: 529, class: 'temporary_error', number: 1 },
  ]);

  const unknown = await line('unknown');
  assert.deepEqual([unknown.level, unknown.error], ['warn', 'model_not_found']);
  const refused = await line('refused');
  assert.deepEqual([refused.level, refused.error, refused.path], ['warn', 'authentication', undefined]);
  const nowhere = await line('nowhere');
  assert.deepEqual([nowhere.level, nowhere.path, nowhere.error], ['warn', '/v1/v1/models', 'not_found']);
  assert.deepEqual([(await line('models')).endpoint, (await line('health')).endpoint], ['models', 'health']);
});

test('times are those of waiting', async (t) => {
  const gateway = await logging(t, 'info');
  await send(gateway.url, { path: CHAT_PATH, key: KEY, body: chat() }); // the first reservation makes the ledger
  upstream.script({ delay: 300, body: {} });
  const { ms, reserve_ms = 0, upstream_ms } = await lineOf(
    gateway,
    await send(gateway.url, { path: CHAT_PATH, key: KEY, body: chat() }),
  );
  assert.ok(upstream_ms >= 290 && upstream_ms < 5_000, `${upstream_ms}`);
  assert.ok(ms >= reserve_ms + upstream_ms && reserve_ms < 290, `${ms} ${reserve_ms} ${upstream_ms}`);
});

test('a hundred requests at once are a hundred lines', async (t) => {
  const gateway = await logging(t, 'info');
  const responses = await together(100, () => send(gateway.url, { path: CHAT_PATH, key: KEY, body: chat() }));
  for (const response of responses) assert.equal((await lineOf(gateway, response)).status, 200);
});

test('no secret is in a line or a header', async (t) => {
  const mark = (what) => `sEcReT-${what}-0123456789abcdefghij`;
  const provider = (id, rest) => ({
    apiKey: mark(`provider-key-${id}`),
    headers: { 'x-tenant': mark('custom-header') },
    ...rest,
  });
  const gateway = await logging(
    t,
    'debug',
    { LLM_ROUTER_MASTER_KEY: mark('master-key'), LLM_ROUTER_DEBUG: '1', FROM_VARIABLE: mark('variable') },
    [
      openaiProvider(upstream, provider('a')),
      claudeProvider(upstream, provider('b')),
      openaiProvider(upstream, { id: 'gamma', apiKey: undefined, apiKeyEnv: 'FROM_VARIABLE' }),
      openaiProvider(upstream, { id: 'keyless', apiKey: undefined, apiKeyEnv: 'NOT_SET' }),
    ],
  );
  const headers = {
    cookie: mark('cookie'),
    'x-api-key': mark('other-key'),
    'x-request-id': mark('request-id'),
    'anthropic-beta': mark('beta'),
    'user-agent': mark('agent'),
    'x-prompt-cache-key': mark('cache-key'),
    'cf-connecting-ip': '203.0.113.77',
  };
  const body = {
    messages: [{ role: 'user', content: mark('body') }],
    user: mark('user'),
    system: mark('system'),
  };
  const replies = [
    undefined,
    { status: 401, body: { error: { message: mark('echo') } }, headers: { 'set-cookie': mark('set-cookie') } },
    { status: 500, body: mark('page'), headers: { 'www-authenticate': mark('challenge') } },
    { raw: `${mark('garbage')}\r\n\r\n` },
  ];
  const responses = [];
  for (const key of [mark('master-key'), mark('wrong-key')]) {
    const ask = async (options) =>
      responses.push(await send(gateway.url, { key, path: CHAT_PATH, headers, ...options }));
    for (const reply of replies) {
      upstream.script(reply);
      for (const model of ['alpha/gpt-a', 'gamma/gpt-a', 'keyless/gpt-a', 'no/such'])
        await ask({ body: chat(model, body) });
      await ask({ path: MESSAGES_PATH, body: messages('beta/claude-b', body) });
    }
    await ask({ body: `{"model": "alpha/gpt-a", ${mark('broken')}` });
    for (const path of ['/v1/models', '/v1/models/alpha%2Fgpt-a', '/', '/health', '/nowhere'])
      await ask({ method: 'GET', path: `${path}?key=${mark('query')}`, body: undefined });
  }
  for (const response of responses) {
    await lineOf(gateway, response);
    assert.doesNotMatch(JSON.stringify(response.rawHeaders), /sEcReT/);
  }
  assert.doesNotMatch(output(gateway), /sEcReT|203\.0\.113\.77/);
});
