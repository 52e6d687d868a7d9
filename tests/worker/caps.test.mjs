// No request over a cap, whatever comes at once; and what a refusal promises is true.

import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ask, askMessages, benchFor, exactly } from './harness/bench.mjs';
import { begin, send, tally, together } from './harness/client.mjs';
import {
  CHAT_PATH,
  KEY,
  MESSAGES_PATH,
  bucket,
  cap,
  chat,
  config,
  messages,
  openaiProvider,
} from './harness/configs.mjs';
import { openaiError } from './harness/replies.mjs';
import { gatewayFor, upstreamFor } from './harness/setup.mjs';
import { HANG } from './harness/upstream.mjs';

const { upstream, gatewayWith } = await benchFor({ after, beforeEach });
const waitOf = ({ headers }) => Number(headers['retry-after']) * 1_000;

/** Waits until a window of `ms` that has at least `room` left. */
async function windowWithRoom(ms, room) {
  const left = ms - (Date.now() % ms);
  if (left < room) await pause(left + 20);
}

for (const [together_, limit] of [
  [2, 1],
  [1_000, 1],
  [1_000, 20],
  [500, 499],
  [100, 100],
]) {
  exactly(`${together_} at once against a cap of ${limit} send exactly ${limit}`, async (t, leases) => {
    const gateway = await gatewayWith(t, { rateLimits: [cap(limit)], ...leases });
    const statuses = tally(await together(together_, () => ask(gateway.url)));
    assert.equal(upstream.requests.length, limit);
    assert.deepEqual(statuses, together_ > limit ? { 200: limit, 429: together_ - limit } : { 200: limit });
  });
}

exactly('a request is in all of its buckets or in none', async (t, leases) => {
  const limits = [
    { ...bucket(5, 'month', 12, 'pro'), models: ['pro'] },
    { ...bucket(100, 'month', 12, 'mini'), models: ['mini'] },
    bucket(20, 'month', 12, 'all'),
  ];
  const models = [{ id: 'pro' }, { id: 'mini' }];
  const gateway = await gatewayWith(t, { models, rateLimits: limits, ...leases });
  const pro = tally(await together(40, () => ask(gateway.url, 'alpha/pro')));
  assert.deepEqual(pro, { 200: 5, 429: 35 });
  const mini = tally(await together(40, () => ask(gateway.url, 'alpha/mini')));
  assert.deepEqual(mini, { 200: 15, 429: 25 }, 'refused requests took nothing from the shared bucket');
});

exactly('providers do not share buckets, formats and aliases of one do', async (t, leases) => {
  const both = {
    formats: ['openai', 'claude'],
    models: [{ id: 'gpt-a', aliases: ['big'] }],
    rateLimits: [cap(6)],
    ...leases,
  };
  const gateway = await gatewayWith(t, { ...both, id: 'alpha' }, { ...both, id: 'gamma' });
  const { url } = gateway;
  const responses = await together(12, (index) =>
    [() => ask(url), () => ask(url, 'alpha/big'), () => askMessages(url)][index % 3](),
  );
  assert.deepEqual(tally(responses), { 200: 6, 429: 6 });
  assert.equal((await ask(gateway.url, 'gamma/gpt-a')).status, 200);
});

test('what never becomes an attempt counts nothing', async (t) => {
  const gateway = await gatewayWith(t, { rateLimits: [cap(3)] });
  const bad = [
    { key: 'wrong', body: chat() },
    { key: KEY, body: '{' },
    { key: KEY, body: chat('alpha/nope') },
    { path: '/v1/completions', key: KEY, body: { model: 'alpha/gpt-a', prompt: 'hi' } },
    // No words for it in the provider's format: what was reserved is returned.
    { path: MESSAGES_PATH, key: KEY, body: messages('alpha/gpt-a', { max_tokens: 0 }) },
    { key: KEY, body: chat(7) },
  ];
  for (const options of bad)
    assert.notEqual((await send(gateway.url, { path: CHAT_PATH, ...options })).status, 200);
  assert.deepEqual(tally(await together(10, () => ask(gateway.url))), { 200: 3, 429: 7 });
});

exactly('1,000 at once against 40 a minute and 600 in 6 hours: 40, and 960 true refusals', async (t, leases) => {
  const rateLimits = [bucket(40, 'minute'), bucket(600, 'hour', 6)];
  const gateway = await gatewayWith(t, { rateLimits, ...leases });
  await ask(gateway.url, 'alpha/nope'); // compiled and warm, nothing counted
  await windowWithRoom(60_000, 20_000);
  const responses = await together(1_000, () => ask(gateway.url));
  const now = Date.now();
  assert.deepEqual(tally(responses), { 200: 40, 429: 960 });
  assert.equal(upstream.requests.length, 40);
  const opens = Math.ceil(now / 60_000) * 60_000;
  for (const response of responses.filter(({ status }) => status === 429)) {
    assert.ok(waitOf(response) > 0 && waitOf(response) <= 60_000, `Retry-After ${waitOf(response)} ms`);
    assert.ok(now + waitOf(response) >= opens, 'nobody is told to come back before the minute is over');
  }
});

