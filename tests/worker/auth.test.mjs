// Who gets in, and what those outside may learn.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { assertAnthropicError, assertOpenaiError, send, until } from './harness/client.mjs';
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

const upstream = await upstreamFor({ after });
const providers = [openaiProvider(upstream), claudeProvider(upstream)];
const start = (t, options) => gatewayFor(t, { config: config(providers), ...options });
const ask = (gateway, options = {}) => send(gateway.url, { path: CHAT_PATH, body: chat(), ...options });
const from = (address, rest) => ({ key: KEY, headers: { 'cf-connecting-ip': address }, ...rest });
const ALLOWED_IPS = '10.1.0.0/16, 192.0.2.7,2001:db8::/32';

test('keys: Bearer, raw authorization and x-api-key; anything else is 401', async (t) => {
  const gateway = await start(t);
  const good = [
    { authorization: `Bearer ${KEY}` },
    { authorization: `bearer ${KEY}` },
    { authorization: KEY },
    { 'x-api-key': KEY },
  ];
  for (const headers of good)
    assert.equal((await ask(gateway, { headers })).status, 200, JSON.stringify(headers));
  const sent = upstream.requests.length;
  const bad = [
    {},
    { authorization: 'Bearer' },
    { authorization: '' },
    { authorization: `Bearer ${KEY}x` },
    { authorization: `Basic ${KEY}` },
    { authorization: `Bearer ${KEY.slice(1)}` },
    { 'x-api-key': '' },
    { 'x-api-key': KEY.toUpperCase() },
    { cookie: KEY },
  ];
  for (const headers of bad)
    assertOpenaiError(await ask(gateway, { headers }), 401, {
      type: 'invalid_request_error',
      code: 'invalid_api_key',
    });
  assertAnthropicError(
    await ask(gateway, { path: MESSAGES_PATH, body: messages(), key: 'wrong' }),
    401,
    'authentication_error',
  );
  assert.equal(upstream.requests.length, sent, 'nothing went upstream');
});

test('the client key never goes upstream', async (t) => {
  const gateway = await start(t);
  await ask(gateway, { key: KEY, headers: { 'x-api-key': KEY } });
  const { rawHeaders, headers } = upstream.requests.at(-1);
  assert.ok(!rawHeaders.some((value) => value.includes(KEY)));
  assert.equal(headers.authorization, `Bearer ${providers[0].apiKey}`);
});

test('authentication comes before anything of the request is looked at', async (t) => {
  const gateway = await start(t);
  for (const options of [
    { body: '{' },
    { headers: { 'content-type': 'text/plain' } },
    { path: '/nope' },
    { method: 'GET', path: '/v1/models', body: undefined },
    { body: '['.repeat(100_000) },
  ]) {
    assert.equal(
      (await ask(gateway, { ...options, key: 'wrong' })).status,
      401,
      JSON.stringify(options).slice(0, 80),
    );
  }
});

test('the edge without a key is closed', async (t) => {
  const gateway = await start(t, { config: config(providers, { masterKey: undefined }) });
  for (const key of [undefined, '', 'x', KEY, 'undefined', 'null']) {
    assertOpenaiError(await ask(gateway, { key }), 503, { type: 'server_error' });
  }
  assertAnthropicError(
    await ask(gateway, { path: MESSAGES_PATH, body: messages(), key: KEY }),
    503,
    'api_error',
  );
  assert.equal((await send(gateway.url, { method: 'GET', path: '/health' })).status, 200);
});

test('an empty key is no key', async (t) => {
  const gateway = await start(t, {
    config: config(providers, { masterKey: '' }),
    vars: { LLM_ROUTER_MASTER_KEY: '' },
  });
  for (const headers of [{}, { authorization: '' }, { authorization: 'Bearer ' }, { 'x-api-key': '' }]) {
    assert.equal((await ask(gateway, { headers })).status, 503);
  }
});

