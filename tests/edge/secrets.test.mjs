// Where secrets go: to Cloudflare, and nowhere else. One machine lives through everything that handles them.

import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { KEY } from '../worker/harness/configs.mjs';
import { PROVIDER_KEYS, complete, gatewayConfig } from './harness/gateway.mjs';
import { HOST, sceneFor, shownKey, succeeded } from './harness/setup.mjs';
import { TEXT } from '../worker/harness/replies.mjs';

const TYPED_KEY = 'gw_Typed-key-5555566666-abcdefabcdef';

test('no secret is in an argument, in output, in a log or in a file', async (t) => {
  const { api, edge, url, machine, deploy, workerKey } = await sceneFor(t);
  const loud = { RUST_LOG: 'trace', LLM_ROUTER_DEBUG: 'true', RUST_BACKTRACE: 'full' };
  const target = [`--domain=${HOST}`, `--verify-url=${url}`];

  succeeded(await deploy('--dry-run'));
  succeeded(await machine.run(['deploy', ...target], { env: loud }));
  machine.setConfig(gatewayConfig({ modelAliases: { fast: { targets: [{ ref: 'alpha/gpt-a' }] } } }));
  succeeded(await machine.run(['deploy', ...target, '--json'], { env: loud }));

  const generated = shownKey(await workerKey('--generate-master-key=true'));
  const json = await workerKey('--generate-master-key=true', '--json');
  succeeded(json);
  const second = shownKey(json);
  const stdin = ['worker-key', '--master-key-stdin', `--verify-url=${url}`];
  succeeded(await machine.run(stdin, { env: loud, input: TYPED_KEY }));
  assert.equal(await complete(url, TYPED_KEY), TEXT);

  // Failures say more than successes do.
  machine.setConfig(gatewayConfig());
  edge.broken = () => true;
  assert.equal((await deploy('--verify-timeout=1')).status, 1);
  edge.broken = () => false;
  for (const kind of ['error', 'cut']) {
    api.fault = ({ method }) => (method === 'GET' ? undefined : kind);
    assert.equal((await machine.run(['deploy', ...target, '--force'], { env: loud })).status, 1);
    assert.notEqual((await workerKey('--use-config-key=true')).status, 0);
  }
  api.reset();
  const unknown = { env: { CLOUDFLARE_API_TOKEN: 'unknown-token-0123456789' } };
  assert.notEqual((await machine.run(['deploy', ...target], unknown)).status, 0);

  if (process.platform === 'linux') assert.ok(machine.commandLines.size > 0, 'seen while they ran');
  machine.assertSecret([KEY, TYPED_KEY, ...PROVIDER_KEYS, api.token, 'unknown-token-0123456789'], {
    shown: [generated, second],
  });
  assert.equal(statSync(machine.config).mode & 0o777, 0o600);
});
