// Which candidate is tried when: retries, fallbacks, cooldowns and circuits, and what each attempt counts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { assertOpenaiError, send, together, until } from './harness/client.mjs';
import { CHAT_PATH, KEY, cap, chat, config, openaiProvider } from './harness/configs.mjs';
import { openaiError } from './harness/replies.mjs';
import { gatewayFor, upstreamFor } from './harness/setup.mjs';
import { HANG, RESET } from './harness/upstream.mjs';

const QUICK = { LLM_ROUTER_ORIGIN_RETRY_BASE_DELAY_MS: '1', LLM_ROUTER_ORIGIN_RETRY_MAX_DELAY_MS: '2' };

/**
 * A gateway before three upstreams: `one/m`, which falls back to `two/m`, then to `three/m`.
 * `scripts` and `limits` are by upstream.
 */
async function chain(t, { scripts = [], limits = [], vars = {} } = {}) {
  const upstreams = await together(3, () => upstreamFor(t));
  scripts.forEach((script, index) => script && upstreams[index].script(script));
  const providers = ['one', 'two', 'three'].map((id, index) =>
    openaiProvider(upstreams[index], {
      id,
      models: [{ id: 'm', ...(index === 0 && { fallbackModels: ['two/m', 'three/m'] }) }],
      ...(limits[index] && { rateLimits: [cap(limits[index])] }),
    }),
  );
  const gateway = await gatewayFor(t, { config: config(providers), vars: { ...QUICK, ...vars } });
  return {
    gateway,
    upstreams,
    ask: (model = 'one/m', rest = {}) =>
      send(gateway.url, { path: CHAT_PATH, key: KEY, body: chat(model, rest) }),
    counts: () => upstreams.map(({ requests }) => requests.length),
    reset: () => upstreams.forEach((upstream) => upstream.reset()),
  };
}

const failing = openaiError(500, 'server_error');

test('5xx is retried on the first candidate only, then the fallbacks are tried in order', async (t) => {
  const { ask, counts } = await chain(t, { scripts: [failing, failing] });
  assert.equal((await ask()).status, 200);
  assert.deepEqual(counts(), [3, 1, 1]);
});

test('broken connections are retried and fallen back from like 5xx', async (t) => {
  const { ask, counts } = await chain(t, { scripts: [RESET, RESET] });
  assert.equal((await ask()).status, 200);
  assert.deepEqual(counts(), [3, 1, 1]);
});

test('LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS sets the attempts', async (t) => {
  const { ask, counts } = await chain(t, {
    scripts: [failing],
    vars: { LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS: '1' },
  });
  assert.equal((await ask()).status, 200);
  assert.deepEqual(counts(), [1, 1, 0]);
});

test('the fallback is sent the same request with its own model and key', async (t) => {
  const { ask, upstreams } = await chain(t, { scripts: [failing] });
  await ask('one/m', { temperature: 0.5 });
  const [first, second] = [upstreams[0].requests[0], upstreams[1].requests[0]];
  assert.equal(second.body.toString(), first.body.toString());
  assert.equal(second.headers.authorization, 'Bearer sk-two-upstream-secret');
});

for (const [name, reply] of Object.entries({
  429: openaiError(429, 'rate_limit_error', { headers: { 'retry-after': '60' } }),
  '429 without Retry-After': openaiError(429, 'rate_limit_error'),
  402: openaiError(402),
  401: openaiError(401),
  403: openaiError(403),
  '403 for want of credit': openaiError(403, 'billing', { message: 'Your credit balance is too low' }),
  404: openaiError(404),
  410: openaiError(410),
  302: { status: 302, headers: { location: '/elsewhere' } },
})) {
  test(`${name}: next candidate at once, and the first is left alone afterwards`, async (t) => {
    const { ask, counts } = await chain(t, { scripts: [reply] });
    assert.equal((await ask()).status, 200);
    assert.deepEqual(counts(), [1, 1, 0]);
    assert.equal((await ask()).status, 200);
    assert.deepEqual(counts(), [1, 2, 0]);
  });
}

for (const status of [400, 413, 422]) {
  test(`${status} goes to no other provider`, async (t) => {
    const { ask, counts } = await chain(t, { scripts: [openaiError(status)] });
    assert.equal((await ask()).status, status);
    assert.equal((await ask()).status, status);
    assert.deepEqual(counts(), [2, 0, 0]);
  });
}

test('a refusal by policy goes to no other provider unless allowed', async (t) => {
  const refusal = openaiError(403, 'forbidden', { message: 'Blocked by our content policy' });
  const strict = await chain(t, { scripts: [refusal] });
  assert.equal((await strict.ask()).status, 403);
  assert.deepEqual(strict.counts(), [1, 0, 0]);
  const lenient = await chain(t, { scripts: [refusal], vars: { LLM_ROUTER_ALLOW_POLICY_FALLBACK: 'true' } });
  assert.equal((await lenient.ask()).status, 200);
  assert.deepEqual(lenient.counts(), [1, 1, 0]);
});

