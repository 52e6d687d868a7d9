// What the gateway answers on which path and method.

import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { assertAnthropicError, assertOpenaiError, send } from './harness/client.mjs';
import { KEY, chat, claudeProvider, config, messages, openaiProvider } from './harness/configs.mjs';
import { TEXT } from './harness/replies.mjs';
import { gatewayFor, upstreamFor } from './harness/setup.mjs';

const MESSAGES_PATHS = [
  '/v1/messages',
  '/messages',
  '/anthropic',
  '/anthropic/v1/messages',
  '/anthropic/messages',
];
const CHAT_PATHS = [
  '/v1/chat/completions',
  '/chat/completions',
  '/openai',
  '/openai/v1/chat/completions',
  '/openai/chat/completions',
];
const DETECTING_PATHS = ['/', '/v1', '/route', '/router'];

const upstream = await upstreamFor({ after });
const gateway = await gatewayFor(
  { after },
  {
    config: config(
      [
        openaiProvider(upstream, {
          models: [
            { id: 'gpt-a', aliases: ['big'], contextWindow: 128000 },
            { id: 'off', enabled: false },
          ],
        }),
        claudeProvider(upstream),
        openaiProvider(upstream, { id: 'disabled', enabled: false }),
      ],
      {
        modelAliases: {
          fast: { strategy: 'auto', targets: ['alpha/gpt-a'], fallbackTargets: ['beta/claude-b'] },
        },
      },
    ),
  },
);
const post = (path, body, rest) => send(gateway.url, { path, body, key: KEY, ...rest });
const get = (path, rest) => send(gateway.url, { method: 'GET', path, key: KEY, ...rest });
beforeEach(() => upstream.reset());

for (const path of MESSAGES_PATHS) {
  for (const slash of ['', '/']) {
    test(`POST ${path}${slash} is an Anthropic request`, async () => {
      const response = await post(path + slash, messages());
      assert.equal(response.status, 200, response.text);
      assert.equal(response.json.content[0].text, TEXT);
      assert.equal(upstream.requests[0].path, '/v1/messages');
      assertAnthropicError(await post(path + slash, '{'), 400, 'invalid_request_error');
    });
  }
}

for (const path of CHAT_PATHS) {
  for (const slash of ['', '/']) {
    test(`POST ${path}${slash} is an OpenAI request`, async () => {
      const response = await post(path + slash, chat());
      assert.equal(response.status, 200, response.text);
      assert.equal(response.json.choices[0].message.content, TEXT);
      assert.equal(upstream.requests[0].path, '/v1/chat/completions');
      assertOpenaiError(await post(path + slash, '{'), 400, {
        type: 'invalid_request_error',
      });
    });
  }
}

for (const path of DETECTING_PATHS) {
  test(`POST ${path} detects the format`, async () => {
    const anthropic = await post(path, messages('beta/claude-b', { system: 'Be brief.' }), {
      headers: { 'anthropic-version': '2023-06-01' },
    });
    assert.equal(anthropic.json.type, 'message', anthropic.text);
    const openai = await post(
      path,
      chat('alpha/gpt-a', {
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'hi' },
        ],
      }),
    );
    assert.equal(openai.json.object, 'chat.completion', openai.text);
  });
}

test('edge 63: a query string does not hide a path', async () => {
  for (const [path, body, there] of [
    ['/v1/messages?beta=true', messages(), '/v1/messages'],
    ['/anthropic/v1/messages/?beta=true', messages(), '/v1/messages'],
    ['/v1/messages?beta=true', messages('alpha/gpt-a'), '/v1/chat/completions'],
    ['/v1/chat/completions?api-version=1&x', chat(), '/v1/chat/completions'],
  ]) {
    upstream.reset();
    const response = await post(path, body);
    assert.equal(response.status, 200, response.text);
    assert.equal(upstream.requests[0].path, there);
  }
  const counted = await post('/v1/messages/count_tokens?beta=true', messages('alpha/gpt-a'));
  assert.ok(counted.json.input_tokens > 0, counted.text);
  assert.equal((await get('/v1/models?limit=1000')).json.data.length, 3);
  assert.equal((await get('/?beta=true')).json.name, 'llm-router');
});

