// A change of the key that fails at any call locks nobody out and lets nobody in.

import assert from 'node:assert/strict';
import { KEY } from '../worker/harness/configs.mjs';
import { TEXT } from '../worker/harness/replies.mjs';
import { deployedAccount, failAtEveryCall } from './harness/failures.mjs';
import { complete, gatewayConfig, models, opens } from './harness/gateway.mjs';
import { saidKey, shownKey } from './harness/setup.mjs';

const deployed = await deployedAccount();

await failAtEveryCall('another key', {
  account: () => structuredClone(deployed),
  config: gatewayConfig(),
  run: ({ workerKey }) => workerKey('--generate-master-key=true'),
  async succeeded({ url }, ended) {
    assert.equal(await complete(url, shownKey(ended)), TEXT);
    assert.equal(await complete(url, KEY), 401);
  },
  /** A change of which nobody heard cannot be taken back either: then the new key has to be said. */
  async failed({ url }, ended) {
    const key = saidKey(ended);
    assert.ok((await opens(url, KEY)) || (key && (await opens(url, key))), `locked out:\n${ended.output}`);
    assert.equal(await models(url), 401);
  },
});
