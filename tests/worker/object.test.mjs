// One provider's object by itself, under miniflare: what it grants, what it refuses, what it remembers.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { together, until } from './harness/client.mjs';
import { startObjects } from './harness/miniflare.mjs';

const objects = await startObjects({ after });
let made = 0;
const fresh = () => objects.object(`object-${made++}`);

const cap = (limit, unit = 'month', size = 12, id = `${limit}-${unit}`) => ({ id, limit, unit, size });
const ask = (...buckets) => ({ candidates: [{ target: 'm@openai', buckets }] });
const bad = (failure) => ({ bad: { class: 'temporary_error', cooldownMs: 0, ...failure } });
const refusal = (reply) => reply.denial?.refusals[0] ?? assert.fail(`granted: ${JSON.stringify(reply)}`);
const granted = (replies) => replies.filter((reply) => reply.grant).length;

test('1,000 asks at once against a cap of 40: 40 grants, 960 refusals that name the bucket', async () => {
  const object = fresh();
  const replies = await together(1_000, () => object.reserve(ask(cap(40), cap(600, 'hour', 6))));
  assert.equal(granted(replies), 40);
  const tickets = new Set(replies.flatMap(({ grant }) => (grant ? [grant.ticket.id] : [])));
  assert.equal(tickets.size, 40, 'every grant has a ticket of its own');
  for (const reply of replies.filter(({ grant }) => !grant)) {
    assert.deepEqual(refusal(reply).reason, { quota: '40-month' });
    assert.ok(refusal(reply).retryAfterMs > 0);
  }
});

test('all buckets or none', async () => {
  const object = fresh();
  const [narrow, wide] = [cap(3, 'month', 12, 'narrow'), cap(10, 'month', 12, 'wide')];
  assert.equal(granted(await together(20, () => object.reserve(ask(narrow, wide)))), 3);
  assert.equal(granted(await together(20, () => object.reserve(ask(wide)))), 7);
});

test('the first candidate with room is granted', async () => {
  const object = fresh();
  const both = {
    candidates: [
      { target: 'a@openai', buckets: [cap(2, 'month', 12, 'a')] },
      { target: 'b@openai', buckets: [cap(3, 'month', 12, 'b')] },
    ],
  };
  const order = [];
  for (let asks = 0; asks < 6; asks++) order.push((await object.reserve(both)).grant?.candidate);
  assert.deepEqual(order, [0, 0, 1, 1, 1, undefined]);
});

test('an amount that can never fit is told apart', async () => {
  const object = fresh();
  const { reason, retryAfterMs } = refusal(await object.reserve({ ...ask(cap(5)), amount: 6 }));
  assert.deepEqual(reason, { neverFits: '5-month' });
  assert.equal(retryAfterMs ?? null, null);
});

test('a window opens when the refusal said', async () => {
  const object = fresh();
  const twice = ask(cap(1, 'second', 2));
  let reply;
  await until(async () => !(reply = await object.reserve(twice)).grant, 'a refusal');
  const { retryAfterMs } = refusal(reply);
  // What was granted in its last tenth is used of the next window as well.
  assert.ok(retryAfterMs > 0 && retryAfterMs <= 2_200);
  await pause(retryAfterMs + 1); // its clock may round down
  assert.ok((await object.reserve(twice)).grant);
});

test('what was never sent is given back, once', async () => {
  const object = fresh();
  const { grant } = await object.reserve(ask(cap(1)));
  refusal(await object.reserve(ask(cap(1))));
  await together(5, () => object.settle({ ticket: grant.ticket, sent: false, verdict: 'neutral' }));
  assert.equal(granted(await together(5, () => object.reserve(ask(cap(1))))), 1);
});

test('what was sent is spent, settled or not', async () => {
  const object = fresh();
  const { grant } = await object.reserve(ask(cap(2)));
  await object.settle({ ticket: grant.ticket, sent: true, verdict: bad({}) });
  await object.reserve(ask(cap(2)));
  refusal(await object.reserve(ask(cap(2))));
});

test('a cooldown keeps a target out of use for its time, others in', async () => {
  const object = fresh();
  const { grant } = await object.reserve(ask());
  await object.settle({
    ticket: grant.ticket,
    sent: true,
    verdict: bad({ class: 'rate_limited', cooldownMs: 3_000 }),
  });
  const { reason, retryAfterMs } = refusal(await object.reserve(ask()));
  assert.deepEqual(reason, { cooldown: 'rate_limited' });
  assert.ok(retryAfterMs > 0 && retryAfterMs <= 3_000);
  assert.ok((await object.reserve({ candidates: [{ target: 'other@openai' }] })).grant);
  await pause(retryAfterMs + 1);
  assert.ok((await object.reserve(ask())).grant);
});

