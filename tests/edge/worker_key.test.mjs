// `llm-router worker-key`: another key for a gateway that runs, in one step.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../worker/harness/client.mjs';
import { KEY } from '../worker/harness/configs.mjs';
import { TEXT } from '../worker/harness/replies.mjs';
import { deployedOf } from './harness/cloudflare/versions.mjs';
import { complete, converse, gatewayConfig, models } from './harness/gateway.mjs';
import { sceneFor, shownKey, succeeded } from './harness/setup.mjs';

const OTHER_KEY = 'gw_Other-key-9876543210-zyxwvutsrqpo';

/** A scene in which a gateway runs. */
async function deployedFor(t, options) {
  const scene = await sceneFor(t, options);
  succeeded(await scene.deploy());
  assert.equal(await complete(scene.url, KEY), TEXT);
  scene.api.reset();
  return scene;
}

describe('a new key', () => {
  test('is generated, shown once, and at the end the old one opens no more', async (t) => {
    const { api, url, script, workerKey } = await deployedFor(t);
    const ended = await workerKey('--generate-master-key=true');
    succeeded(ended);
    const key = shownKey(ended);
    assert.equal(ended.output.split(key).length, 2, 'once');
    assert.equal(await complete(url, key), TEXT);
    assert.equal(await converse(url, key), TEXT);
    assert.equal(await complete(url, KEY), 401);
    assert.equal(script().versions.length, 2);
    assert.equal(api.calls.filter(({ method }) => method !== 'GET').length, 1);
  });

  test('may come from standard input', async (t) => {
    const { url, machine, workerKey } = await deployedFor(t);
    succeeded(
      await machine.run(['worker-key', '--master-key-stdin', `--verify-url=${url}`], {
        input: `${OTHER_KEY}\n`,
      }),
    );
    assert.equal(await complete(url, OTHER_KEY), TEXT);
    assert.equal(await complete(url, KEY), 401);
    const weak = await machine.run(['worker-key', '--master-key-stdin', `--verify-url=${url}`], {
      input: 'gw_weak\n',
    });
    assert.equal(weak.status, 2, weak.output);
    assert.equal(await complete(url, OTHER_KEY), TEXT);
    succeeded(await workerKey('--use-config-key=true'));
    assert.equal(await complete(url, KEY), TEXT);
  });

  test('is there for all before the command ends, though the edge is late', async (t) => {
    const { edge, url, workerKey } = await deployedFor(t);
    edge.lag = 3;
    const ended = await workerKey('--generate-master-key=true');
    succeeded(ended);
    assert.equal(await complete(url, KEY), 401);
    assert.equal(await complete(url, shownKey(ended)), TEXT);
  });

  test('that does not open is taken back', async (t) => {
    const { edge, url, script, deploy, workerKey } = await deployedFor(t);
    const before = deployedOf(script());
    edge.broken = ({ number }) => number === 2;
    const ended = await workerKey('--generate-master-key=true', '--verify-timeout=1');
    assert.equal(ended.status, 1, ended.output);
    assert.equal(deployedOf(script()), before);
    assert.equal(await complete(url, KEY), TEXT);
    edge.broken = () => false;
    // What would be edited now is the version that failed.
    const refused = await workerKey('--generate-master-key=true');
    assert.equal(refused.status, 1, refused.output);
    assert.match(refused.stderr, /deploy --force/);
    assert.equal(await complete(url, KEY), TEXT);
    const anew = await deploy('--force', '--generate-master-key=true');
    succeeded(anew);
    assert.equal(await complete(url, shownKey(anew)), TEXT);
    const again = await workerKey('--generate-master-key=true');
    succeeded(again);
    assert.equal(await complete(url, shownKey(again)), TEXT);
    assert.deepEqual([await complete(url, KEY), await complete(url, shownKey(anew))], [401, 401]);
  });

  test('leaves the one before valid for as long as is asked', async (t) => {
    const { url, workerKey } = await deployedFor(t);
    const ended = await workerKey('--generate-master-key=true', '--grace=1h');
    succeeded(ended);
    assert.equal(await complete(url, KEY), TEXT);
    assert.equal(await complete(url, shownKey(ended)), TEXT);
    // Rotated again without: neither of the keys before opens.
    const again = await workerKey('--generate-master-key=true');
    succeeded(again);
    assert.deepEqual([await complete(url, KEY), await complete(url, shownKey(ended))], [401, 401]);
    assert.equal(await complete(url, shownKey(again)), TEXT);
  });

  test('ends the grace of the one before by itself', async (t) => {
    const { url, workerKey } = await deployedFor(t);
    const ended = await workerKey('--generate-master-key=true', '--grace=20s');
    succeeded(ended);
    await until(async () => (await complete(url, KEY)) === 401, 'the end of the grace');
    assert.equal(await complete(url, shownKey(ended)), TEXT);
  });
});

describe('deploy and worker-key agree about the key', () => {
  test('the last change wins, wherever it was made', async (t) => {
    const { url, machine, deploy, workerKey } = await deployedFor(t);
    const key = shownKey(await workerKey('--generate-master-key=true'));
    machine.setConfig(gatewayConfig({ alpha: { models: [{ id: 'gpt-a' }, { id: 'gpt-new' }] } }));
    succeeded(await deploy());
    assert.equal(await complete(url, key, 'alpha/gpt-new'), TEXT, 'the config has still the key from before');
    assert.equal(await complete(url, KEY), 401);

    machine.setConfig(gatewayConfig({ masterKey: OTHER_KEY }));
    succeeded(await deploy());
    assert.equal(await complete(url, OTHER_KEY), TEXT);
    assert.equal(await complete(url, key), 401);

    const generated = await deploy('--generate-master-key=true');
    succeeded(generated);
    assert.equal(await complete(url, shownKey(generated)), TEXT);
    assert.equal(await complete(url, OTHER_KEY), 401);
  });
});

describe('nothing changes', () => {
  test('with --dry-run', async (t) => {
    const { api, machine, workerKey } = await deployedFor(t);
    succeeded(await workerKey('--generate-master-key=true', '--dry-run'));
    assert.deepEqual(api.calls, []);
    machine.assertSecret([KEY, api.token]);
  });

  test('where there is no such Worker', async (t) => {
    const { api, workerKey } = await sceneFor(t);
    const ended = await workerKey('--generate-master-key=true', '--name=elsewhere');
    assert.notEqual(ended.status, 0);
    assert.match(ended.stderr, /elsewhere/);
    assert.equal(api.account.scripts.size, 0);
  });

  test('with a token that does not count', async (t) => {
    const { api, url, machine } = await deployedFor(t);
    const env = { CLOUDFLARE_API_TOKEN: api.addToken('user', 'expired') };
    const ended = await machine.run(['worker-key', '--generate-master-key=true', `--verify-url=${url}`], {
      env,
    });
    assert.notEqual(ended.status, 0);
    assert.ok(Array.isArray(await models(url, KEY)));
  });
});
