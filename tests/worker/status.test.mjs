// What the gateway tells about itself: true, read-only, bounded, and to nobody without the key.

import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { standings } from '../../src/worker/glue/objects.js';
import { assertOpenaiError, send, together } from './harness/client.mjs';
import {
  CHAT_PATH,
  KEY,
  bucket,
  cap,
  chat,
  claudeProvider,
  config,
  openaiProvider,
} from './harness/configs.mjs';
import { startObjects } from './harness/miniflare.mjs';
import { openaiError } from './harness/replies.mjs';
import { gatewayFor, upstreamFor } from './harness/setup.mjs';
import { RESET } from './harness/upstream.mjs';

const upstream = await upstreamFor({ after });
const STATUS = '/v1/status';
const get = (gateway, path, rest) => send(gateway.url, { method: 'GET', path, key: KEY, ...rest });
const ask = (gateway, model = 'alpha/gpt-a') =>
  send(gateway.url, { path: CHAT_PATH, key: KEY, body: chat(model) });
const statusOf = async (gateway, id = 'alpha') =>
  (await get(gateway, STATUS)).json.providers.find((provider) => provider.id === id);
const explain = async (gateway, query) => (await get(gateway, `/v1/explain?${query}`)).json;
const fails = (status) => ({ status, body: openaiError(status, 'no') });
beforeEach(() => upstream.reset());

test('used counts what was sent, in every bucket of the model', async (t) => {
  const own = { ...bucket(100, 'month', 12, 'own'), name: 'Own', models: ['gpt-b'] };
  const gateway = await gatewayFor(t, {
    config: config([
      openaiProvider(upstream, { models: [{ id: 'gpt-a' }, { id: 'gpt-b' }], rateLimits: [cap(3), own] }),
      claudeProvider(upstream),
    ]),
  });
  const before = await get(gateway, STATUS);
  assert.equal(before.status, 200, before.text);
  assert.equal(before.headers['cache-control'], 'no-store');
  assert.equal(before.json.version, 1);
  assert.equal(before.json.now, new Date(before.json.now_ms).toISOString());
  assert.deepEqual(
    before.json.providers.map((provider) => [
      provider.id,
      provider.reachable,
      provider.buckets.map(({ used }) => used),
    ]),
    [
      ['alpha', true, [0, 0]],
      ['beta', true, []],
    ],
  );
  assert.equal((await ask(gateway)).status, 200);
  assert.equal((await ask(gateway, 'alpha/gpt-b')).status, 200);
  const alpha = await statusOf(gateway);
  const ends = Date.UTC(new Date().getUTCFullYear() + 1, 0, 1);
  assert.deepEqual(alpha.buckets, [
    {
      id: 'cap',
      name: 'cap',
      models: ['all'],
      window: { unit: 'month', size: 12 },
      cap: 3,
      used: 2,
      remaining: 1,
      resets_at: new Date(ends).toISOString(),
      resets_at_ms: ends,
    },
    {
      id: 'own',
      name: 'Own',
      models: ['gpt-b'],
      window: { unit: 'month', size: 12 },
      cap: 100,
      used: 1,
      remaining: 99,
      resets_at: new Date(ends).toISOString(),
      resets_at_ms: ends,
    },
  ]);
  assert.deepEqual([alpha.cooldowns, alpha.circuits], [[], []]);
  // The count goes on where it was, however often it is looked at.
  await together(30, () => get(gateway, STATUS));
  assert.deepEqual(
    (await together(5, () => ask(gateway))).map(({ status }) => status).sort(),
    [200, 429, 429, 429, 429],
  );
  assert.equal((await statusOf(gateway)).buckets[0].used, 3);
});

test('a 429 shows as a cooldown, failures as a circuit', async (t) => {
  const gateway = await gatewayFor(t, {
    config: config([openaiProvider(upstream), openaiProvider(upstream, { id: 'gamma' })]),
    vars: { LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS: '1' },
  });
  upstream.script({ ...fails(429), headers: { 'retry-after': '600' } });
  const began = Date.now();
  assert.equal((await ask(gateway)).status, 429);
  upstream.script(RESET);
  for (let failures = 0; failures < 2; failures++) await ask(gateway, 'gamma/gpt-a');
  await pause(100); // settled behind the reply
  const [alpha, gamma] = (await get(gateway, STATUS)).json.providers;
  const [cooldown] = alpha.cooldowns;
  assert.deepEqual(
    { ...cooldown, until: undefined, until_ms: undefined },
    {
      target: 'gpt-a@openai',
      model: 'gpt-a',
      format: 'openai',
      reason: 'rate_limited',
      until: undefined,
      until_ms: undefined,
    },
  );
  assert.equal(cooldown.until, new Date(cooldown.until_ms).toISOString());
  assert.ok(Math.abs(cooldown.until_ms - began - 600_000) < 10_000, cooldown.until);
  assert.deepEqual(alpha.circuits, []);
  const [circuit] = gamma.circuits;
  assert.deepEqual([circuit.target, circuit.state, circuit.failures], ['gpt-a@openai', 'open', 2]);
  assert.ok(circuit.until_ms > began + 25_000 && circuit.until_ms < began + 45_000);

  const told = await explain(gateway, 'model=alpha/gpt-a');
  assert.equal(told.outcome, 'refused');
  assert.equal(told.error.status, 429);
  assert.deepEqual([told.candidates[0].ready, told.candidates[0].blocked.detail], [false, 'rate_limited']);
  assert.equal((await explain(gateway, 'model=gamma/gpt-a')).candidates[0].blocked.reason, 'circuit');
});

