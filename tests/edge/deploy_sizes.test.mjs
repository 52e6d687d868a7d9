// Configs of every size: one variable holds 5 KB, on every plan, and a Worker has 64 or 128 of them.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KEY } from '../worker/harness/configs.mjs';
import { TEXT } from '../worker/harness/replies.mjs';
import { newAccount } from './harness/cloudflare/account.mjs';
import { deployedOf } from './harness/cloudflare/versions.mjs';
import { complete, configOf, gatewayConfig, models } from './harness/gateway.mjs';
import { sceneFor, succeeded } from './harness/setup.mjs';

const free = () => [newAccount({ plan: 'free' })];
const count = (config) => config.providers.flatMap((provider) => provider.models).length;
const parts = (script) =>
  deployedOf(script).bindings.filter(({ name }) => name.startsWith('LLM_ROUTER_CONFIG_JSON')).length;

describe('a config of', () => {
  for (const [name, bytes] of Object.entries({
    '1 KB': 1024,
    '4.9 KB': 4900,
    '5.1 KB': 5220,
    '60 KB': 60_000,
  })) {
    test(`${name} is deployed, on the free plan too`, async (t) => {
      const config = configOf(bytes);
      const { url, deploy } = await sceneFor(t, { config, accounts: free() });
      succeeded(await deploy());
      assert.equal((await models(url, KEY)).length, count(config));
      assert.equal(await complete(url, KEY), TEXT);
    });
  }

  test('300 KB is deployed where the plan has room for it', async (t) => {
    const config = configOf(300_000);
    const { url, deploy } = await sceneFor(t, { config, accounts: free() });
    succeeded(await deploy());
    assert.equal((await models(url, KEY)).length, count(config));
  });

  test('400 KB is too large for the free plan, which says so and leaves nothing', async (t) => {
    const { url, deploy } = await sceneFor(t, { config: configOf(400_000), accounts: free() });
    const ended = await deploy();
    assert.notEqual(ended.status, 0);
    assert.match(ended.stderr, /64/);
    assert.equal(await models(url, KEY), 404);
  });

  test('700 KB is too large for any plan, which is known without a call', async (t) => {
    const { api, deploy } = await sceneFor(t, { config: configOf(700_000) });
    const ended = await deploy();
    assert.equal(ended.status, 2, ended.output);
    assert.match(ended.stderr, /at most/);
    assert.deepEqual(
      api.calls.filter(({ method }) => method !== 'GET'),
      [],
    );
  });
});

test('a config that grows and shrinks leaves no part of the one before', async (t) => {
  const { url, script, machine, deploy } = await sceneFor(t, { config: configOf(20_000) });
  succeeded(await deploy());
  const many = parts(script());
  assert.ok(many >= 4, `${many} parts`);
  for (const config of [
    configOf(60_000),
    configOf(12_000),
    gatewayConfig(),
    configOf(5220),
    gatewayConfig(),
  ]) {
    machine.setConfig(config);
    succeeded(await deploy());
    assert.equal((await models(url, KEY)).length, count(config));
    assert.ok(parts(script()) <= Math.ceil(JSON.stringify(config).length / 4000) + 1, 'stale parts are gone');
  }
});
