// What `llm-router deploy` does not do, and what it says when Cloudflare does not let it.

import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { KEY } from '../worker/harness/configs.mjs';
import { newAccount } from './harness/cloudflare/account.mjs';
import { PROVIDER_KEYS, gatewayConfig, models } from './harness/gateway.mjs';
import { HOST, sceneFor, succeeded, uploadOther } from './harness/setup.mjs';

const several = (count) =>
  Array.from({ length: count }, (_, number) => newAccount({ name: `Account ${number}` }));

describe('without a call', () => {
  test('--dry-run shows the plan, secrets masked', async (t) => {
    const { api, machine, deploy } = await sceneFor(t);
    const ended = await deploy('--dry-run');
    succeeded(ended);
    assert.deepEqual(api.calls, []);
    for (const part of [HOST, 'llm-router', 'PROVIDERS', 'LLM_ROUTER_CONFIG_JSON'])
      assert.ok(ended.output.includes(part), part);
    machine.assertSecret([KEY, ...PROVIDER_KEYS, api.token]);
  });

  test('--export-only writes what would be uploaded, for nobody else to read', async (t) => {
    const { api, machine, deploy } = await sceneFor(t);
    succeeded(await deploy('--export-only'));
    assert.deepEqual(api.calls, []);
    const file = join(machine.project, '.llm-router.worker.json');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const text = readFileSync(file, 'utf8');
    assert.deepEqual(
      JSON.parse(text).providers.map(({ apiKey }) => apiKey),
      PROVIDER_KEYS,
    );
    assert.equal(
      text.trimEnd(),
      JSON.stringify(JSON.parse(text)),
      'byte for byte what counts against the limit',
    );
  });

  test('no token, no provider and a weak key end with what to do', async (t) => {
    const { api, machine, deploy } = await sceneFor(t);
    const none = { env: { CLOUDFLARE_API_TOKEN: '' } };
    const ended = await machine.run(['deploy', `--domain=${HOST}`], none);
    assert.equal(ended.status, 2, ended.output);
    assert.match(ended.stderr, /CLOUDFLARE_API_TOKEN/);
    machine.setConfig({ version: 2, masterKey: KEY, providers: [] });
    assert.equal((await deploy()).status, 2, 'no provider');
    machine.setConfig({ ...gatewayConfig(), masterKey: 'short' });
    assert.equal((await deploy()).status, 2, 'a key that can be guessed');
    assert.deepEqual(
      api.calls.filter(({ method }) => method !== 'GET'),
      [],
    );
  });
});

describe('what belongs to another Worker stays with it', () => {
  const taken = {
    domain: [`--domain=${HOST}`, ({ account }) => account.domains],
    route: ['--route-pattern=api.example.com/*', ({ account }) => account.zones[0].routes],
  };
  for (const [what, [flag, list]] of Object.entries(taken)) {
    test(`a ${what}`, async (t) => {
      const { api, machine } = await sceneFor(t);
      await uploadOther(api, 'other');
      const ids = {
        id: 'i',
        cert_id: 'c',
        environment: 'production',
        zone_id: 'z',
        zone_name: 'example.com',
      };
      const own = { domain: { ...ids, hostname: HOST, service: 'other' } };
      own.route = { id: 'i', pattern: 'api.example.com/*', script: 'other' };
      list(api).push(own[what]);
      const ended = await machine.run(['deploy', flag, '--skip-verify']);
      assert.notEqual(ended.status, 0, ended.output);
      assert.match(ended.stderr, /other/);
      assert.deepEqual([...api.account.scripts.keys()], ['other']);
      assert.deepEqual(list(api), [own[what]]);
    });
  }

  test('its name, whatever it does', async (t) => {
    const { api, script, deploy } = await sceneFor(t);
    await uploadOther(api, 'llm-router');
    const ended = await deploy();
    assert.equal(ended.status, 2, ended.output);
    assert.match(ended.stderr, /--name/);
    assert.equal(script().versions.length, 1);
    assert.deepEqual(api.account.domains, []);
  });
});