test('edge 64: a greeting is answered to anybody, with nothing', async (t) => {
  const closed = await gatewayFor(t, { config: config([openaiProvider(upstream)], { masterKey: undefined }) });
  for (const base of [gateway.url, closed.url]) {
    for (const [method, path] of [
      ['HEAD', '/'],
      ['HEAD', '/api/hello'],
      ['GET', '/api/hello'],
      ['HEAD', '/?x=1'],
    ]) {
      for (const key of [undefined, 'wrong', KEY]) {
        const response = await send(base, { method, path, key });
        assert.equal(response.status, 200, `${method} ${path} with ${key}`);
        assert.equal(response.body.length, 0);
        assert.match(response.headers['x-request-id'], /./);
      }
    }
  }
  // Nothing else is open for being asked without a body.
  for (const path of ['/v1/models', '/v1/status', '/api', '/api/hello/more'])
    assert.equal((await send(gateway.url, { method: 'HEAD', path })).status, 401, path);
  assert.equal(upstream.requests.length, 0);
});

test('GET / names the gateway and its endpoints', async () => {
  const { status, json } = await get('/');
  assert.equal(status, 200);
  assert.equal(typeof json.name, 'string');
  assert.deepEqual(Object.keys(json.endpoints).sort(), ['anthropic', 'openai', 'unified']);
  assert.equal((await get('/', { key: undefined })).status, 401);
});

test('/health answers liveness to anybody and no more than that', async () => {
  for (const method of ['GET', 'POST']) {
    const { status, json } = await send(gateway.url, { method, path: '/health' });
    assert.equal(status, 200);
    assert.equal(typeof json.status, 'string');
    assert.equal(json.providers, undefined);
  }
  assert.equal((await get('/health', { key: 'wrong' })).json.providers, undefined);
});

test('/health with the key also counts the providers', async () => {
  const { status, json } = await get('/health');
  assert.equal(status, 200);
  assert.equal(json.providers, 2);
});

test('HEAD is answered as GET without a body', async () => {
  const response = await get('/health', { method: 'HEAD' });
  assert.equal(response.status, 200);
  assert.equal(response.body.length, 0);
});

for (const path of ['/v1/models', '/models', '/openai/v1/models', '/openai/models']) {
  test(`GET ${path} lists models as OpenAI does`, async () => {
    const { status, json } = await get(path);
    assert.equal(status, 200);
    assert.equal(json.object, 'list');
    const model = json.data.find(({ id }) => id === 'alpha/gpt-a');
    assert.equal(model.object, 'model');
    assert.equal(model.owned_by, 'alpha');
    assert.ok(model.created < 1e11, 'seconds, not milliseconds');
    assert.equal(model.context_window, 128000);
    const alias = json.data.find(({ id }) => id === 'fast');
    assert.deepEqual(
      [alias.object, alias.owned_by, alias.formats, alias.strategy, alias.targets, alias.fallback_targets],
      ['model', 'llm-router', ['openai', 'claude'], 'auto', ['alpha/gpt-a'], ['beta/claude-b']],
    );
    assert.ok(alias.created < 1e11);
    assert.ok(!json.data.some(({ id }) => /off|disabled/.test(id)), 'what is disabled is not there');
  });
}

