// An update that fails at any call leaves a gateway that works, closed to all but its key.

import assert from 'node:assert/strict';
import { KEY } from '../worker/harness/configs.mjs';
import { TEXT } from '../worker/harness/replies.mjs';
import { deployedAccount, failAtEveryCall } from './harness/failures.mjs';
import { complete, gatewayConfig, models } from './harness/gateway.mjs';

const deployed = await deployedAccount();

async function works({ url }) {
  assert.equal(await complete(url, KEY), TEXT);
  assert.equal(await models(url), 401);
}

await failAtEveryCall('an update', {
  account: () => structuredClone(deployed),
  config: gatewayConfig({ alpha: { models: [{ id: 'gpt-a' }, { id: 'gpt-new' }] } }),
  run: ({ deploy }) => deploy(),
  async succeeded({ url }) {
    assert.equal(await complete(url, KEY, 'alpha/gpt-new'), TEXT);
  },
  failed: works,
  killed: works,
});
