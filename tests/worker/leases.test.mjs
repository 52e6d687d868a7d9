// Leases under the real runtime: caps hold exactly with them and without, whatever dies, leaves or fails.

import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { begin, send, tally, together, until, within } from './harness/client.mjs';
import {
  CHAT_PATH,
  KEY,
  LEASES,
  MESSAGES_PATH,
  bucket,
  cap,
  chat,
  config,
  messages,
  openaiProvider,
} from './harness/configs.mjs';
import { startHeld } from './harness/held.mjs';
import { openaiError } from './harness/replies.mjs';
import { gatewayFor, upstreamFor } from './harness/setup.mjs';

const upstream = await upstreamFor({ after });
beforeEach(() => upstream.reset());

const LONG = { leases: { max: 1_000, ttlMs: 20_000 } };
/** Longer than any lease, and than it takes to give it back. */
const RETURNED_MS = 60_000;

const sent = () => upstream.requests.length;
const with_ = (provider) => config([openaiProvider(upstream, provider)]);
const post = (model = 'alpha/gpt-a') => ({ path: CHAT_PATH, key: KEY, body: chat(model) });
const ask = (url, model) => send(url, post(model));
const inspect = (gateway) => gateway.object('alpha', 'inspect');
const usedOf = (inspected, id = 'cap') =>
  inspected.usage.find(({ counter }) => counter.startsWith(`${id}|`))?.used ?? 0;
const statusOf = async (gateway) =>
  (await send(gateway.url, { method: 'GET', path: '/v1/status', key: KEY })).json.providers[0];

/** Asserts that leases were granted, or none. */
async function assertLeased(gateway, leased) {
  const { grants, reservations } = await inspect(gateway);
  if (leased) assert.ok(grants < reservations, `${reservations} reservations in ${grants} grants`);
  else assert.equal(grants, reservations);
}

/** Sends waves of what `call` sends until `done()`; no wave goes over `limit`. Answers how many got 200. */
async function waves(size, limit, call, done) {
  let served = 0;
  await until(
    async () => {
      served += tally(await together(size, call))[200] ?? 0;
      assert.ok(sent() <= limit, `${sent()} sent of ${limit}`);
      return done();
    },
    `${limit} sent`,
    RETURNED_MS,
  );
  return served;
}

/** Sends until units are held that nobody has spent. */
async function untilHeld(gateway, url = gateway.url) {
  await until(async () => {
    await together(20, () => ask(url));
    const inspected = await inspect(gateway);
    return inspected.leases > 0 && usedOf(inspected) > sent() + 20;
  }, 'a lease with units left');
}