test('an open circuit lets one probe through, and its success closes it', async () => {
  const object = fresh();
  const circuit = { failures: 2, cooldownMs: 2_000 };
  for (let failures = 0; failures < 2; failures++) {
    const { grant } = await object.reserve(ask());
    await object.settle({ ticket: grant.ticket, sent: true, verdict: bad({ circuit }) });
  }
  assert.equal(refusal(await object.reserve(ask())).reason, 'circuit');
  await pause(2_001);
  const replies = await together(50, () => object.reserve(ask()));
  assert.equal(granted(replies), 1);
  const { grant } = replies.find((reply) => reply.grant);
  assert.ok(grant.probe && grant.report);
  assert.equal(refusal(replies.find((reply) => reply.denial)).reason, 'probing');
  await object.settle({ ticket: grant.ticket, sent: true, verdict: 'good' });
  assert.equal(granted(await together(50, () => object.reserve(ask()))), 50);
});

test('objects do not share anything', async () => {
  const [one, two] = [fresh(), fresh()];
  await one.reserve(ask(cap(1)));
  assert.ok((await two.reserve(ask(cap(1)))).grant);
});

test('messages that cannot be read are refused, and the object goes on', async () => {
  const object = fresh();
  for (const text of [
    '',
    'nonsense',
    '{}',
    '[]',
    'null',
    '{"candidates":[{"target":7}]}',
    '{"candidates":[{"target":"m@openai","buckets":[{"id":"x","limit":-1,"unit":"month","size":1}]}]}',
    '{"candidates":[{"target":"m@openai","buckets":[{"id":"x","limit":1,"unit":"fortnight","size":1}]}]}',
    '['.repeat(10_000),
  ]) {
    await assert.rejects(object.raw('reserve', text), `reserve took ${text.slice(0, 40)}`);
    await assert.rejects(object.raw('settle', text), `settle took ${text.slice(0, 40)}`);
  }
  assert.ok((await object.reserve(ask(cap(1)))).grant);
});

test('a window of no size or far too many grants nothing and harms nothing', async () => {
  const object = fresh();
  for (const size of [0, 4_294_967_295]) {
    const reply = await object.reserve(ask({ ...cap(1), size })).catch(() => undefined);
    assert.ok(reply === undefined || reply.denial || reply.grant);
  }
  assert.ok((await object.reserve(ask(cap(1)))).grant);
});

test('later fields are ignored, absent ones have their default', async () => {
  const object = fresh();
  const reply = await object.reserve({
    candidates: [{ target: 'm@openai', later: 1, buckets: [{ ...cap(1), later: 2 }] }],
    later: 3,
  });
  assert.equal(reply.grant.candidate, 0);
  assert.ok((await object.reserve({ candidates: [{ target: 'm@openai' }] })).grant);
});

test('counts, cooldowns and settled tickets survive a restart', async (t) => {
  const first = await startObjects(t);
  const object = first.object('kept');
  const { grant } = await object.reserve(ask(cap(3)));
  await object.settle({ ticket: grant.ticket, sent: false, verdict: 'neutral' });
  const second = await object.reserve(ask(cap(3)));
  await object.reserve(ask(cap(3)));
  await object.settle({
    ticket: second.grant.ticket,
    sent: true,
    verdict: bad({ class: 'rate_limited', cooldownMs: 3_600_000 }),
  });
  await first.stop();

  const again = (await startObjects(t, { state: first.state })).object('kept');
  assert.deepEqual(refusal(await again.reserve(ask(cap(3)))).reason, { cooldown: 'rate_limited' });
  await again.settle({ ticket: grant.ticket, sent: false, verdict: 'neutral' }); // a second time: changes nothing
  const other = { candidates: [{ target: 'other@openai', buckets: [cap(3)] }] };
  assert.equal(granted(await together(5, () => again.reserve(other))), 1);
});

test('under load many reservations share a write', async (t) => {
  const object = fresh();
  await object.reserve(ask(cap(1_000_000)));
  const before = await object.inspect();
  await together(500, () =>
    object.reserve(ask(cap(1_000_000), cap(1_000_000, 'hour', 6), cap(1_000_000, 'minute', 1))),
  );
  const now = await object.inspect();
  const rows = (now.rowsWritten - before.rowsWritten) / (now.reservations - before.reservations);
  t.diagnostic(`${rows.toFixed(3)} rows written a reservation`);
  assert.equal(now.reservations - before.reservations, 500);
  assert.ok(rows <= 0.5, `${rows} rows written a reservation`);
});