for (const path of ['/anthropic/v1/models', '/anthropic/models']) {
  test(`GET ${path} lists models as Anthropic does`, async () => {
    const { status, json } = await get(path);
    assert.equal(status, 200);
    assert.equal(json.has_more, false);
    assert.equal(json.first_id, json.data[0].id);
    assert.equal(json.last_id, json.data.at(-1).id);
    const model = json.data.find(({ id }) => id === 'beta/claude-b');
    assert.equal(model.type, 'model');
    assert.equal(typeof model.display_name, 'string');
    assert.ok(Number.isFinite(Date.parse(model.created_at)));
    assert.equal(json.data.find(({ id }) => id === 'alpha/gpt-a').max_input_tokens, 128000);
    assert.equal(json.data.find(({ id }) => id === 'fast').type, 'model');
  });

  test(`GET ${path} has pages`, async () => {
    const whole = (await get(path)).json.data.map(({ id }) => id);
    const forth = [];
    for (let more = true, query = 'limit=1'; more; ) {
      const { json } = await get(`${path}?${query}`);
      assert.equal(json.data.length, 1);
      forth.push(json.data[0].id);
      [more, query] = [json.has_more, `limit=1&after_id=${encodeURIComponent(json.last_id)}`];
    }
    assert.deepEqual(forth, whole);
    const { json } = await get(`${path}?limit=1&before_id=${encodeURIComponent(whole[2])}`);
    assert.deepEqual([json.data[0].id, json.has_more], [whole[1], true]);
    for (const query of ['limit=0', 'limit=1001', 'limit=x', 'after_id=no/such', 'after_id=a&before_id=b'])
      assertAnthropicError(await get(`${path}?${query}`), 400, 'invalid_request_error');
  });
}

for (const path of ['/v1/models', '/models', '/openai/v1/models', '/openai/models']) {
  test(`GET ${path}/{id} is one entry of the list`, async () => {
    const { data } = (await get(path)).json;
    for (const entry of data) {
      assert.deepEqual((await get(`${path}/${encodeURIComponent(entry.id)}`)).json, entry);
      assert.deepEqual((await get(`${path}/${entry.id}/`)).json, entry, 'slashes may stay as they are');
    }
    assert.equal((await get(`${path}/alpha%2Fbig`)).json.id, 'alpha/gpt-a');
    for (const id of ['alpha%2Foff', 'nope', '%00', '%FF%0D%0A', 'alias:nope'])
      assertOpenaiError(await get(`${path}/${id}`), 404, { code: 'model_not_found', param: 'model' });
  });
}

test('one model in the shape of an Anthropic client', async () => {
  for (const [path, headers] of [
    ['/anthropic/v1/models', {}],
    ['/v1/models', { 'anthropic-version': '2023-06-01' }],
  ]) {
    const { status, json } = await get(`${path}/beta%2Fclaude-b`, { headers });
    assert.deepEqual([status, json.type, json.id], [200, 'model', 'beta/claude-b']);
    assertAnthropicError(await get(`${path}/nope`, { headers }), 404, 'not_found_error');
  }
  assert.equal((await get('/v1/models/beta%2Fclaude-b', { key: 'wrong' })).status, 401);
});

test('pages mean nothing to an OpenAI client', async () => {
  const { json } = await get('/v1/models?limit=1&after_id=x');
  assert.equal(json.data.length, (await get('/v1/models')).json.data.length);
});

test('GET /v1/models answers an Anthropic client in its own shape', async () => {
  const { json } = await get('/v1/models', { headers: { 'anthropic-version': '2023-06-01' } });
  assert.equal(json.data[0].type, 'model');
  assert.equal(json.has_more, false);
});

test('other paths and methods are 404', async () => {
  for (const [method, path] of [
    ['GET', '/nope'],
    ['POST', '/nope'],
    ['POST', '/v1/embeddings'],
    ['GET', '/v1/messages'],
    ['GET', '/v1/chat/completions'],
    ['POST', '/v1/models'],
    ['DELETE', '/v1/messages'],
    ['POST', '//v1/messages'],
    ['POST', '/V1/MESSAGES'],
    ['GET', '/%00'],
  ]) {
    const response = await send(gateway.url, {
      method,
      path,
      key: KEY,
      body: method === 'POST' ? chat() : undefined,
    });
    assert.equal(response.status, 404, `${method} ${path}: ${response.text}`);
    assert.equal(typeof response.json.error.message, 'string');
  }
  assert.equal(upstream.requests.length, 0);
});

test('a 404 speaks the format of its path', async () => {
  assertAnthropicError(await post('/anthropic/nope', messages()), 404, 'not_found_error');
  assertOpenaiError(await post('/openai/nope', chat()), 404, { type: 'invalid_request_error' });
});