for (const [mode, leases] of LEASES) {
  for (const limit of [1, 20, 499, 5_000]) {
    test(`waves of 1,000 at once send exactly ${limit}, leases ${mode}`, async (t) => {
      const gateway = await gatewayFor(t, { config: with_({ rateLimits: [cap(limit)], ...leases }) });
      const served = await waves(
        1_000,
        limit,
        () => ask(gateway.url),
        () => sent() === limit,
      );
      assert.equal(served, limit);
      assert.deepEqual(tally(await together(200, () => ask(gateway.url))), { 429: 200 });
      assert.equal(sent(), limit);
      assert.equal(usedOf(await inspect(gateway)), limit);
      // A cap of 499 may be used up before anybody knows how many will come.
      if (mode === 'off' || limit !== 499) await assertLeased(gateway, mode !== 'off' && limit > 499);
    });
  }

  test(`three windows, two formats and an alias share caps, leases ${mode}`, async (t) => {
    const limits = [
      cap(2_000),
      { ...bucket(300, 'month', 6, 'mini'), models: ['mini'] },
      bucket(5_000, 'month', 3, 'quarter'),
    ];
    const gateway = await gatewayFor(t, {
      config: with_({
        formats: ['openai', 'claude'],
        models: [{ id: 'gpt-a', aliases: ['big'] }, { id: 'mini' }],
        rateLimits: limits,
        ...leases,
      }),
    });
    const kinds = [
      () => ask(gateway.url),
      () => ask(gateway.url, 'alpha/big'),
      () => ask(gateway.url, 'alpha/mini'),
      () => send(gateway.url, { path: MESSAGES_PATH, key: KEY, body: messages('alpha/gpt-a') }),
    ];
    const minis = () => upstream.requests.filter(({ json }) => json.model === 'mini').length;
    const served = await waves(
      200,
      2_000,
      (index) => kinds[index % kinds.length](),
      () => (assert.ok(minis() <= 300, `${minis()} sent of 300`), sent() === 2_000),
    );
    assert.equal(served, 2_000);
    const inspected = await inspect(gateway);
    assert.deepEqual(
      ['cap', 'mini', 'quarter'].map((id) => usedOf(inspected, id)),
      [2_000, minis(), 2_000],
    );
    assert.equal(minis(), 300);
    await assertLeased(gateway, mode !== 'off');
  });

  test(`isolates and processes that share an object share its cap, leases ${mode}`, async (t) => {
    const LIMIT = 3_000;
    const shared = with_({ rateLimits: [cap(LIMIT)], ...leases });
    const home = await gatewayFor(t, { config: shared, fronts: 2 });
    const others = await together(2, () => gatewayFor(t, { config: shared, home, fronts: 1 }));
    const urls = [home, ...others].flatMap(({ urls }) => urls);
    assert.equal(urls.length, 7);
    const served = await waves(
      350,
      LIMIT,
      (index) => ask(urls[index % urls.length]),
      () => sent() === LIMIT,
    );
    assert.equal(served, LIMIT);
    assert.deepEqual(tally(await together(70, (index) => ask(urls[index % urls.length]))), { 429: 70 });
    assert.equal(usedOf(await inspect(home)), LIMIT);
    await assertLeased(home, mode !== 'off');
  });

  test(`processes that die under load waste units and add none, leases ${mode}`, async (t) => {
    const LIMIT = 2_500;
    const ROUNDS = 6;
    const shared = with_({ rateLimits: [cap(LIMIT)], ...leases });
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
    const rest = await waves(
      300,
      LIMIT,
      (index) => ask([home, other][index % 2].url),
      async () => usedOf(await inspect(home)) === LIMIT && (await inspect(home)).leases === 0,
    );
    assert.ok(acknowledged + rest <= LIMIT);
    assert.deepEqual(tally(await together(50, () => ask(home.url))), { 429: 50 });
    for (const { stderr } of [home, other]) assert.doesNotMatch(stderr(), /corrupt|malformed|panic/i);
  });
}

test('status tells what is on lease; when traffic stops it comes back', async (t) => {
  const gateway = await gatewayFor(t, { config: with_({ rateLimits: [cap(5_000)] }) });
  assert.deepEqual((await statusOf(gateway)).leased, { leases: 0, requests: 0, ttl_ms: 3_000 });
  await untilHeld(gateway);
  const { leased } = await statusOf(gateway);
  assert.ok(leased.leases >= 1 && leased.requests > leased.leases, JSON.stringify(leased));
  const sentInAll = sent();
  const { leased: nothing, buckets } = await until(async () => {
    const status = await statusOf(gateway);
    return status.buckets[0].used === sentInAll && status;
  }, 'what was not spent');
  assert.deepEqual(nothing, { leases: 0, requests: 0, ttl_ms: 3_000 });
  assert.equal(buckets[0].remaining, 5_000 - sentInAll);
});

test('after SIGKILL the object knows what is out, and that its holder is not heard of again', async (t) => {
  const gateway = await gatewayFor(t, { config: with_({ rateLimits: [cap(5_000)], ...LONG }) });
  await untilHeld(gateway);
  const before = await inspect(gateway);
  await gateway.restart();
  const { leased, buckets } = await statusOf(gateway);
  assert.deepEqual([leased.leases, leased.requests], [before.leases, before.leased]);
  assert.equal(buckets[0].used, usedOf(before));
  assert.equal((await ask(gateway.url)).status, 200, 'there is room beside them');
  const { leased: over } = await until(
    async () => {
      const status = await statusOf(gateway);
      return status.leased.leases === 0 && status;
    },
    'the end of the leases',
    RETURNED_MS,
  );
  assert.equal(over.requests, 0);
  assert.equal((await statusOf(gateway)).buckets[0].used, usedOf(before) + 1, 'they are spent');
});

test('a 429 lets go of all units for its target at once', async (t) => {
  const gateway = await gatewayFor(t, { config: with_({ rateLimits: [cap(5_000)], ...LONG }) });
  await untilHeld(gateway);
  upstream.script(openaiError(429, 'rate_limit_error', { headers: { 'retry-after': '600' } }));
  const before = sent();
  assert.equal((await ask(gateway.url)).status, 429);
  const refused = await ask(gateway.url);
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers['retry-after']) > 500);
  assert.equal(sent(), before + 1, 'nothing more is sent to it');
  // Well before the leases would have ended.
  await until(async () => {
    const { leased, buckets } = await statusOf(gateway);
    return leased.leases === 0 && buckets[0].used === sent();
  }, 'the units', 10_000);
});