test('LLM_ROUTER_MASTER_KEY overrides the key of the config', async (t) => {
  const gateway = await start(t, { vars: { LLM_ROUTER_MASTER_KEY: 'gw_Other-key-0123456789-abcdefghijk' } });
  assert.equal((await ask(gateway, { key: KEY })).status, 401);
  assert.equal((await ask(gateway, { key: 'gw_Other-key-0123456789-abcdefghijk' })).status, 200);
});

test('the previous key opens until its time is over, and the log finds who still uses it', async (t) => {
  const next = 'gw_Next-key-0123456789-abcdefghijkl';
  const grace = (until) => ({
    LLM_ROUTER_MASTER_KEY: next,
    LLM_ROUTER_MASTER_KEY_PREVIOUS: KEY,
    ...(until === undefined ? {} : { LLM_ROUTER_MASTER_KEY_PREVIOUS_UNTIL: until }),
  });
  const soon = Date.now() + 3_600_000;
  for (const end of [new Date(soon).toISOString(), String(soon)]) {
    const gateway = await start(t, { vars: grace(end) });
    assert.equal((await ask(gateway, { key: KEY })).status, 200, end);
    assert.equal((await ask(gateway, { key: next })).status, 200);
    assert.equal((await ask(gateway, { key: `${KEY}x` })).status, 401);
    await until(() => gateway.stdout().includes('"key":"previous"'), 'the log names it');
    const output = gateway.stdout() + gateway.stderr();
    assert.equal(output.match(/"key":/g).length, 1, 'and nobody else');
    for (const key of [KEY, next]) assert.ok(!output.includes(key), 'never the key itself');
  }
  for (const end of [new Date(Date.now() - 1).toISOString(), 'in an hour', undefined]) {
    const gateway = await start(t, { vars: grace(end) });
    assert.equal((await ask(gateway, { key: KEY })).status, 401, end);
    assert.equal((await ask(gateway, { key: next })).status, 200, end);
  }
  const alone = await start(t, {
    config: config(providers, { masterKey: undefined }),
    vars: { ...grace(String(soon)), LLM_ROUTER_MASTER_KEY: '' },
  });
  assert.equal((await ask(alone, { key: KEY })).status, 503, 'it is no key of its own');
});

test('guessing beside a previous key is stopped all the same', async (t) => {
  const vars = {
    LLM_ROUTER_MASTER_KEY: 'gw_Next-key-0123456789-abcdefghijkl',
    LLM_ROUTER_MASTER_KEY_PREVIOUS: KEY,
    LLM_ROUTER_MASTER_KEY_PREVIOUS_UNTIL: String(Date.now() + 3_600_000),
  };
  const gateway = await start(t, { vars });
  const guess = (number, address) => ask(gateway, { ...from(address), key: `guess-${number}` });
  for (let number = 0; number < 20; number++) await guess(number, '192.0.2.1');
  assert.equal((await ask(gateway, from('192.0.2.1'))).status, 429);
  await guess('first', '192.0.2.2');
  assert.equal((await ask(gateway, from('192.0.2.2'))).status, 200);
  for (let number = 0; number < 30; number++) await guess(number, '192.0.2.2');
  assert.equal((await ask(gateway, from('192.0.2.2'))).status, 200, 'who knows the previous key is trusted');
});

test('locally authentication is off unless required', async (t) => {
  const open = await start(t, {
    config: config(providers, { masterKey: undefined }),
    local: { requireAuth: false },
  });
  assert.equal((await ask(open)).status, 200);
  assert.equal((await ask(open, { key: 'anything' })).status, 200);
  const closed = await start(t, { local: { requireAuth: true } });
  assert.equal((await ask(closed)).status, 401);
  assert.equal((await ask(closed, { key: KEY })).status, 200);
});

