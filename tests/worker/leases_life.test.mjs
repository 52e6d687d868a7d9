// A lease's life under the real runtime: it is shown, ends, comes back, and is waited for.

import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ask, benchFor, post } from './harness/bench.mjs';
import { begin, tally, together, until, within } from './harness/client.mjs';
import { bucket, cap } from './harness/configs.mjs';
import { startHeld } from './harness/held.mjs';
import { LONG, RETURNED_MS, assertLeased, inspect, statusOf, untilHeld, usedOf } from './harness/leases.mjs';
import { openaiError } from './harness/replies.mjs';
import { gatewayFor } from './harness/setup.mjs';

const { upstream, sent, configOf, gatewayWith } = await benchFor({ after, beforeEach });

test('status tells what is on lease; when traffic stops it comes back', async (t) => {
  const gateway = await gatewayWith(t, { rateLimits: [cap(5_000)] });
  assert.deepEqual((await statusOf(gateway)).leased, { leases: 0, requests: 0, ttl_ms: 3_000 });
  await untilHeld(gateway, sent);
  const { leased } = await statusOf(gateway);
  assert.ok(leased.leases >= 1 && leased.requests > leased.leases, JSON.stringify(leased));
  const sentInAll = sent();
  const { leased: nothing, buckets } = await until(async () => {
    const status = await statusOf(gateway);
    return status.buckets[0].used === sentInAll && status.leased.leases === 0 && status;
  }, 'what was not spent');
  assert.deepEqual(nothing, { leases: 0, requests: 0, ttl_ms: 3_000 });
  assert.equal(buckets[0].remaining, 5_000 - sentInAll);
});

test('after SIGKILL the object knows what is out, and that its holder is not heard of again', async (t) => {
  // Long enough to start again meanwhile.
  const gateway = await gatewayWith(t, { rateLimits: [cap(5_000)], leases: { max: 1_000, ttlMs: 10_000 } });
  await untilHeld(gateway, sent);
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
  const gateway = await gatewayWith(t, { rateLimits: [cap(5_000)], ...LONG });
  await untilHeld(gateway, sent);
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
  const [WINDOW_MS, LIMIT, WINDOWS] = [3_000, 200, 4];
  const limits = [bucket(LIMIT, 'second', WINDOW_MS / 1_000, 'cap'), bucket(1_000_000, 'month', 12, 'year')];
  const gateway = await gatewayFor(t, { config: configOf({ rateLimits: limits }), fronts: 1 });
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
  const told = JSON.stringify([...counts]);
  assert.ok([...counts.values()].every((count) => count <= LIMIT), told);
  // What comes back at the very end of a window counts in the next one as well.
  const whole = Array.from({ length: WINDOWS + 1 }, (_, index) => counts.get(first + index) ?? 0);
  assert.ok(whole.every((count) => count >= LIMIT - 10), told);
  assert.ok(counts.size <= whole.length + 1, told);
  await assertLeased(gateway, true);
});

/** A front door that has run out of units, and requests of which some wait for more. */
async function waitingForMore(t) {
  const shared = configOf({ rateLimits: [cap(5_000)], leases: { max: 100, ttlMs: 3_000 } });
  const home = await gatewayFor(t, { config: shared });
  const way = await startHeld(t, home);
  const front = await gatewayFor(t, { config: shared, home: way });
  await untilHeld(home, sent, front.url);
  way.hold();
  const calls = [];
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
  await assertReserved(home);
  const waiting = calls.filter(({ done }) => done === undefined);
  return { home, front, way, waiting };
}

/** Nobody passes unreserved. */
async function assertReserved(home) {
  const count = sent();
  const { reservations } = await inspect(home);
  assert.ok(count <= reservations, `${count} sent, ${reservations} reserved`);
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
  const { home, way, waiting } = await waitingForMore(t);
  // The first have carried the questions, so they are among those that leave.
  const [stay, leave] = [[], []];
  waiting.forEach((call, index) => (index % 3 === 2 ? stay : leave).push(call));
  for (const call of leave) call.abort();
  await Promise.all(leave.map(({ outcome }) => within(outcome, 'an abort')));
  await assertReserved(home);
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

test('who is denied while a lease is on its way waits for what it has to spare', async (t) => {
  const LIMIT = 400;
  for (let held_ms = Infinity; held_ms > 800; ) {
    upstream.reset();
    const home = await gatewayWith(t, { rateLimits: [cap(LIMIT)] });
    const way = await startHeld(t, home);
    const front = await gatewayFor(t, { config: configOf({ rateLimits: [cap(LIMIT)] }), home: way });
    await together(40, () => ask(front.url));
    way.hold();
    const held = Date.now();
    const answers = together(150, () => ask(front.url));
    const alone = ({ lease }) => !lease;
    await until(() => way.held().some(({ lease }) => lease) && way.held().filter(alone).length > 8, 'questions');
    // The leases are granted, the rest of the cap goes elsewhere, and the denials overtake the leases.
    await way.decide(({ lease }) => lease);
    const rest = LIMIT - usedOf(await inspect(home));
    const elsewhere = await home.object('alpha', 'reserve', { ...way.held().find(alone), amount: rest });
    assert.ok(elsewhere.grant, JSON.stringify(elsewhere));
    await until(async () => {
      await way.letSome(alone);
      await pause(30);
      return !way.held().some(alone);
    }, 'the denials');
    way.letThrough();
    held_ms = Date.now() - held; // those who wait do so for a second
    const counts = tally(await answers);
    if (held_ms > 800) continue;
    assert.ok(counts[429] > 0, JSON.stringify(counts));
    assert.equal(sent(), LIMIT - rest, 'units that are at hand are spent');
  }
});
