// What a gateway with one provider, `alpha`, and its bucket `cap` says of leases.

import assert from 'node:assert/strict';
import { ask } from './bench.mjs';
import { send, tally, together, until } from './client.mjs';
import { KEY } from './configs.mjs';

/** The largest there may be. */
export const LONG = { leases: { max: 1_000, ttlMs: 20_000 } };
/** Longer than any lease, and than it takes to give it back. */
export const RETURNED_MS = 60_000;

export const inspect = (gateway) => gateway.object('alpha', 'inspect');
export const usedOf = (inspected, id = 'cap') =>
  inspected.usage.find(({ counter }) => counter.startsWith(`${id}|`))?.used ?? 0;
export const statusOf = async (gateway) =>
  (await send(gateway.url, { method: 'GET', path: '/v1/status', key: KEY })).json.providers[0];

/** Asserts that leases were granted, or none. */
export async function assertLeased(gateway, leased) {
  const { grants, reservations } = await inspect(gateway);
  if (leased) assert.ok(grants < reservations, `${reservations} reservations in ${grants} grants`);
  else assert.equal(grants, reservations);
}

/** Sends waves of what `call` sends until `done()`; no wave takes `sent()` over `limit`. How many got 200. */
export async function waves(size, { limit, sent, call, done }) {
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
export async function untilHeld(gateway, sent, url = gateway.url) {
  await until(async () => {
    await together(20, () => ask(url));
    const inspected = await inspect(gateway);
    return inspected.leases > 0 && usedOf(inspected) > sent() + 20;
  }, 'a lease with units left');
}
