// Leases under the real runtime: caps hold exactly with them and without, whatever dies.

import assert from 'node:assert/strict';
import { after, beforeEach } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ask, askMessages, benchFor, exactly, post } from './harness/bench.mjs';
import { send, tally, together, until, within } from './harness/client.mjs';
import { bucket, cap } from './harness/configs.mjs';
import { assertLeased, inspect, usedOf, waves } from './harness/leases.mjs';
import { gatewayFor } from './harness/setup.mjs';

const { upstream, sent, configOf, gatewayWith } = await benchFor({ after, beforeEach });

for (const limit of [499, 3_000]) {
  exactly(`waves of 1,000 at once send exactly ${limit}`, async (t, leases, mode) => {
    const gateway = await gatewayWith(t, { rateLimits: [cap(limit)], ...leases });
    const call = () => ask(gateway.url);
    const served = await waves(1_000, { limit, sent, call, done: () => sent() === limit });
    assert.equal(served, limit);
    assert.deepEqual(tally(await together(200, () => ask(gateway.url))), { 429: 200 });
    assert.equal(sent(), limit);
    assert.equal(usedOf(await inspect(gateway)), limit);
    // A cap of 499 may be used up before anybody knows how many will come.
    if (mode === 'off' || limit !== 499) await assertLeased(gateway, mode !== 'off' && limit > 499);
  });
}

exactly('three windows, two formats and an alias share caps', async (t, leases, mode) => {
  const limits = [
    cap(2_000),
    { ...bucket(300, 'month', 6, 'mini'), models: ['mini'] },
    bucket(5_000, 'month', 3, 'quarter'),
  ];
  const gateway = await gatewayWith(t, {
    formats: ['openai', 'claude'],
    models: [{ id: 'gpt-a', aliases: ['big'] }, { id: 'mini' }],
    rateLimits: limits,
    ...leases,
  });
  const kinds = [
    () => ask(gateway.url),
    () => ask(gateway.url, 'alpha/big'),
    () => ask(gateway.url, 'alpha/mini'),
    () => askMessages(gateway.url),
  ];
  const minis = () => upstream.requests.filter(({ json }) => json.model === 'mini').length;
  const served = await waves(200, {
    limit: 2_000,
    sent,
    call: (index) => kinds[index % kinds.length](),
    done: () => (assert.ok(minis() <= 300, `${minis()} sent of 300`), sent() === 2_000),
  });
  assert.equal(served, 2_000);
  const inspected = await inspect(gateway);
  assert.deepEqual(
    ['cap', 'mini', 'quarter'].map((id) => usedOf(inspected, id)),
    [2_000, minis(), 2_000],
  );
  assert.equal(minis(), 300);
  await assertLeased(gateway, mode !== 'off');
});

exactly('isolates and processes that share an object share its cap', async (t, leases, mode) => {
  const LIMIT = 3_000;
  const shared = configOf({ rateLimits: [cap(LIMIT)], ...leases });
  const home = await gatewayFor(t, { config: shared, fronts: 2 });
  const others = await together(2, () => gatewayFor(t, { config: shared, home, fronts: 1 }));
  const urls = [home, ...others].flatMap(({ urls }) => urls);
  assert.equal(urls.length, 7);
  const call = (index) => ask(urls[index % urls.length]);
  const served = await waves(350, { limit: LIMIT, sent, call, done: () => sent() === LIMIT });
  assert.equal(served, LIMIT);
  assert.deepEqual(tally(await together(70, call)), { 429: 70 });
  assert.equal(usedOf(await inspect(home)), LIMIT);
  await assertLeased(home, mode !== 'off');
});

exactly('processes that die under load waste units and add none', async (t, leases) => {
  // Each round may cost all that both hold. What they hold in the end is waited for.
  const large = leases.leases?.ttlMs > 3_000;
  const [ROUNDS, LIMIT] = large ? [4, 6_000] : [6, 2_500];
  const terms = large ? { leases: { ...leases.leases, ttlMs: 8_000 } } : leases;
  const shared = configOf({ rateLimits: [cap(LIMIT)], ...terms });
  const home = await gatewayFor(t, { config: shared });
  const other = await gatewayFor(t, { config: shared, home });
  let acknowledged = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const before = sent();
    let alive = true;
    const load = together(32, async (index) => {
      while (alive) {
        const url = [home, other][index % 2].url;
        const response = await send(url, { ...post(), fresh: true }).catch(() => undefined);
        if (response?.status === 200) acknowledged++;
        else await pause(5);
      }
    });
    await until(() => sent() >= before + 100 + 17 * round, `load in round ${round}`);
    // The holders' process in every other round: it and its objects, or holders alone.
    const dies = round % 2 === 0 ? other : home;
    await dies.kill('SIGKILL');
    if (dies === home) alive = false; // nobody can reserve any more
    else await until(() => sent() > before + 150 + 17 * round, 'the other goes on');
    alive = false;
    await within(load, 'the end of the load');
    assert.ok(acknowledged <= sent() && sent() <= LIMIT, `${acknowledged} of ${sent()} of ${LIMIT}`);
    await dies.start();
    if (dies === home) await other.restart(); // whose way to the objects was a port of the old process
    assert.ok(usedOf(await inspect(home)) >= sent(), 'nothing sent was forgotten');
  }
  const rest = await waves(300, {
    limit: LIMIT,
    sent,
    call: (index) => ask([home, other][index % 2].url),
    done: async () => usedOf(await inspect(home)) === LIMIT && (await inspect(home)).leases === 0,
  });
  assert.ok(acknowledged + rest <= LIMIT);
  assert.deepEqual(tally(await together(50, () => ask(home.url))), { 429: 50 });
  for (const { stderr } of [home, other]) assert.doesNotMatch(stderr(), /corrupt|malformed|panic/i);
});