exactly('sent again when Retry-After says so, exactly 40 more go through', async (t, leases) => {
  const WINDOW_MS = 10_000;
  const gateway = await gatewayWith(t, {
    rateLimits: [bucket(40, 'second', WINDOW_MS / 1_000), bucket(600, 'hour', 6)],
    ...leases,
  });
  await ask(gateway.url, 'alpha/nope');
  await windowWithRoom(WINDOW_MS, 8_000);
  const flood = async () => {
    upstream.requests.length = 0;
    const opens = Math.ceil(Date.now() / WINDOW_MS) * WINDOW_MS;
    const responses = await together(1_000, () => ask(gateway.url));
    assert.equal(upstream.requests.length, 40);
    assert.deepEqual(tally(responses), { 200: 40, 429: 960 });
    return { opens, refused: responses.findLast(({ status }) => status === 429) };
  };
  const { opens, refused } = await flood();
  const received = Date.now();
  const exact = Number(refused.headers['retry-after-ms']);
  assert.ok(
    exact > waitOf(refused) - 1_000 && exact <= waitOf(refused),
    `${exact} ms, ${waitOf(refused)} ms`,
  );
  await pause(opens - 2_000 - Date.now());
  if (Date.now() < opens - 1_000) assert.equal((await ask(gateway.url)).status, 429, 'not before');
  await pause(received + waitOf(refused) - Date.now());
  await flood();
});

exactly('a provider that is a way off counts no window over its cap', async (t, leases) => {
  const [WINDOW_MS, LIMIT] = [5_000, 200];
  const gateway = await gatewayWith(t, {
    rateLimits: [bucket(LIMIT, 'second', WINDOW_MS / 1_000, 'cap'), bucket(1_000_000, 'month', 12, 'year')],
    ...leases,
  });
  await ask(gateway.url, 'alpha/nope');
  await windowWithRoom(WINDOW_MS, 3_500);
  const opens = Math.ceil(Date.now() / WINDOW_MS) * WINDOW_MS;
  // Until the window ends there is room, and requests are under way; in the next, more than it can take.
  await together(8, async (index) => {
    await pause(40 * index);
    while (Date.now() < opens) {
      assert.equal((await ask(gateway.url)).status, 200);
      await pause(300);
    }
  });
  const { usage } = await gateway.object('alpha', 'inspect');
  const { used, start } = usage.find(({ counter }) => counter.startsWith('cap|')) ?? {};
  assert.ok(start === opens && used > 0 && used < LIMIT, `${used} from ${start}`);
  const flood = tally(await together(LIMIT + 100, () => ask(gateway.url)));
  assert.ok(flood[200] < LIMIT && flood[429] > 0, JSON.stringify(flood));
  for (const way of [0, 125, 250]) {
    const arrived = upstream.requests.filter(({ at }) => at + way >= opens && at + way < opens + WINDOW_MS);
    assert.ok(arrived.length <= LIMIT, `${arrived.length} of ${LIMIT} where the way takes ${way} ms`);
  }
});

exactly('providers that fall back on each other serve the sum of their caps', async (t, leases) => {
  const limits = [10, 20, 5];
  const upstreams = await together(limits.length, () => upstreamFor(t));
  const fallbackModels = ['p1/m', 'p2/m'];
  const providers = upstreams.map((own, index) =>
    openaiProvider(own, {
      id: `p${index}`,
      models: [{ id: 'm', ...(index === 0 && { fallbackModels }) }],
      rateLimits: [cap(limits[index])],
      ...leases,
    }),
  );
  const gateway = await gatewayFor(t, { config: config(providers) });
  const responses = await together(100, () => ask(gateway.url, 'p0/m'));
  assert.deepEqual(tally(responses), { 200: 35, 429: 65 });
  assert.deepEqual(
    upstreams.map(({ requests }) => requests.length),
    limits,
  );
});

exactly('retries of many at once stay within the cap', async (t, leases) => {
  const gateway = await gatewayFor(t, {
    config: config([openaiProvider(upstream, { rateLimits: [cap(50)], ...leases })]),
    vars: {
      LLM_ROUTER_ORIGIN_RETRY_BASE_DELAY_MS: '5',
      LLM_ROUTER_FALLBACK_CIRCUIT_FAILURES: '0',
    },
  });
  upstream.script(openaiError(500, 'server_error'));
  const statuses = tally(await together(100, () => ask(gateway.url)));
  assert.equal(upstream.requests.length, 50);
  assert.equal(statuses[200], undefined);
});

exactly('requests that their clients give up on are counted', async (t, leases) => {
  const gateway = await gatewayWith(t, { rateLimits: [cap(10)], ...leases });
  upstream.script(HANG);
  const calls = await together(10, () =>
    begin(gateway.url, { path: CHAT_PATH, key: KEY, body: chat(), fresh: true }),
  );
  await upstream.request(10);
  for (const { answered, abort } of calls) {
    abort();
    await assert.rejects(answered);
  }
  upstream.script();
  assert.deepEqual(tally(await together(10, () => ask(gateway.url))), { 429: 10 });
  assert.equal(upstream.requests.length, 10);
});