test('one provider, several, one that is not there', async (t) => {
  const ids = ['alpha', 'beta', 'gamma'];
  const gateway = await gatewayFor(t, {
    config: config(ids.map((id) => openaiProvider(upstream, { id }))),
  });
  const shown = async (query) => (await get(gateway, STATUS + query)).json.providers.map(({ id }) => id);
  assert.deepEqual(await shown('?provider=beta'), ['beta']);
  assert.deepEqual(await shown('?provider=gamma&provider=alpha&provider=gamma'), ['gamma', 'alpha']);
  assert.deepEqual(await shown('?provider=&other=1'), ids);
  const misspelt = await get(gateway, `${STATUS}?provider=gama`);
  const message = assertOpenaiError(misspelt, 404, { param: 'provider' });
  assert.match(message, /`gama`; did you mean `gamma`/);
});

test('a ledger that cannot be read is unreachable, the others are not', async (t) => {
  const gateway = await gatewayFor(t, {
    config: config(
      ['alpha', 'gamma'].map((id) => openaiProvider(upstream, { id, rateLimits: [cap(9)] })),
      { modelAliases: { both: { strategy: 'ordered', targets: ['alpha/gpt-a', 'gamma/gpt-a'] } } },
    ),
  });
  await ask(gateway); // of the two only alpha has a file
  await gateway.kill();
  const files = readdirSync(join(gateway.dir, 'state'), { recursive: true }).map((name) =>
    join(gateway.dir, 'state', name),
  );
  const databases = files.filter((name) => /\.sqlite(-wal|-shm)?$/.test(name) && !name.includes('metadata'));
  assert.ok(databases.length > 0);
  for (const name of databases) writeFileSync(name, 'this is not a database '.repeat(1_000));
  await gateway.start();
  const response = await get(gateway, STATUS);
  assert.equal(response.status, 200, response.text);
  const [alpha, gamma] = response.json.providers;
  assert.deepEqual([alpha.reachable, gamma.reachable], [false, true]);
  const { cap: limit, used, remaining, resets_at, resets_at_ms } = alpha.buckets[0];
  assert.deepEqual([limit, used, remaining, resets_at, resets_at_ms], [9, null, null, null, null]);
  assert.equal(gamma.buckets[0].used, 0);

  const told = await explain(gateway, 'model=both');
  assert.deepEqual(
    told.candidates.map(({ ref, ready, blocked }) => [ref, ready, blocked?.reason]),
    [
      ['alpha/gpt-a', false, 'unreachable'],
      ['gamma/gpt-a', true, undefined],
    ],
  );
  assert.equal(told.chosen, 'gamma/gpt-a');
});

test('without the key there is nothing to learn', async (t) => {
  const gateway = await gatewayFor(t, { config: config([openaiProvider(upstream)]) });
  for (const path of [STATUS, `${STATUS}?provider=nobody`, '/v1/explain?model=x', '/v1/explain?format=x']) {
    for (const key of [undefined, 'wrong']) {
      const response = await get(gateway, path, { key });
      const message = assertOpenaiError(response, 401, { code: 'invalid_api_key' });
      assert.ok(!message.includes('nobody'));
    }
    assert.equal((await get(gateway, path, { method: 'POST' })).status, 404);
  }
  const open = await gatewayFor(t, {
    config: config([openaiProvider(upstream)]),
    local: { requireAuth: false },
  });
  assert.equal((await get(open, STATUS, { key: undefined })).status, 200);
  const foreign = await get(open, STATUS, { key: undefined, headers: { origin: 'https://page.example' } });
  assert.equal(foreign.status, 403);
  assert.ok(!foreign.text.includes('alpha'));
});

test('nothing secret is told', async (t) => {
  const gateway = await gatewayFor(t, {
    config: config([
      openaiProvider(upstream, { headers: { 'x-team': 'secret-header' }, rateLimits: [cap(5)] }),
    ]),
  });
  for (const path of [STATUS, '/v1/explain?model=alpha/gpt-a']) {
    const { text } = await get(gateway, path);
    for (const secret of ['upstream-secret', KEY, 'secret-header', upstream.url])
      assert.ok(!text.includes(secret), `${path} tells ${secret}`);
  }
});

