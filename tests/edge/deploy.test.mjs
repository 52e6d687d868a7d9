// `llm-router deploy` against the local API; what it uploaded runs, and real SDKs talk to it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { KEY, cap } from '../worker/harness/configs.mjs';
import { ROOT } from '../worker/harness/names.mjs';
import { TEXT } from '../worker/harness/replies.mjs';
import { deployedOf, latestOf } from './harness/cloudflare/versions.mjs';
import { PROVIDER_KEYS, complete, converse, gatewayConfig, models } from './harness/gateway.mjs';
import { HOST, sceneFor, succeeded } from './harness/setup.mjs';

const capped = (requests, more = {}) => gatewayConfig({ alpha: { rateLimits: [cap(requests)], ...more } });
const changes = (api) => api.calls.filter(({ method }) => method !== 'GET');

describe('a first deployment', () => {
  test('is one upload, closed but to the key, and holds the caps', async (t) => {
    const { api, upstream, edge, url, script, deploy } = await sceneFor(t, { config: capped(3) });
    succeeded(await deploy());

    const uploads = changes(api).filter(({ name }) =>
      /scripts\/\{script_name\}(\/versions|\/secrets.*)?$/.test(name),
    );
    assert.deepEqual(
      uploads.map(({ method }) => method),
      ['PUT'],
    );
    assert.equal(script().versions.length, 1);
    for (const { type, text } of script().versions[0].bindings)
      if (type !== 'secret_text')
        assert.ok(![KEY, ...PROVIDER_KEYS].some((secret) => text?.includes(secret)));
    assert.deepEqual(script().subdomain, { enabled: false, previews_enabled: false });
    assert.deepEqual(
      api.account.domains.map(({ hostname, service }) => [hostname, service]),
      [[HOST, 'llm-router']],
    );

    assert.equal(await converse(url, KEY), TEXT);
    const answers = [];
    for (let call = 0; call < 5; call++) answers.push(await complete(url, KEY));
    assert.deepEqual(answers, [TEXT, TEXT, TEXT, 429, 429]);
    assert.deepEqual(
      new Set(upstream.requests.map(({ headers }) => headers['x-api-key'] ?? headers.authorization)),
      new Set([PROVIDER_KEYS[1], `Bearer ${PROVIDER_KEYS[0]}`]),
    );
    assert.equal(await complete(url, 'gw_wrong'), 401);
    assert.equal(await models(url), 401);
    assert.equal(await models(await edge.at('llm-router.acme.workers.dev'), KEY), 404);
  });

  test('that does not answer leaves nothing open, and says so', async (t) => {
    const { edge, upstream, url, deploy } = await sceneFor(t);
    edge.broken = () => true;
    const ended = await deploy('--verify-timeout=1');
    assert.equal(ended.status, 1, ended.output);
    edge.broken = () => false;
    assert.ok([401, 404].includes(await models(url)));
    assert.equal(upstream.requests.length, 0);
    succeeded(await deploy());
    assert.equal(await complete(url, KEY), TEXT);
  });

  test('waits until the address answers', async (t) => {
    const { edge, url, deploy } = await sceneFor(t);
    let asked = 0;
    edge.broken = () => ++asked <= 3;
    succeeded(await deploy());
    assert.equal(await complete(url, KEY), TEXT);
  });
});

