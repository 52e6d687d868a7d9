// Where the configuration comes from, and which model a request gets.

import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { assertOpenaiError, send } from './harness/client.mjs';
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
import { CONFIG_PART_PREFIX, CONFIG_VARIABLES } from './harness/names.mjs';
import { gatewayFor, upstreamFor } from './harness/setup.mjs';

const upstream = await upstreamFor({ after });
const providers = [
  openaiProvider(upstream, {
    models: [{ id: 'gpt-a', aliases: ['big'] }, { id: 'shared' }, { id: 'vendor/slashed' }],
  }),
  openaiProvider(upstream, { id: 'gamma', models: [{ id: 'shared' }, { id: 'lone' }] }),
  claudeProvider(upstream),
];
const text = (marker) =>
  JSON.stringify(
    config([openaiProvider(upstream, { models: [{ id: marker }] })], { defaultModel: `alpha/${marker}` }),
  );
const ask = (gateway, model, options) =>
  send(gateway.url, { path: CHAT_PATH, key: KEY, body: chat(model), ...options });
const served = () => upstream.requests.at(-1).json.model;
beforeEach(() => upstream.reset());

for (const [index, variable] of CONFIG_VARIABLES.entries()) {
  test(`${variable} holds the config, and precedes the later ones`, async (t) => {
    const vars = Object.fromEntries(
      CONFIG_VARIABLES.map((name, at) => [name, at < index ? '' : text(`m-${at}`)]),
    );
    const gateway = await gatewayFor(t, { vars });
    assert.equal((await ask(gateway, 'smart')).status, 200);
    assert.equal(served(), `m-${index}`);
  });
}

test('numbered parts hold a config too long for one variable', async (t) => {
  const whole = JSON.stringify(
    config(providers, { defaultModel: 'alpha/gpt-a', metadata: { note: 'é'.repeat(20_000) } }),
  );
  const parts = whole.match(/[^]{1,2400}/g);
  const vars = Object.fromEntries(parts.map((part, index) => [`${CONFIG_PART_PREFIX}${index + 1}`, part]));
  const gateway = await gatewayFor(t, { vars });
  assert.equal((await ask(gateway, '')).status, 200);
});

test('a lost part closes the gateway instead of serving half a config', async (t) => {
  const parts = text('m-1').match(/[^]{1,100}/g);
  const vars = Object.fromEntries(parts.map((part, index) => [`${CONFIG_PART_PREFIX}${index + 1}`, part]));
  delete vars[`${CONFIG_PART_PREFIX}2`];
  const gateway = await gatewayFor(t, { vars: { ...vars, LLM_ROUTER_MASTER_KEY: KEY } });
  assert.ok([500, 503].includes((await ask(gateway, 'smart')).status));
});

test('without any config the gateway is closed', async (t) => {
  const gateway = await gatewayFor(t, { vars: {} });
  assert.equal((await ask(gateway, 'smart')).status, 503);
});

test('apiKeyEnv names the variable with the key', async (t) => {
  const own = config([openaiProvider(upstream, { apiKey: undefined, apiKeyEnv: 'ALPHA_KEY' })]);
  const gateway = await gatewayFor(t, { config: own, vars: { ALPHA_KEY: 'sk-from-env' } });
  await ask(gateway, 'alpha/gpt-a');
  assert.equal(upstream.requests[0].headers.authorization, 'Bearer sk-from-env');
});

test('apiKeyEnv without its variable sends nothing upstream', async (t) => {
  const gateway = await gatewayFor(t, {
    config: config([openaiProvider(upstream, { apiKey: undefined, apiKeyEnv: 'ALPHA_KEY' })]),
  });
  const response = await ask(gateway, 'alpha/gpt-a');
  assert.ok(response.status >= 500, response.text);
  assert.equal(upstream.requests.length, 0);
});

