// A Cloudflare of one's own: the API, the edge and a provider behind it. `t` is a test's context, or `{after}`
// for a whole file.

import assert from 'node:assert/strict';
import { startUpstream } from '../../worker/harness/upstream.mjs';
import { newMachine } from './cli.mjs';
import { newAccount } from './cloudflare/account.mjs';
import { startApi } from './api.mjs';
import { startEdge } from './edge.mjs';
import { gatewayConfig } from './gateway.mjs';

/** `{api, edge, upstream}`. After the test no request may have been other than the API describes it. */
export async function cloudflareFor(t, { accounts = [newAccount()] } = {}) {
  const api = await startApi(accounts);
  const upstream = await startUpstream();
  const edge = await startEdge(api, { upstream });
  t.after(async () => {
    await edge.close();
    await upstream.close();
    await api.close();
    assert.deepEqual(api.problems, [], 'requests that are not as the API describes them');
  });
  return { api, edge, upstream };
}

/** Host name of the gateway that tests deploy, in the zone that every account has. */
export const HOST = 'gw.example.com';

/** Longest that a command waits for an address to answer as it should. */
const PATIENCE_S = 20;

/**
 * A Cloudflare, and a machine with a config on it. `deploy(...args)` runs `llm-router deploy` on it to a domain
 * of its own, and `workerKey(...args)` the other command; both look for the gateway at its `url`.
 */
export async function sceneFor(t, { accounts, config = gatewayConfig(), files } = {}) {
  const cloudflare = await cloudflareFor(t, { accounts });
  const { api, edge } = cloudflare;
  const machine = newMachine({ api, config, files });
  const url = await edge.at(HOST);
  return {
    ...cloudflare,
    machine,
    url,
    script: (name = 'llm-router') => api.account.scripts.get(name),
    deploy: (...args) =>
      machine.run([
        'deploy',
        `--domain=${HOST}`,
        `--verify-url=${url}`,
        `--verify-timeout=${PATIENCE_S}`,
        ...args,
      ]),
    workerKey: (...args) =>
      machine.run(['worker-key', `--verify-url=${url}`, `--verify-timeout=${PATIENCE_S}`, ...args]),
  };
}

/** Uploads a Worker that is no gateway, with one secret. */
export async function uploadOther(api, name) {
  const form = new FormData();
  const bindings = [{ type: 'secret_text', name: 'SPARE', text: 'of somebody else' }];
  form.set(
    'metadata',
    JSON.stringify({ main_module: 'main.js', compatibility_date: '2026-04-01', bindings }),
  );
  const source = 'export default { fetch: () => new Response("another Worker") };';
  form.set('main.js', new Blob([source], { type: 'application/javascript+module' }), 'main.js');
  const url = `${api.url}/accounts/${api.account.id}/workers/scripts/${name}`;
  const headers = { authorization: `Bearer ${api.token}` };
  assert.equal((await fetch(url, { method: 'PUT', headers, body: form })).status, 200);
}

/** Asserts that a command did what it was for. */
export const succeeded = (ended) => assert.equal(ended.status, 0, ended.output);

const GENERATED = /\bgw_[\w-]{20,}/;

/** The key that a command made and showed on stdout. */
export function shownKey({ stdout }) {
  const [key] = GENERATED.exec(stdout) ?? assert.fail(`no key is shown:\n${stdout}`);
  return key;
}

/** The same of a command that failed, which may say it anywhere; undefined if it does not. */
export const saidKey = ({ output }) => GENERATED.exec(output)?.[0];
