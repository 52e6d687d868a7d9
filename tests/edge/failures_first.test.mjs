// A first deployment that fails at any call has opened nothing.

import assert from 'node:assert/strict';
import { KEY } from '../worker/harness/configs.mjs';
import { TEXT } from '../worker/harness/replies.mjs';
import { newAccount } from './harness/cloudflare/account.mjs';
import { failAtEveryCall } from './harness/failures.mjs';
import { complete, gatewayConfig, models } from './harness/gateway.mjs';

async function isClosed({ url, edge, api, upstream }) {
  for (const address of [url, await edge.at('llm-router.acme.workers.dev')])
    assert.ok([401, 404].includes(await models(address)), 'it is not there, or closed');
  for (const { subdomain } of api.account.scripts.values()) assert.equal(subdomain.previews_enabled, false);
  assert.equal(upstream.requests.length, 0);
}

await failAtEveryCall('a first deployment', {
  account: () => newAccount(),
  config: gatewayConfig(),
  run: ({ deploy }) => deploy(),
  async succeeded({ url }) {
    assert.equal(await complete(url, KEY), TEXT);
  },
  failed: isClosed,
  killed: isClosed,
});