test('when all fail the client sees the last one’s answer', async (t) => {
  const last = openaiError(503, 'server_error', { message: 'three is down' });
  const { ask, counts } = await chain(t, { scripts: [failing, openaiError(404), last] });
  const response = await ask();
  assert.equal(response.status, 503);
  assert.deepEqual(response.json, last.body);
  assert.deepEqual(counts(), [3, 1, 1]);
});

test('every attempt counts: retries stop at the cap', async (t) => {
  const { ask, counts } = await chain(t, { scripts: [failing], limits: [2, 1, 1] });
  assert.equal((await ask()).status, 200);
  assert.deepEqual(counts(), [2, 1, 0]);
  assert.equal((await ask()).status, 200);
  assert.deepEqual(counts(), [2, 1, 1]);
  const response = await ask();
  assertOpenaiError(response, 429, { type: 'rate_limit_error' });
  assert.ok(response.headers['retry-after'] > 0);
  assert.deepEqual(counts(), [2, 1, 1]);
});

test('a used-up provider is passed over without a request', async (t) => {
  const { ask, counts } = await chain(t, { limits: [1, 2] });
  for (let calls = 0; calls < 5; calls++) assert.equal((await ask()).status, 200);
  assert.deepEqual(counts(), [1, 2, 2]);
});

for (const [name, retryAfter, ms] of [
  ['in seconds', () => '2', 2_000],
  ['as a date', () => new Date(Date.now() + 3_000).toUTCString(), 3_000],
]) {
  test(`Retry-After ${name} is how long a 429 keeps a provider out of use`, async (t) => {
    const { ask, counts, upstreams } = await chain(t);
    upstreams[0].script(() =>
      openaiError(429, 'rate_limit_error', { headers: { 'retry-after': retryAfter() } }),
    );
    const start = Date.now();
    await ask();
    upstreams[0].script();
    await until(async () => {
      assert.equal((await ask()).status, 200);
      return counts()[0] === 2;
    }, 'the provider is used again');
    const away = Date.now() - start;
    assert.ok(away >= ms - 1_000 && away < ms + 5_000, `away for ${away} ms`); // dates are whole seconds
  });
}

test('LLM_ROUTER_ORIGIN_RATE_LIMIT_COOLDOWN_MS is for a 429 that does not say', async (t) => {
  const { ask, counts, upstreams } = await chain(t, {
    scripts: [openaiError(429)],
    vars: { LLM_ROUTER_ORIGIN_RATE_LIMIT_COOLDOWN_MS: '2000' },
  });
  await ask();
  await ask();
  assert.deepEqual(counts(), [1, 2, 0]);
  upstreams[0].script();
  await until(async () => (await ask(), counts()[0] === 2), 'the provider is used again');
});

test('the circuit opens after failures in a row, one probe closes it again', async (t) => {
  const vars = {
    LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS: '1',
    LLM_ROUTER_FALLBACK_CIRCUIT_FAILURES: '2',
    LLM_ROUTER_FALLBACK_CIRCUIT_COOLDOWN_MS: '3000',
  };
  const { ask, counts, upstreams } = await chain(t, { scripts: [failing], vars });
  await ask();
  await ask();
  await until(async () => {
    const [before] = counts();
    await ask();
    return counts()[0] === before;
  }, 'the circuit opens');
  const [failures, ...others] = counts();
  assert.ok(failures <= 3, `${failures} requests to a broken provider`);
  assert.ok(others[0] >= 3);

  upstreams[0].script(HANG); // until told otherwise, the probe is under way
  await until(async () => {
    ask().catch(() => {}); // hangs until the gateway is gone
    await pause(50);
    return counts()[0] === failures + 1;
  }, 'a probe is let through');
  assert.deepEqual(
    (await together(20, () => ask())).map(({ status }) => status),
    Array(20).fill(200),
  );
  assert.equal(counts()[0], failures + 1, 'one probe in the whole world');
});

test('a success in between resets the count of failures', async (t) => {
  const vars = { LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS: '1', LLM_ROUTER_FALLBACK_CIRCUIT_FAILURES: '3' };
  const { ask, counts, upstreams } = await chain(t, { vars });
  upstreams[0].script((_, index) => (index % 2 ? undefined : failing));
  for (let calls = 0; calls < 12; calls++) {
    assert.equal((await ask()).status, 200);
  }
  assert.ok(
    counts()[0] >= 11,
    `${counts()[0]} of 12 requests reached a provider that fails every other time`,
  );
});

test('cooldowns of one model and of one format do not touch the others', async (t) => {
  const upstream = await upstreamFor(t);
  upstream.script((request) => (request.json.model === 'bad' ? openaiError(429) : undefined));
  const gateway = await gatewayFor(t, {
    config: config([openaiProvider(upstream, { models: [{ id: 'bad' }, { id: 'good' }] })]),
  });
  const ask = (model) => send(gateway.url, { path: CHAT_PATH, key: KEY, body: chat(model) });
  await ask('alpha/bad');
  assert.equal((await ask('alpha/bad')).status, 429);
  assert.equal((await ask('alpha/good')).status, 200);
  assert.equal(upstream.requests.length, 2);
});
