// Real wrangler against the local API: what wrangler understands is how the API answers, and what it deploys runs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KEY } from '../worker/harness/configs.mjs';
import { TEXT } from '../worker/harness/replies.mjs';
import { deployedOf } from './harness/cloudflare/versions.mjs';
import { complete, gatewayConfig } from './harness/gateway.mjs';
import { cloudflareFor } from './harness/setup.mjs';
import { newProject, wrangler } from './harness/wrangler.mjs';

const HOST = 'gw.example.com';
const TOP = `routes = [{ pattern = "${HOST}", custom_domain = true }]`;

test('wrangler deploys, sets secrets, updates and rolls back', async (t) => {
  const { api, edge, upstream } = await cloudflareFor(t);
  const dir = newProject({ top: TOP });
  const url = await edge.at(HOST);
  const run = async (args, options) => {
    const ended = await wrangler(api, dir, args, options);
    assert.equal(ended.status, 0, ended.output);
    return ended.output;
  };
  const script = () => api.account.scripts.get('llm-router');
  const secrets = () => deployedOf(script()).bindings.filter(({ type }) => type === 'secret_text');

  await run(['deploy']);
  assert.equal(script().migration_tag, 'v1');
  assert.deepEqual(script().subdomain, { enabled: false, previews_enabled: false });
  assert.equal(await complete(url, KEY), 503, 'without a config it is closed');
  const objects = script().classes.get('ProviderObject').id;

  await run(['secret', 'put', 'LLM_ROUTER_CONFIG_JSON'], { input: JSON.stringify(gatewayConfig()) });
  const configured = deployedOf(script());
  assert.equal(await complete(url, KEY), TEXT);
  assert.equal(upstream.requests[0].headers.host, 'provider.example');

  await run(['secret', 'bulk'], {
    input: JSON.stringify({ LLM_ROUTER_MASTER_KEY: 'gw_another', SPARE: 'x' }),
  });
  assert.equal(await complete(url, 'gw_another'), TEXT);
  assert.equal(await complete(url, KEY), 401);
  const listed = JSON.parse(await run(['secret', 'list', '--format=json']));
  assert.deepEqual(listed.map(({ name }) => name).sort(), [
    'LLM_ROUTER_CONFIG_JSON',
    'LLM_ROUTER_MASTER_KEY',
    'SPARE',
  ]);

  // An update goes by a version and a deployment, and secrets outlast it.
  api.reset();
  await run(['deploy']);
  assert.ok(api.calls.some(({ name }) => name.startsWith('POST') && name.endsWith('/versions')));
  assert.equal(secrets().length, 3);
  assert.equal(script().classes.get('ProviderObject').id, objects);
  assert.equal(await complete(url, 'gw_another'), TEXT);

  await run(['secret', 'delete', 'SPARE']);
  assert.equal(secrets().length, 2);

  // Secrets have changed since: the API asks to insist (10220), and wrangler does.
  await run(['rollback', '-y', configured.id]);
  assert.equal(await complete(url, KEY), TEXT);

  // The newest version is not the one that is live now.
  const refused = await wrangler(api, dir, ['secret', 'put', 'SPARE'], { input: 'y' });
  assert.equal(refused.status, 1);
  assert.match(refused.output, /latest version of your Worker isn't currently deployed/);
});

test('wrangler deploys to routes and to workers.dev', async (t) => {
  const { api, edge } = await cloudflareFor(t);
  const top = `routes = [{ pattern = "api.example.com/llm/*", zone_name = "example.com" }]`;
  const ended = await wrangler(api, newProject({ top }), [
    'deploy',
    '--name=other',
    '--var=LLM_ROUTER_ENV:x',
  ]);
  assert.equal(ended.status, 0, ended.output);
  const reaches = async (host, path) => {
    const response = await fetch((await edge.at(host)) + path);
    await response.body.cancel();
    return response.headers.has('x-request-id');
  };
  assert.equal(await reaches('api.example.com', '/llm/v1/models'), true);
  assert.equal(await reaches('api.example.com', '/v1/models'), false);
  assert.equal(await reaches('other.acme.workers.dev', '/v1/models'), false);
  api.account.scripts.get('other').subdomain.enabled = true;
  assert.equal(await reaches('other.acme.workers.dev', '/v1/models'), true);
});