test('custom auth, headers and versions are sent', async (t) => {
  const gateway = await gatewayFor(t, {
    config: config([
      openaiProvider(upstream, {
        auth: { type: 'header', headerName: 'X-Own-Key', prefix: 'Key ' },
        headers: { 'X-Extra': 'yes', 'User-Agent': 'custom/1' },
      }),
      claudeProvider(upstream, { anthropicVersion: '2024-01-01', anthropicBeta: 'own-beta' }),
    ]),
  });
  await ask(gateway, 'alpha/gpt-a');
  const [{ headers }] = upstream.requests;
  assert.equal(headers['x-own-key'], 'Key sk-alpha-upstream-secret');
  assert.equal(headers.authorization, undefined);
  assert.equal(headers['x-extra'], 'yes');
  assert.equal(headers['user-agent'], 'custom/1');
  await send(gateway.url, { path: MESSAGES_PATH, key: KEY, body: messages() });
  assert.equal(upstream.requests[1].headers['x-api-key'], 'sk-beta-upstream-secret');
  assert.equal(upstream.requests[1].headers['anthropic-version'], '2024-01-01');
  assert.equal(upstream.requests[1].headers['anthropic-beta'], 'own-beta');
  await send(gateway.url, {
    path: MESSAGES_PATH,
    key: KEY,
    body: messages(),
    headers: { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'client-beta' },
  });
  assert.equal(
    upstream.requests[2].headers['anthropic-version'],
    '2023-06-01',
    'the client knows its version',
  );
  assert.deepEqual(upstream.requests[2].headers['anthropic-beta'].split(/, */).sort(), [
    'client-beta',
    'own-beta',
  ]);
});

const routing = await gatewayFor(
  { after },
  {
    config: config(providers, {
      defaultModel: 'gamma/lone',
      modelAliases: { team: { strategy: 'ordered', targets: [{ ref: 'alpha/gpt-a' }] } },
    }),
  },
);
const ROUTES = {
  'alpha/gpt-a': 'gpt-a',
  'alpha/big': 'gpt-a',
  'alpha/vendor/slashed': 'vendor/slashed',
  'gamma/shared': 'shared',
  big: 'gpt-a',
  'gpt-a': 'gpt-a',
  lone: 'lone',
  smart: 'lone',
  '': 'lone',
  '  ': 'lone',
};
for (const [model, expected] of Object.entries(ROUTES)) {
  test(`model ${JSON.stringify(model)} is served by ${expected}`, async () => {
    const response = await ask(routing, model);
    assert.equal(response.status, 200, response.text);
    assert.equal(served(), expected);
  });
}

test('a request without a model gets the default one', async () => {
  const response = await ask(routing, undefined, { body: { messages: [{ role: 'user', content: 'hi' }] } });
  assert.equal(response.status, 200, response.text);
  assert.equal(served(), 'lone');
});

test('unknown models are 404 and sent nowhere', async () => {
  for (const model of [
    'nope',
    'alpha/nope',
    'nope/gpt-a',
    'alias:nope',
    '/gpt-a',
    'alpha/',
    'ALPHA/gpt-a',
    'a'.repeat(10_000),
  ]) {
    assertOpenaiError(await ask(routing, model), 404, { type: 'invalid_request_error', code: 'model_not_found' });
  }
  assert.equal(upstream.requests.length, 0);
});

test('an alias leads to its target', async () => {
  for (const model of ['team', 'alias:team']) assert.equal((await ask(routing, model)).status, 200, model);
});

test('a bare name that two providers have is 400 and lists the choices', async () => {
  const message = assertOpenaiError(await ask(routing, 'shared'), 400, { type: 'invalid_request_error' });
  assert.match(message, /alpha\/shared/);
  assert.match(message, /gamma\/shared/);
});

test('a provider that cannot serve a format is a 400 that says so', async () => {
  const body = { model: 'beta/claude-b', prompt: 'hi' };
  const response = await send(routing.url, { path: '/v1/completions', key: KEY, body });
  assert.match(assertOpenaiError(response, 400, { type: 'invalid_request_error' }), /it speaks: claude/);
  assert.equal(upstream.requests.length, 0);
});

test('a provider of both formats serves each client in its own', async (t) => {
  const both = openaiProvider(upstream, {
    id: 'both',
    formats: ['openai', 'claude'],
    baseUrlByFormat: { openai: `${upstream.url}/o/v1`, claude: `${upstream.url}/c` },
  });
  const gateway = await gatewayFor(t, { config: config([both]) });
  assert.equal((await ask(gateway, 'both/gpt-a')).json.object, 'chat.completion');
  assert.equal(
    (await send(gateway.url, { path: MESSAGES_PATH, key: KEY, body: messages('both/gpt-a') })).json.type,
    'message',
  );
  assert.deepEqual(
    upstream.requests.map(({ path }) => path),
    ['/o/v1/chat/completions', '/c/v1/messages'],
  );
});
