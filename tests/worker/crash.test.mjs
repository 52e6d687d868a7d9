// SIGKILL under load: nothing acknowledged is forgotten, nothing goes over a cap, nothing needs repair.

import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { send, tally, together, until, within } from './harness/client.mjs';
import { CHAT_PATH, KEY, LEASES, bucket, cap, chat, config, openaiProvider } from './harness/configs.mjs';
import { openaiError } from './harness/replies.mjs';
import { gatewayFor, upstreamFor } from './harness/setup.mjs';

const upstream = await upstreamFor({ after });
const ask = (gateway, model = 'alpha/gpt-a') =>
  send(gateway.url, { path: CHAT_PATH, key: KEY, body: chat(model), fresh: true });
beforeEach(() => upstream.reset());

/** Keeps 32 requests in flight until the gateway is gone; answers how many were acknowledged with 200. */
async function loadUntilGone(gateway, alive) {
  let acknowledged = 0;
  await together(32, async () => {
    while (alive()) {
      const response = await ask(gateway).catch(() => undefined);
      if (response?.status === 200) acknowledged++;
    }
  });
  return acknowledged;
}

/** Units on lease, which nobody gives back when everything dies. */
async function leased(gateway) {
  const { json } = await send(gateway.url, { method: 'GET', path: '/v1/status', key: KEY });
  return json.providers[0].leased.requests;
}

for (const [mode, leases] of LEASES) {
  // Each round costs all that is held, which is the more the faster the machine.
  const limit = leases.leases?.max === 1 ? 1_500 : 3_000;
  const rounds = leases.leases?.ttlMs > 3_000 ? 5 : 10;
  test(`${rounds} rounds of SIGKILL under load keep every cap and every count, leases ${mode}`, (t) =>
    killUnderLoad(t, leases, rounds, limit));
}

async function killUnderLoad(t, leases, rounds, limit) {
  const rateLimits = [cap(limit), bucket(1_000_000, 'month')];
  const gateway = await gatewayFor(t, {
    config: config([openaiProvider(upstream, { rateLimits, ...leases })]),
  });
  let acknowledged = 0;
  let lost = 0;
  for (let round = 0; round < rounds; round++) {
    const before = upstream.requests.length;
    let alive = true;
    const load = loadUntilGone(gateway, () => alive);
    await until(() => upstream.requests.length >= before + 60 + 7 * round, `load in round ${round}`);
    await gateway.kill('SIGKILL');
    alive = false;
    acknowledged += await within(load, 'the end of the load');
    assert.ok(upstream.requests.length <= limit, `${upstream.requests.length} sent of ${limit}`);
    assert.ok(acknowledged <= upstream.requests.length);
    await gateway.start();
    lost += await leased(gateway);
    assert.equal((await ask(gateway)).status, 200, 'the next start serves at once');
    acknowledged++;
  }
  const spent = upstream.requests.length;
  const rest = tally(await together(limit - spent + 200, () => ask(gateway)));
  assert.ok(upstream.requests.length <= limit, `${upstream.requests.length} sent of ${limit}`);
  assert.ok(acknowledged + (rest[200] ?? 0) <= limit, 'no acknowledged use was forgotten');
  assert.ok(rest[429] >= 200);
  // Reserved but never sent: at most what was in flight at each kill, and what was on lease then.
  assert.ok(
    upstream.requests.length >= limit - rounds * 32 - lost,
    `only ${upstream.requests.length} of ${limit} were sent in the end`,
  );
  assert.doesNotMatch(gateway.stderr(), /corrupt|malformed|panic/i);
}

for (const signal of ['SIGKILL', 'SIGTERM']) {
  test(`counts of a month survive ${signal}`, async (t) => {
    const gateway = await gatewayFor(t, {
      config: config([openaiProvider(upstream, { rateLimits: [bucket(20, 'month')] })]),
    });
    assert.deepEqual(tally(await together(15, () => ask(gateway))), { 200: 15 });
    await gateway.restart({ signal });
    assert.deepEqual(tally(await together(15, () => ask(gateway))), { 200: 5, 429: 10 });
  });

  test(`cooldowns survive ${signal}`, async (t) => {
    const gateway = await gatewayFor(t, { config: config([openaiProvider(upstream)]) });
    upstream.script(openaiError(429, 'rate_limit_error', { headers: { 'retry-after': '600' } }));
    await ask(gateway);
    await until(
      async () => (
        await ask(gateway),
        upstream.requests.length === 1 || assert.fail('asked during a cooldown')
      ),
      'the cooldown',
    );
    await gateway.restart({ signal });
    const response = await ask(gateway);
    assert.equal(response.status, 429);
    assert.ok(response.headers['retry-after'] > 500);
    assert.equal(upstream.requests.length, 1);
  });
}

test('a changed cap keeps its usage, a changed window starts afresh', async (t) => {
  const withCap = (limit) => ({
    config: config([openaiProvider(upstream, { rateLimits: [{ ...limit, id: 'cap' }] })]),
  });
  const gateway = await gatewayFor(t, withCap(bucket(10, 'month')));
  assert.deepEqual(tally(await together(12, () => ask(gateway))), { 200: 10, 429: 2 });
  await gateway.restart(withCap(bucket(13, 'month')));
  assert.deepEqual(tally(await together(12, () => ask(gateway))), { 200: 3, 429: 9 });
  await gateway.restart(withCap(bucket(5, 'month')));
  assert.equal((await ask(gateway)).status, 429);
  await gateway.restart(withCap(bucket(5, 'month', 12)));
  assert.deepEqual(tally(await together(12, () => ask(gateway))), { 200: 5, 429: 7 });
});