test('no window gets more than its cap when leases meet its end', async (t) => {
  const [WINDOW_MS, LIMIT, WINDOWS] = [5_000, 200, 4];
  const limits = [bucket(LIMIT, 'second', WINDOW_MS / 1_000, 'cap'), bucket(1_000_000, 'month', 12, 'year')];
  const gateway = await gatewayFor(t, { config: with_({ rateLimits: limits }), fronts: 1 });
  const window = (at) => Math.floor(at / WINDOW_MS);
  // Used up before it ends, the first window has no reservation made alone that is sent after its end.
  await ask(gateway.url, 'alpha/nope');
  await pause(WINDOW_MS - (Date.now() % WINDOW_MS) + 20);
  const first = window(Date.now());
  await together(16, async (index) => {
    while (window(Date.now()) <= first + WINDOWS) {
      const { status } = await ask(gateway.urls[index % 2]);
      if (status !== 200) await pause(20);
    }
  });
  const counts = new Map();
  for (const { at } of upstream.requests) counts.set(window(at), (counts.get(window(at)) ?? 0) + 1);
  const expected = Array.from({ length: WINDOWS + 1 }, (_, index) => [first + index, LIMIT]);
  assert.deepEqual([...counts].slice(0, expected.length), expected);
  assert.ok(counts.size <= expected.length + 1 && [...counts].every(([, count]) => count <= LIMIT));
  await assertLeased(gateway, true);
});

/** A front door that has run out of units, and requests of which some wait for more. */
async function waitingForMore(t) {
  const shared = with_({ rateLimits: [cap(5_000)], leases: { max: 100, ttlMs: 3_000 } });
  const home = await gatewayFor(t, { config: shared });
  const way = await startHeld(t, home);
  const front = await gatewayFor(t, { config: shared, home: way });
  await untilHeld(home, front.url);
  way.hold();
  const calls = [];
  const granted = (await inspect(home)).reservations;
  // All that is held is spent, somebody asks for a lease, and more come than have got anything.
  await until(async () => {
    const more = await together(20, () => begin(front.url, { ...post(), fresh: true }));
    calls.push(...more);
    for (const call of more) {
      call.outcome = call.answered.catch((error) => error);
      call.outcome.then((outcome) => (call.done = outcome));
    }
    await Promise.race([pause(50), Promise.all(more.map(({ outcome }) => outcome))]);
    const waiting = calls.filter(({ done }) => done === undefined).length;
    return way.held().some(({ lease }) => lease) && waiting >= 40;
  }, 'requests that wait');
  assert.ok(sent() <= granted, 'nobody passes unreserved');
  const waiting = calls.filter(({ done }) => done === undefined);
  return { home, front, way, waiting, granted };
}

/** Nothing was sent without a unit, and the rest of the cap can be used. */
async function assertWhole(home) {
  const inspected = await until(
    async () => {
      const now = await inspect(home);
      return now.leases === 0 && now;
    },
    'the end of the leases',
    RETURNED_MS,
  );
  assert.ok(sent() <= inspected.reservations && sent() <= usedOf(inspected));
  assert.equal((await ask(home.url)).status, 200);
}

test('clients that leave while a refill is on its way hold nobody up', async (t) => {
  const { home, way, waiting, granted } = await waitingForMore(t);
  // The first have carried the questions, so they are among those that leave.
  const [stay, leave] = [[], []];
  waiting.forEach((call, index) => (index % 3 === 2 ? stay : leave).push(call));
  for (const call of leave) call.abort();
  await Promise.all(leave.map(({ outcome }) => within(outcome, 'an abort')));
  assert.ok(sent() <= granted, 'nobody passes unreserved');
  way.letThrough();
  const answers = await Promise.all(stay.map(({ outcome }) => outcome));
  assert.deepEqual(tally(answers), { 200: stay.length });
  await assertWhole(home);
});

test('a refill that is lost holds up nobody but its carrier', async (t) => {
  const { home, way, waiting } = await waitingForMore(t);
  const lost = way.held().length;
  way.drop();
  const counts = tally(await Promise.all(waiting.map(({ outcome }) => outcome)));
  const failed = waiting.length - (counts[200] ?? 0);
  assert.ok(failed <= lost, `${failed} of ${waiting.length} failed for ${lost}: ${JSON.stringify(counts)}`);
  assert.equal((counts[200] ?? 0) > 0, true);
  await assertWhole(home);
});
