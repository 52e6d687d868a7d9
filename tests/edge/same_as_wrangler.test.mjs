// `llm-router deploy` uploads what real wrangler does.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { KEY } from '../worker/harness/configs.mjs';
import { TEXT } from '../worker/harness/replies.mjs';
import { deployedOf } from './harness/cloudflare/versions.mjs';
import { complete } from './harness/gateway.mjs';
import { HOST, cloudflareFor, sceneFor, succeeded } from './harness/setup.mjs';
import { newProject, wrangler } from './harness/wrangler.mjs';

const TOP = `routes = [{ pattern = "${HOST}", custom_domain = true }]`;

/** What a script is, without what is only ours: secrets, and what a deployment remembers of itself. */
function essence(api, name) {
  const script = api.account.scripts.get(name);
  const {
    modules,
    bindings,
    main_module,
    compatibility_date,
    compatibility_flags,
    limits,
    placement,
    usage_model,
  } = deployedOf(script);
  return {
    main_module,
    modules: modules
      .map((module) => ({ ...module, content: Buffer.from(module.content).toString('base64') }))
      .sort((left, right) => left.name.localeCompare(right.name)),
    bindings: bindings.filter(
      ({ type, name }) => type !== 'secret_text' && name !== 'LLM_ROUTER_DEPLOY_STATE',
    ),
    compatibility_date,
    compatibility_flags,
    limits,
    placement,
    usage_model,
    migration_tag: script.migration_tag,
    classes: [...script.classes].map(([name, { sqlite }]) => ({ name, sqlite })),
    observability: script.settings.observability,
    subdomain: script.subdomain,
    domains: api.account.domains.map(({ hostname, service, zone_name }) => ({
      hostname,
      service,
      zone_name,
    })),
  };
}

for (const environment of [undefined, 'production']) {
  test(`the same Worker comes of both${environment ? ' in an environment' : ''}`, async (t) => {
    const dir = newProject({ top: TOP });
    const args = environment ? [`--env=${environment}`] : ['--env='];
    const name = environment ? `llm-router-${environment}` : 'llm-router';
    const theirs = await cloudflareFor(t);
    const deployed = await wrangler(theirs.api, dir, ['deploy', ...args]);
    assert.equal(deployed.status, 0, deployed.output);

    const project = readFileSync(join(dir, 'wrangler.toml'), 'utf8');
    const { api, url, machine } = await sceneFor(t, { files: { 'wrangler.toml': project } });
    const ours = environment ? args : [];
    succeeded(await machine.run(['deploy', ...ours, `--verify-url=${url}`]));
    assert.deepEqual(essence(api, name), essence(theirs.api, name));

    // The other one takes over, and nothing that is ours is lost.
    const over = await wrangler(api, dir, ['deploy', ...args]);
    assert.equal(over.status, 0, over.output);
    assert.equal(await complete(url, KEY), TEXT);
    assert.deepEqual(essence(api, name), essence(theirs.api, name));
    succeeded(await machine.run(['deploy', ...ours, `--verify-url=${url}`]));
    assert.equal(await complete(url, KEY), TEXT);
  });
}

test('a gateway that wrangler has put there gets its config and key from llm-router', async (t) => {
  const { api, url, machine, deploy, script } = await sceneFor(t);
  const first = await wrangler(api, newProject({ top: TOP }), ['deploy', '--env=']);
  assert.equal(first.status, 0, first.output);
  const { id } = script().classes.get('ProviderObject');
  succeeded(await deploy());
  assert.equal(await complete(url, KEY), TEXT);
  assert.equal(script().classes.get('ProviderObject').id, id, 'the objects are the same');
  machine.assertSecret([KEY, api.token]);
});