describe('a second deployment', () => {
  test('of the same changes nothing and says so', async (t) => {
    const { api, script, deploy } = await sceneFor(t);
    succeeded(await deploy());
    const { versions, deployments } = structuredClone(script());
    api.reset();
    const again = await deploy();
    succeeded(again);
    assert.deepEqual(changes(api), []);
    assert.match(again.output, /nothing (has )?changed|unchanged|up to date/i);
    assert.equal(script().versions.length, versions.length);
    assert.equal(script().deployments.length, deployments.length);
  });

  test('of another config keeps what the objects know, and what is not ours', async (t) => {
    const { api, url, script, machine, deploy } = await sceneFor(t, { config: capped(4) });
    succeeded(await deploy());
    assert.deepEqual([await complete(url, KEY), await complete(url, KEY)], [TEXT, TEXT]);
    const headers = { authorization: `Bearer ${api.token}`, 'content-type': 'application/json' };
    const secrets = `${api.url}/accounts/${api.account.id}/workers/scripts/llm-router/secrets`;
    const spare = { name: 'SPARE', text: 'of somebody else', type: 'secret_text' };
    await fetch(secrets, { method: 'PUT', headers, body: JSON.stringify(spare) });

    machine.setConfig(capped(4, { models: [{ id: 'gpt-a' }, { id: 'gpt-new' }] }));
    api.reset();
    succeeded(await deploy());
    assert.deepEqual(await models(url, KEY), ['alpha/gpt-a', 'alpha/gpt-new', 'beta/claude-b']);
    assert.ok(
      deployedOf(script()).bindings.some(({ name, text }) => name === 'SPARE' && text === spare.text),
    );
    assert.deepEqual(
      changes(api).filter(({ method, name }) => method === 'PUT' && name.endsWith('{script_name}')),
      [],
    );

    const answers = [
      await complete(url, KEY, 'alpha/gpt-new'),
      await complete(url, KEY),
      await complete(url, KEY),
    ];
    assert.deepEqual(answers, [TEXT, TEXT, 429]);
  });

  test('is there for all, before the command ends, though the edge is late', async (t) => {
    const { edge, url, machine, deploy } = await sceneFor(t);
    succeeded(await deploy());
    edge.lag = 3;
    machine.setConfig(gatewayConfig({ alpha: { models: [{ id: 'gpt-new' }] } }));
    succeeded(await deploy());
    assert.equal(await complete(url, KEY, 'alpha/gpt-new'), TEXT);
  });

  test('that does not answer is undone, and hinders nothing afterwards', async (t) => {
    const { edge, url, script, machine, deploy, workerKey } = await sceneFor(t);
    succeeded(await deploy());
    const [first] = script().versions;
    edge.broken = ({ number }) => number === 2;
    machine.setConfig(gatewayConfig({ alpha: { models: [{ id: 'gpt-new' }] } }));
    const failed = await deploy('--verify-timeout=1');
    assert.equal(failed.status, 1, failed.output);
    assert.equal(deployedOf(script()), first);
    assert.equal(await complete(url, KEY), TEXT);

    // The version that was uploaded last is not live, and inherited bindings would be that one's.
    assert.notEqual(latestOf(script()), first);
    const rotated = await workerKey('--generate-master-key=true');
    assert.equal(rotated.status, 1, rotated.output);
    assert.match(rotated.stderr, /deploy --force/);
    assert.equal(await complete(url, KEY), TEXT);

    edge.broken = () => false;
    succeeded(await deploy());
    assert.equal(await complete(url, KEY, 'alpha/gpt-new'), TEXT);
    succeeded(await workerKey('--generate-master-key=true'));
    assert.equal(await complete(url, KEY), 401);
  });
});

describe('where it is reached', () => {
  test('may be a route of a zone', async (t) => {
    const { api, edge, machine } = await sceneFor(t);
    const url = await edge.at('api.example.com');
    const args = ['--route-pattern=api.example.com/*', '--zone-name=example.com', `--verify-url=${url}`];
    succeeded(await machine.run(['deploy', ...args]));
    assert.deepEqual(
      api.account.zones[0].routes.map(({ pattern, script }) => [pattern, script]),
      [['api.example.com/*', 'llm-router']],
    );
    assert.equal(await complete(url, KEY), TEXT);
    api.reset();
    succeeded(await machine.run(['deploy', ...args]));
    assert.deepEqual(changes(api), []);
  });

  test('may be workers.dev, if that is asked for', async (t) => {
    const { edge, machine, script } = await sceneFor(t);
    const url = await edge.at('llm-router.acme.workers.dev');
    succeeded(await machine.run(['deploy', '--workers-dev=true', `--verify-url=${url}`]));
    assert.deepEqual(script().subdomain, { enabled: true, previews_enabled: false });
    assert.equal(await complete(url, KEY), TEXT);
  });

  test('is read from wrangler.toml, whose every byte stays', async (t) => {
    const project = `# of mine
name = "mine" # keep
main = "build/entry.js"
compatibility_date = "2026-04-01"

[env.production]
routes = [{ pattern = "${HOST}", custom_domain = true }] # the domain
`;
    const { api, url, machine, script } = await sceneFor(t, { files: { 'wrangler.toml': project } });
    succeeded(await machine.run(['deploy', '--env=production', `--verify-url=${url}`]));
    assert.deepEqual([...api.account.scripts.keys()], ['mine-production']);
    assert.deepEqual(script('mine-production').subdomain, { enabled: false, previews_enabled: false });
    assert.equal(await complete(url, KEY), TEXT);
    assert.equal(readFileSync(join(machine.project, 'wrangler.toml'), 'utf8'), project);
  });

  test('has to be said when nobody can be asked', async (t) => {
    const { api, machine } = await sceneFor(t);
    const ended = await machine.run(['deploy']);
    assert.equal(ended.status, 2, ended.output);
    assert.match(ended.stderr, /--domain/);
    assert.deepEqual(changes(api), []);
  });

  test("is not the host of somebody else's zone", async (t) => {
    const { api, machine } = await sceneFor(t);
    const ended = await machine.run(['deploy', '--domain=gw.example.net']);
    assert.notEqual(ended.status, 0);
    assert.match(ended.stderr, /gw\.example\.net/);
    assert.equal(api.account.scripts.size, 0, 'nothing is uploaded for a host that cannot be had');
  });
});

test('the wrangler.toml of this repository is a target, too', async (t) => {
  const { edge, machine, script } = await sceneFor(t, {
    files: { 'wrangler.toml': readFileSync(join(ROOT, 'wrangler.toml'), 'utf8') },
  });
  const url = await edge.at(HOST);
  succeeded(await machine.run(['deploy', `--domain=${HOST}`, `--verify-url=${url}`]));
  assert.equal(script().migration_tag, 'v1');
  assert.equal(await complete(url, KEY), TEXT);
});