describe('tokens and accounts', () => {
  test('a token that an account owns is as good', async (t) => {
    const { api, machine, url } = await sceneFor(t);
    const token = api.addToken('account');
    const args = ['deploy', `--domain=${HOST}`, `--verify-url=${url}`];
    succeeded(
      await machine.run([...args, `--account-id=${api.account.id}`], {
        env: { CLOUDFLARE_API_TOKEN: token },
      }),
    );
    assert.deepEqual((await models(url, KEY)).length, 2);
  });

  test('a token by its other name is as good', async (t) => {
    const { api, machine, url } = await sceneFor(t);
    const env = { CLOUDFLARE_API_TOKEN: '', CF_API_TOKEN: api.token };
    succeeded(await machine.run(['deploy', `--domain=${HOST}`, `--verify-url=${url}`], { env }));
  });

  for (const status of ['expired', 'disabled']) {
    test(`a token that is ${status} is told apart, and nothing changes`, async (t) => {
      const { api, machine } = await sceneFor(t);
      const token = api.addToken('user', status);
      const ended = await machine.run(['deploy', `--domain=${HOST}`], {
        env: { CLOUDFLARE_API_TOKEN: token },
      });
      assert.notEqual(ended.status, 0);
      assert.match(ended.stderr, new RegExp(status));
      assert.doesNotMatch(ended.output, /verified/i);
      assert.equal(api.account.scripts.size, 0);
      machine.assertSecret([token, KEY]);
    });
  }

  test('of several accounts one has to be named, also one of the second page', async (t) => {
    const { api, url, machine } = await sceneFor(t, { accounts: several(70) });
    const args = ['deploy', `--domain=${HOST}`, `--verify-url=${url}`];
    const unnamed = await machine.run(args);
    assert.equal(unnamed.status, 2, unnamed.output);
    assert.match(unnamed.stderr, /--account-id/);
    assert.match(unnamed.stderr, new RegExp(api.accounts[69].id));
    api.accounts[69].zones[0].name = 'example.org';
    const last = [
      'deploy',
      '--domain=gw.example.org',
      `--account-id=${api.accounts[69].id}`,
      '--skip-verify',
    ];
    succeeded(await machine.run(last));
    assert.deepEqual(api.accounts.map(({ scripts }) => scripts.size).indexOf(1), 69);
  });
});

describe('what the API refuses becomes a sentence', () => {
  test('a new account has no workers.dev subdomain yet', async (t) => {
    const { deploy } = await sceneFor(t, { accounts: [newAccount({ subdomain: null })] });
    const ended = await deploy();
    assert.equal(ended.status, 1, ended.output);
    assert.match(ended.stderr, /workers\.dev/);
    assert.match(ended.stderr, /dash/);
  });

  test('classes of the Worker that came by other migrations', async (t) => {
    const { api, script, machine, deploy } = await sceneFor(t);
    succeeded(await deploy());
    script().migration_tag = 'v9';
    for (const version of script().versions) version.migration_tag = 'v9';
    const before = script().versions.length;
    machine.setConfig({
      ...JSON.parse(readFileSync(machine.config, 'utf8')),
      modelAliases: { fast: { targets: ['alpha/gpt-a'] } },
    });
    api.reset();
    const ended = await deploy();
    assert.notEqual(ended.status, 0, ended.output);
    assert.match(ended.stderr, /v9/);
    assert.equal(script().versions.length, before);
  });

  test('what it is not is JSON', async (t) => {
    const { deploy } = await sceneFor(t, { accounts: [newAccount({ subdomain: null })] });
    const ended = await deploy('--json');
    assert.equal(ended.json.ok, false);
    assert.equal(ended.json.exitCode, ended.status);
    assert.match(ended.json.error.message + ended.json.error.hint, /workers\.dev/);
  });
});