for (const variable of ['LLM_ROUTER_ALLOWED_IPS', 'LLM_ROUTER_IP_ALLOWLIST']) {
  test(`${variable}: addresses and networks get in, others get 403 whatever they bring`, async (t) => {
    const gateway = await start(t, { vars: { [variable]: ALLOWED_IPS } });
    for (const address of ['10.1.2.3', '192.0.2.7', '2001:db8::1', '2001:DB8:0:0::1', '::ffff:10.1.2.3']) {
      assert.equal((await ask(gateway, from(address))).status, 200, address);
    }
    for (const address of ['10.2.0.1', '192.0.2.8', '2001:db9::1', '', 'nonsense', '10.1.2.3, 8.8.8.8']) {
      assert.equal((await ask(gateway, from(address))).status, 403, address);
    }
    assert.equal((await ask(gateway, { key: KEY })).status, 403, 'no address at all');
    const spoofed = { 'x-forwarded-for': '10.1.2.3', 'x-real-ip': '10.1.2.3', forwarded: 'for=10.1.2.3' };
    assert.equal(
      (await ask(gateway, { key: KEY, headers: { ...spoofed, 'cf-connecting-ip': '8.8.8.8' } })).status,
      403,
    );
    assert.equal(
      (await ask(gateway, { method: 'OPTIONS', headers: { 'cf-connecting-ip': '8.8.8.8' }, body: undefined }))
        .status,
      403,
    );
  });
}

test('an allowlist of * lets every address in, one that cannot be read none', async (t) => {
  const open = await start(t, { vars: { LLM_ROUTER_ALLOWED_IPS: '*' } });
  assert.equal((await ask(open, from('8.8.8.8'))).status, 200);
  const broken = await start(t, { vars: { LLM_ROUTER_ALLOWED_IPS: '10.1.0.0/99' } });
  assert.notEqual((await ask(broken, from('8.8.8.8'))).status, 200);
});

test('locally the address is that of the connection, whatever headers say', async (t) => {
  const loopback = await start(t, {
    local: { requireAuth: true },
    vars: { LLM_ROUTER_ALLOWED_IPS: '127.0.0.0/8' },
  });
  assert.equal((await ask(loopback, from('8.8.8.8'))).status, 200);
  const elsewhere = await start(t, {
    local: { requireAuth: true },
    vars: { LLM_ROUTER_ALLOWED_IPS: '10.0.0.0/8' },
  });
  assert.equal((await ask(elsewhere, from('10.0.0.1'))).status, 403);
});

test('guessing the key is stopped, for the address that guesses', async (t) => {
  const gateway = await start(t);
  const guess = (number, address) => ask(gateway, { ...from(address), key: `guess-${number}` });
  for (let number = 0; number < 20; number++) assert.equal((await guess(number, '192.0.2.1')).status, 401);
  const stopped = await ask(gateway, from('192.0.2.1'));
  assertOpenaiError(stopped, 429, { type: 'rate_limit_error' });
  assert.ok(stopped.headers['retry-after'] > 0 && stopped.headers['retry-after'] <= 60);
  assert.equal((await ask(gateway, from('192.0.2.2'))).status, 200);
  for (let repeated = 0; repeated < 50; repeated++) await guess('same', '192.0.2.3');
  assert.equal((await ask(gateway, from('192.0.2.3'))).status, 200, 'a stuck client is not a guesser');
});

test('this machine is never locked out: a local proxy may stand for everyone', async (t) => {
  const gateway = await start(t, { local: { requireAuth: true } });
  for (let number = 0; number < 30; number++) await ask(gateway, { key: `guess-${number}`, fresh: true });
  assert.equal((await ask(gateway, { key: KEY, fresh: true })).status, 200);
});

test('locally without a key, web pages get in by name only', async (t) => {
  const gateway = await start(t, {
    local: { requireAuth: false },
    vars: { LLM_ROUTER_CORS_ALLOWED_ORIGINS: 'https://app.test' },
  });
  assert.equal((await ask(gateway, { headers: { origin: 'https://app.test' } })).status, 200);
  const sent = upstream.requests.length;
  assert.equal((await ask(gateway, { headers: { origin: 'https://evil.test' } })).status, 403);
  assert.equal(upstream.requests.length, sent);
});

const preflight = (gateway, origin) =>
  ask(gateway, {
    method: 'OPTIONS',
    body: undefined,
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,x-api-key,anthropic-version',
    },
  });

