// A panic fails one request. Built with faults to provoke: `build-fault/`.

import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { open, send, tally, together, until, within } from './harness/client.mjs';
import { CHAT_PATH, KEY, bucket, cap, chat, config, openaiProvider } from './harness/configs.mjs';
import { completionChunks, stream200 } from './harness/replies.mjs';
import { gatewayFor, upstreamFor } from './harness/setup.mjs';
import { FAULT_BUNDLE, hasBundle } from './harness/workerd.mjs';

/** Panics unwind; a stack overflow is a trap, which costs the wasm instance. */
const PANICS = ['panic', 'object-panic'];
const FAULTS = [...PANICS, 'overflow'];
const skip = hasBundle(FAULT_BUNDLE) ? false : `no ${FAULT_BUNDLE}/`;
const upstream = await upstreamFor({ after });
beforeEach(() => upstream.reset());

/** Without leases every request asks the object, whose panic is one of the faults. */
const start = (t, rateLimits = [cap(10_000)], leases = { max: 1 }) =>
  gatewayFor(t, { config: config([openaiProvider(upstream, { rateLimits, leases })]), bundle: FAULT_BUNDLE });
const options = (fault, rest = {}) => ({
  path: CHAT_PATH,
  key: KEY,
  body: chat('alpha/gpt-a', rest),
  headers: fault ? { 'x-llm-router-fault': fault } : {},
});

for (const fault of PANICS) {
  test(`${fault}: one request fails, those in flight complete, the gateway goes on`, { skip }, async (t) => {
    const gateway = await start(t);
    const events = completionChunks('gpt-a');
    let proceed;
    const seen = new Promise((resolve) => (proceed = resolve));
    const chunks = async function* () {
      yield events[0];
      await seen;
      yield* events.slice(1);
    };
    upstream.script((request) => (request.json.stream ? stream200(chunks()) : undefined));
    const streams = await together(10, () => open(gateway.url, options(undefined, { stream: true })));
    upstream.script(async () => (await seen, undefined));
    const waiting = together(10, () => send(gateway.url, options()));
    await upstream.request(20);

    const failed = await within(send(gateway.url, options(fault)), 'the request that panics', 10_000);
    assert.ok(failed.status >= 500, `${failed.status} ${failed.text}`);
    assert.ok(!/panicked|\.rs:|wasm/.test(failed.text), `shows its insides: ${failed.text}`);
    const id = failed.headers['x-request-id'];
    assert.match(id, /^req_[0-9a-f]{24}$/);
    await until(() => gateway.stderr().includes(`"id":"${id}"`), 'its line in the log');

    proceed();
    assert.deepEqual(tally(await within(waiting, 'requests in flight')), { 200: 10 });
    for (const { stream } of streams) {
      const parts = [];
      await within(
        (async () => {
          for await (const part of stream) parts.push(part);
        })(),
        'streams in flight',
      );
      assert.equal(Buffer.concat(parts).toString(), events.join(''));
    }
    upstream.script();
    assert.deepEqual(tally(await together(20, () => send(gateway.url, options()))), { 200: 20 });
  });
}

test('overflow: nobody hangs, and the gateway goes on', { skip }, async (t) => {
  const gateway = await start(t);
  let proceed;
  const seen = new Promise((resolve) => (proceed = resolve));
  upstream.script(async () => (await seen, undefined));
  const waiting = together(10, () => send(gateway.url, options()));
  await upstream.request(10);
  const failed = await within(send(gateway.url, options('overflow')), 'the request that overflows', 10_000);
  assert.ok(failed.status >= 500);
  proceed();
  for (const { status } of await within(waiting, 'requests in flight'))
    assert.ok([200, 500].includes(status));
  assert.deepEqual(tally(await together(20, () => send(gateway.url, options()))), { 200: 20 });
});

for (const fault of PANICS) {
  test(`${fault}: whoever waits for the lease that it asked for goes on`, { skip }, async (t) => {
    const gateway = await start(t, undefined, {});
    for (let wave = 0; wave < 4; wave++) {
      const responses = await within(
        together(200, (index) => send(gateway.url, options(index % 10 === 0 ? fault : undefined))),
        'all of them',
      );
      const { 200: served = 0, ...others } = tally(responses);
      assert.ok(served >= 100, `${served} served, ${JSON.stringify(others)}`);
    }
    const { usage } = await gateway.object('alpha', 'inspect');
    assert.ok(usage[0].used >= upstream.requests.length, `${usage[0].used} of ${upstream.requests.length}`);
    assert.deepEqual(tally(await together(20, () => send(gateway.url, options()))), { 200: 20 });
  });
}

for (const [fault, leases] of FAULTS.flatMap((fault) => [
  [fault, { max: 1 }],
  [fault, {}],
])) {
  test(`${fault}, leases ${JSON.stringify(leases)}: no cap is passed for it`, { skip }, async (t) => {
    const gateway = await start(t, [bucket(30, 'month', 12)], leases);
    const responses = await within(
      together(100, (index) =>
        send(gateway.url, options(index % 5 === 0 ? fault : undefined)).catch((error) => ({
          status: error.code,
        })),
      ),
      'all of them',
    );
    assert.ok(upstream.requests.length <= 30, `${upstream.requests.length} sent of 30`);
    if (PANICS.includes(fault)) assert.ok(tally(responses)[200] >= 10, JSON.stringify(tally(responses)));
    await together(50, () => send(gateway.url, options()));
    assert.ok(upstream.requests.length <= 30, `${upstream.requests.length} sent of 30`);
    await gateway.restart();
    await together(50, () => send(gateway.url, options()));
    assert.ok(upstream.requests.length <= 30, `${upstream.requests.length} sent of 30`);
  });
}

test('faults cannot be provoked in the released bundle', async (t) => {
  const gateway = await gatewayFor(t, { config: config([openaiProvider(upstream)]) });
  for (const fault of FAULTS) assert.equal((await send(gateway.url, options(fault))).status, 200);
});
