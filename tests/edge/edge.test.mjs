// The edge of the tests: a version that is deployed takes over with the data of the one before.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { send } from '../worker/harness/client.mjs';
import { CHAT_PATH, KEY, cap, chat } from '../worker/harness/configs.mjs';
import * as names from '../worker/harness/names.mjs';
import { TEXT } from '../worker/harness/replies.mjs';
import { modulePath } from '../worker/harness/workerd.mjs';
import { CLIENT_ADDRESS } from './harness/edge.mjs';
import { complete, gatewayConfig, models } from './harness/gateway.mjs';
import { HOST, cloudflareFor } from './harness/setup.mjs';

const MIGRATIONS = { new_tag: 'v1', steps: [{ new_sqlite_classes: [names.PROVIDER_CLASS] }] };

/** Uploads the gateway by the API's own calls, and puts it at HOST. */
async function upload({ api }, { config = gatewayConfig(), vars = {}, first = false }) {
  const bindings = [
    { type: 'durable_object_namespace', name: names.PROVIDERS_BINDING, class_name: names.PROVIDER_CLASS },
    { type: 'secret_text', name: names.CONFIG_VARIABLES[0], text: JSON.stringify(config) },
    ...Object.entries(vars).map(([name, text]) => ({ type: 'plain_text', name, text })),
  ];
  const form = new FormData();
  const [main_module] = names.MODULES;
  const { COMPATIBILITY_DATE: compatibility_date } = names;
  const metadata = { main_module, bindings, compatibility_date, ...(first && { migrations: MIGRATIONS }) };
  form.set('metadata', JSON.stringify(metadata));
  for (const name of names.MODULES) {
    const type = name.endsWith('.wasm') ? 'application/wasm' : 'application/javascript+module';
    form.set(name, new Blob([readFileSync(modulePath(name))], { type }), name);
  }
  const at = `${api.url}/accounts/${api.account.id}/workers`;
  const headers = { authorization: `Bearer ${api.token}` };
  const put = (path, body, more) =>
    fetch(at + path, { method: 'PUT', headers: { ...headers, ...more }, body });
  assert.equal((await put('/scripts/gw', form)).status, 200);
  const domain = JSON.stringify({ hostname: HOST, service: 'gw' });
  assert.equal((await put('/domains', domain, { 'content-type': 'application/json' })).status, 200);
}

test('a version takes over from the one before, late if it is asked to, and its objects know what they knew', async (t) => {
  const cloudflare = await cloudflareFor(t);
  const { edge } = cloudflare;
  const url = await edge.at(HOST);
  assert.equal(await models(url, KEY), 404);

  const rateLimits = [cap(3)];
  await upload(cloudflare, { config: gatewayConfig({ alpha: { rateLimits } }), first: true });
  assert.deepEqual([await complete(url, KEY), await complete(url, KEY)], [TEXT, TEXT]);
  edge.lag = 2;
  const grown = { rateLimits, models: [{ id: 'gpt-a' }, { id: 'gpt-new' }] };
  await upload(cloudflare, { config: gatewayConfig({ alpha: grown }) });
  const counts = [];
  for (let request = 0; request < 3; request++) counts.push((await models(url, KEY)).length);
  assert.deepEqual(counts, [2, 2, 3]);
  assert.deepEqual([await complete(url, KEY, 'alpha/gpt-new'), await complete(url, KEY)], [TEXT, 429]);
});

test('nobody chooses the address that the edge says he has', async (t) => {
  const cloudflare = await cloudflareFor(t);
  const url = await cloudflare.edge.at(HOST);
  const headers = { 'cf-connecting-ip': '198.51.100.1' };
  const status = async () => (await send(url, { path: CHAT_PATH, key: KEY, headers, body: chat() })).status;
  await upload(cloudflare, { vars: { LLM_ROUTER_ALLOWED_IPS: `${CLIENT_ADDRESS}/32` }, first: true });
  assert.equal(await status(), 200);
  await upload(cloudflare, { vars: { LLM_ROUTER_ALLOWED_IPS: '198.51.100.1/32' } });
  assert.equal(await status(), 403);
});
