// A Cloudflare of one's own: the API, the edge and a provider behind it. `t` is a test's context, or `{after}`
// for a whole file.

import assert from 'node:assert/strict';
import { startUpstream } from '../../worker/harness/upstream.mjs';
import { newAccount } from './cloudflare/account.mjs';
import { startApi } from './api.mjs';
import { startEdge } from './edge.mjs';

/** `{api, edge, upstream}`. After the test no request may have been other than the API describes it. */
export async function cloudflareFor(t, { accounts = [newAccount()] } = {}) {
  const api = await startApi(accounts);
  const upstream = await startUpstream();
  const edge = await startEdge(api, { upstream });
  t.after(async () => {
    await edge.close();
    await upstream.close();
    await api.close();
    assert.deepEqual(api.problems, [], 'requests that are not as the API describes them');
  });
  return { api, edge, upstream };
}