for (const variable of ['LLM_ROUTER_CORS_ALLOWED_ORIGINS', 'LLM_ROUTER_ALLOWED_ORIGINS']) {
  test(`${variable}: preflight is answered without a key, other origins get 403`, async (t) => {
    const gateway = await start(t, { vars: { [variable]: 'https://app.test, https://two.test' } });
    const { status, headers } = await preflight(gateway, 'https://two.test');
    assert.equal(status, 204);
    assert.equal(headers['access-control-allow-origin'], 'https://two.test');
    assert.match(headers['access-control-allow-methods'], /POST/);
    for (const name of ['authorization', 'content-type', 'x-api-key', 'anthropic-version'])
      assert.ok(headers['access-control-allow-headers'].toLowerCase().includes(name), name);
    assert.match(headers.vary, /origin/i);
    for (const origin of ['https://evil.test', 'http://app.test', 'https://app.test.evil.test', 'null']) {
      const refused = await preflight(gateway, origin);
      assert.equal(refused.status, 403, origin);
      assert.equal(refused.headers['access-control-allow-origin'], undefined);
    }
    const allowed = await ask(gateway, { key: KEY, headers: { origin: 'https://app.test' } });
    assert.equal(allowed.headers['access-control-allow-origin'], 'https://app.test');
    const refused = await ask(gateway, { key: 'wrong', headers: { origin: 'https://app.test' } });
    assert.equal(
      refused.headers['access-control-allow-origin'],
      'https://app.test',
      'a page may read why it was refused',
    );
  });
}

test('CORS is closed by default and open on request', async (t) => {
  const closed = await start(t);
  assert.equal((await preflight(closed, 'https://app.test')).status, 403);
  assert.equal((await ask(closed, { key: KEY })).headers['access-control-allow-origin'], undefined);
  const open = await start(t, { vars: { LLM_ROUTER_CORS_ALLOW_ALL: 'true' } });
  assert.equal((await preflight(open, 'https://any.test')).status, 204);
});

const PASTED = 'sk-live-4f9c2b7a1d8e6f3a5b';
const BROKEN = {
  'a bare key': PASTED,
  'a quoted key': JSON.stringify(PASTED),
  'half a config': JSON.stringify(config(providers)).replace(providers[0].apiKey, PASTED).slice(0, 300),
  'a wrong shape': JSON.stringify(
    config([{ ...providers[0], apiKey: { key: PASTED } }], { masterKey: [PASTED] }),
  ),
  'an unknown window': JSON.stringify(
    config([
      {
        ...providers[0],
        apiKey: PASTED,
        rateLimits: [{ id: 'x', models: ['all'], requests: 1, window: { unit: 'fortnight', size: 1 } }],
      },
    ]),
  ),
};
for (const [name, text] of Object.entries(BROKEN)) {
  test(`a broken config (${name}) leaks nothing`, async (t) => {
    for (const vars of [{}, { LLM_ROUTER_MASTER_KEY: KEY }]) {
      const gateway = await start(t, { config: text, vars });
      for (const key of [undefined, 'wrong', KEY]) {
        for (const options of [
          {},
          { method: 'GET', path: '/v1/models', body: undefined },
          { method: 'GET', path: '/', body: undefined },
        ]) {
          const { status, text: body, rawHeaders } = await ask(gateway, { key, ...options });
          const shown = key === KEY ? [200, 401, 500, 503] : [401, 503]; // its state is not for strangers
          assert.ok(shown.includes(status), `${status} ${body}`);
          assert.ok(status !== 200 || options.path === '/', body);
          for (const piece of [PASTED.slice(0, 10), PASTED.slice(-10)])
            assert.ok(!(body + rawHeaders).includes(piece), `leaks ${piece}: ${body}`);
        }
        assert.equal((await send(gateway.url, { method: 'GET', path: '/health', key })).status, 200);
      }
      assert.ok(!gateway.stderr().includes(PASTED.slice(0, 10)), 'nor do the logs');
    }
  });
}