test('explain tells what the next request then does, and takes nobody’s turn', async (t) => {
  const ids = ['alpha', 'beta', 'gamma'];
  const gateway = await gatewayFor(t, {
    config: config(
      ids.map((id) => openaiProvider(upstream, { id, rateLimits: [cap(4)] })),
      {
        modelAliases: {
          team: { strategy: 'weighted-rr', targets: ids.map((id) => ({ ref: `${id}/gpt-a`, weight: 2 })) },
        },
      },
    ),
    vars: { LLM_ROUTER_DEBUG_ROUTING: 'true' },
  });
  await ask(gateway, 'team'); // the first turn is drawn
  for (let round = 0; round < 11; round++) {
    const told = await explain(gateway, 'model=team&format=openai');
    const again = await explain(gateway, 'model=team&format=openai');
    assert.equal(again.chosen, told.chosen);
    assert.equal(told.outcome, 'sent');
    assert.equal(told.live, true);
    const { headers } = await ask(gateway, 'team');
    assert.equal(headers['x-llm-router-selected-candidate'], told.chosen, `round ${round}`);
    assert.equal(headers['x-llm-router-reason'], told.reason);
  }
  const full = await explain(gateway, 'model=alias:team&format=claude');
  assert.equal(full.outcome, 'refused');
  assert.equal(full.error.status, 429);
  assert.ok(full.error.retry_after_ms > 0);
  assert.ok(full.candidates.every(({ translated, blocked }) => translated && blocked.detail === 'cap'));
  assert.deepEqual(
    full.alias.targets.map(({ ref, weight }) => [ref, weight]),
    ids.map((id) => [`${id}/gpt-a`, 2]),
  );
});

test('questions that cannot be answered say why', async (t) => {
  const gateway = await gatewayFor(t, {
    config: config([openaiProvider(upstream, { format: 'openai-completions' })]),
  });
  const closest = assertOpenaiError(await get(gateway, '/v1/explain?model=alpha/gpt-b'), 404, {
    code: 'model_not_found',
  });
  assert.match(closest, /did you mean `alpha\/gpt-a`/);
  assert.match(assertOpenaiError(await get(gateway, '/v1/explain'), 400), /names no model/);
  const format = assertOpenaiError(await get(gateway, '/v1/explain?format=opnai'), 400, { param: 'format' });
  assert.match(format, /did you mean `openai`/);
  const mute = await explain(gateway, 'model=alpha/gpt-a&format=claude');
  assert.deepEqual([mute.outcome, mute.error.status, mute.candidates], ['refused', 400, []]);
  assert.deepEqual(mute.left_out, [
    { ref: 'alpha/gpt-a', reason: 'format-incompatible', formats: ['openai-completions'] },
  ]);
});

test('an object is not written to by being looked at', async (t) => {
  const objects = await startObjects(t);
  const object = objects.object('seen');
  const inquiry = JSON.stringify({
    buckets: [{ id: 'b', limit: 2, unit: 'month', size: 12 }],
    candidates: [{ target: 'm@openai', buckets: [{ id: 'b', limit: 2, unit: 'month', size: 12 }] }],
  });
  const look = async () => JSON.parse(await object.raw('standing', inquiry));
  for (let looks = 0; looks < 5; looks++) {
    const { usage, refusals, targets } = await look();
    assert.deepEqual([usage[0].used, refusals, targets], [0, [null], []]);
  }
  const reserve = () => object.reserve(JSON.parse(inquiry));
  assert.ok((await reserve()).grant);
  const before = await object.inspect();
  await together(50, look);
  assert.deepEqual(await object.inspect(), before, 'nothing was written or counted');
  assert.ok((await reserve()).grant);
  const { usage, refusals } = await look();
  assert.equal(usage[0].used, 2);
  assert.deepEqual(refusals[0].reason, { quota: 'b' });
  assert.ok(refusals[0].retryAfterMs > 0);
  for (const nonsense of ['', '7', '{"buckets":[{}]}'])
    await assert.rejects(object.raw('standing', nonsense));
});

/** A namespace whose objects do what `standing(name)` does. */
const namespaceOf = (standing) => ({
  idFromName: (name) => name,
  get: (name) => ({ standing: () => standing(name) }),
});

test('objects are asked at once, so many at a time, and none is waited for long', async () => {
  const names = Array.from({ length: 10 }, (_, index) => `fake-${index}`);
  let running = 0;
  let most = 0;
  const busy = namespaceOf(async (name) => {
    most = Math.max(most, ++running);
    await pause(20);
    running--;
    if (name === 'fake-3') throw new Error('gone');
    return name;
  });
  const expected = names.map((name) => (name === 'fake-3' ? null : name));
  assert.deepEqual(await standings(busy, names, names, 4, 1_000, 5_000), expected);
  assert.equal(most, 4);

  const began = Date.now();
  const stuck = namespaceOf((name) => (name === 'fake-0' ? Promise.resolve('here') : new Promise(() => {})));
  const heard = await standings(stuck, names, names, 4, 80, 150);
  assert.deepEqual(heard, ['here', ...names.slice(1).map(() => null)]);
  assert.ok(Date.now() - began < 5_000, 'the silent cost no more than they may');
});
