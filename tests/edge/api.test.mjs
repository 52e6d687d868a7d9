// The local API refuses what the real one refuses, with its codes. What it answers to wrangler is in
// wrangler.test.mjs.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FAULTS } from './harness/api.mjs';
import { newAccount } from './harness/cloudflare/account.mjs';
import { cloudflareFor } from './harness/setup.mjs';
import { startApi } from './harness/api.mjs';

const OBJECT = 'export default { fetch() {} }; export class Room {}';
const rooms = { type: 'durable_object_namespace', name: 'ROOMS', class_name: 'Room' };
const secret = (name, text) => ({ type: 'secret_text', name, text });
const created = { new_tag: 'v1', steps: [{ new_sqlite_classes: ['Room'] }] };

/** A client of the API in its first account: `call(method, path, body)` answers `{status, codes, result}`. */
async function clientFor(t, options) {
  const { api } = await cloudflareFor(t, options);
  const at = `/accounts/${api.account.id}/workers`;
  const call = async (method, path, body, { token = api.token, type = 'application/json' } = {}) => {
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    const form = body instanceof FormData;
    if (body !== undefined && !form) headers['content-type'] = type;
    const response = await fetch(api.url + path, {
      method,
      headers,
      body: body === undefined || form ? body : JSON.stringify(body),
    });
    const { errors, result, ...rest } = await response.json();
    return { status: response.status, codes: errors.map(({ code }) => code), errors, result, ...rest };
  };
  const form = (metadata, source = 'export default { fetch() {} }') => {
    const parts = new FormData();
    parts.set(
      'metadata',
      JSON.stringify({ main_module: 'main.js', compatibility_date: '2026-04-01', ...metadata }),
    );
    parts.set('main.js', new Blob([source], { type: 'application/javascript+module' }), 'main.js');
    return parts;
  };
  return {
    api,
    call,
    at,
    put: (metadata, source, query = '') => call('PUT', `${at}/scripts/gw${query}`, form(metadata, source)),
    version: (metadata, source, query = '') =>
      call('POST', `${at}/scripts/gw/versions${query}`, form(metadata, source)),
    deploy: (version_id, query = '') =>
      call('POST', `${at}/scripts/gw/deployments${query}`, {
        strategy: 'percentage',
        versions: [{ version_id, percentage: 100 }],
      }),
    bulk: (secrets) =>
      call('PATCH', `${at}/scripts/gw/secrets-bulk`, { secrets }, { type: 'application/merge-patch+json' }),
    names: async () => (await call('GET', `${at}/scripts/gw/secrets`)).result.map(({ name }) => name).sort(),
  };
}

describe('tokens', () => {
  test('of users and of accounts are verified in different places', async (t) => {
    const { api, call } = await clientFor(t);
    const own = api.addToken('account');
    const account = `/accounts/${api.account.id}/tokens/verify`;
    assert.equal((await call('GET', '/user/tokens/verify')).result.status, 'active');
    assert.deepEqual((await call('GET', '/user/tokens/verify', undefined, { token: own })).codes, [1000]);
    assert.equal((await call('GET', account, undefined, { token: own })).result.status, 'active');
    assert.deepEqual((await call('GET', '/memberships', undefined, { token: own })).codes, [10000]);
    assert.equal((await call('GET', '/accounts', undefined, { token: own })).result.length, 1);
  });

  test('that are unknown, expired or of another account are refused', async (t) => {
    const { api, call, at } = await clientFor(t);
    const expired = api.addToken('user', 'expired');
    const other = api.addToken('user', 'active', [newAccount({ name: 'Other' })]);
    assert.deepEqual((await call('GET', '/memberships', undefined, { token: null })).codes, [9106]);
    assert.deepEqual((await call('GET', '/memberships', undefined, { token: 'two words' })).codes, [6003]);
    for (const token of ['unknown', expired])
      assert.deepEqual((await call('GET', '/memberships', undefined, { token })).codes, [10000]);
    assert.deepEqual((await call('GET', `${at}/scripts`, undefined, { token: other })).codes, [10000]);
    assert.equal(
      (await call('GET', '/user/tokens/verify', undefined, { token: expired })).result.status,
      'expired',
    );
  });
});

test('lists come in pages', async (t) => {
  const accounts = Array.from({ length: 23 }, (_, number) => newAccount({ name: `Account ${number}` }));
  const { call } = await clientFor(t, { accounts });
  const { result, result_info } = await call('GET', '/memberships?page=2');
  assert.equal(result.length, 3);
  assert.deepEqual(result_info, { page: 2, per_page: 20, count: 3, total_count: 23, total_pages: 2 });
  assert.deepEqual((await call('GET', '/memberships?per_page=100')).codes, [7003]);
});

describe('migrations', () => {
  test('need the tag before, and classes that are there', async (t) => {
    const { put } = await clientFor(t);
    const without = await put({ bindings: [rooms] }, OBJECT);
    assert.deepEqual(without.codes, [10061]);
    assert.equal((await put({ bindings: [rooms], migrations: created }, OBJECT)).result.migration_tag, 'v1');
    const again = await put({ migrations: created }, OBJECT);
    assert.deepEqual(again.codes, [10079]);
    assert.match(again.errors[0].message, /found "v1"/);
    assert.deepEqual((await put({ migrations: { ...created, old_tag: 'v1' } }, OBJECT)).codes, [10074]);
    const gone = { old_tag: 'v1', new_tag: 'v2', steps: [{ deleted_classes: ['Hall'] }] };
    assert.deepEqual((await put({ migrations: gone }, OBJECT)).codes, [10074]);
    assert.deepEqual((await put({}, 'export default {}')).codes, [10064]);
    assert.deepEqual((await put({ bindings: [{ ...rooms, class_name: 'Hall' }] }, OBJECT)).codes, [10061]);
  });

  test('keep the objects of a class that gets another name', async (t) => {
    const { api, put } = await clientFor(t);
    await put({ migrations: created }, OBJECT);
    const { id } = api.account.scripts.get('gw').classes.get('Room');
    const renamed = {
      old_tag: 'v1',
      new_tag: 'v2',
      steps: [{ renamed_classes: [{ from: 'Room', to: 'Hall' }] }],
    };
    await put({ migrations: renamed }, OBJECT.replace('Room', 'Hall'));
    assert.deepEqual([...api.account.scripts.get('gw').classes], [['Hall', { id, sqlite: true }]]);
  });

  test('go neither with versions nor, without SQLite, with the free plan', async (t) => {
    const { put, version } = await clientFor(t, { accounts: [newAccount({ plan: 'free' })] });
    assert.deepEqual((await put({ migrations: { new_tag: 'v1', new_classes: ['Room'] } }, OBJECT)).codes, [
      10097,
    ]);
    await put({ migrations: created }, OBJECT);
    assert.deepEqual(
      (await version({ migrations: { ...created, old_tag: 'v1', new_tag: 'v2' } }, OBJECT)).codes,
      [10211],
    );
    assert.deepEqual(
      (await version({ bindings: [{ ...rooms, class_name: 'Hall' }] }, `${OBJECT} export class Hall {}`))
        .codes,
      [10123],
    );
  });
});

describe('bindings', () => {
  test('are inherited from the newest version, whichever is live', async (t) => {
    const { api, put, version, deploy, names } = await clientFor(t);
    await put({ bindings: [secret('A', '1')] });
    const [first] = api.account.scripts.get('gw').versions;
    await version({ bindings: [secret('A', '2'), secret('B', '2')] });
    const inherit = (name, more) => ({ type: 'inherit', name, ...more });
    const pinned = await version({ bindings: [inherit('A', { version_id: first.id })] });
    assert.deepEqual(pinned.codes, [10057]);
    const missing = await version(
      { bindings: [inherit('C'), inherit('D')] },
      undefined,
      '?bindings_inherit=strict',
    );
    assert.deepEqual(missing.codes, [10057, 10057]);
    const made = await version({
      bindings: [inherit('A'), inherit('E', { old_name: 'B' }), inherit('C')],
      keep_bindings: ['plain_text'],
    });
    await deploy(made.result.id);
    assert.deepEqual(await names(), ['A', 'E']);
    const texts = api.account.scripts
      .get('gw')
      .versions.at(-1)
      .bindings.map(({ text }) => text);
    assert.deepEqual(texts, ['2', '2']);
  });

  test('that are secrets stay unless others are kept, and are never told', async (t) => {
    const { call, at, put, names } = await clientFor(t);
    await put({ bindings: [secret('A', 'sesame'), { type: 'plain_text', name: 'P', text: 'plain' }] });
    const settings = await call('GET', `${at}/scripts/gw/settings`);
    assert.match(JSON.stringify(settings), /plain/);
    assert.doesNotMatch(JSON.stringify(settings), /sesame/);
    await put({});
    assert.deepEqual(await names(), ['A']);
    await put({ keep_bindings: ['plain_text'] });
    assert.deepEqual(await names(), []);
  });

  test('have limits', async (t) => {
    const { put } = await clientFor(t, { accounts: [newAccount({ plan: 'free' })] });
    const many = (count) => Array.from({ length: count }, (_, number) => secret(`S${number}`, 'x'));
    assert.equal((await put({ bindings: [secret('A', 'x'.repeat(5120))] })).status, 200);
    assert.deepEqual((await put({ bindings: [secret('A', 'é'.repeat(2561))] })).codes, [10054]);
    assert.deepEqual((await put({ bindings: many(64) })).codes, [10055], 'with the one that is kept');
    assert.equal((await put({ bindings: many(64), keep_bindings: ['json'] })).status, 200);
  });
});

describe('secrets', () => {
  test('change in one version, and only while the newest one is live', async (t) => {
    const { api, put, version, deploy, bulk, names } = await clientFor(t);
    assert.deepEqual((await bulk({ A: secret('A', '1') })).codes, [10007]);
    await put({ bindings: [secret('OLD', '1')] });
    const { versions } = api.account.scripts.get('gw');
    await bulk({ A: secret('A', '1'), B: secret('B', '1'), OLD: null });
    assert.deepEqual(await names(), ['A', 'B']);
    assert.equal(versions.length, 2);
    const { result } = await version({});
    assert.deepEqual((await bulk({ A: secret('A', '2') })).codes, [10215]);
    await deploy(result.id);
    assert.equal((await bulk({ A: secret('A', '2') })).status, 200);
    // Back to a version with other secrets takes force; forward does not.
    assert.deepEqual((await deploy(versions[0].id)).codes, [10220]);
    assert.equal((await deploy(versions[0].id, '?force=true')).status, 200);
    assert.equal((await deploy(versions.at(-1).id)).status, 200);
  });
});

describe('requests that are not as described', () => {
  const cases = [
    [
      'a misspelled member',
      'metadata must NOT have additional properties',
      { compatability_date: '2026-04-01' },
    ],
    [
      'a binding without what its type needs',
      "/metadata/bindings/0 must have required property 'text'",
      { bindings: [{ type: 'secret_text', name: 'A' }] },
    ],
    ['a binding of no type', 'value of tag "type"', { bindings: [{ type: 'secret', name: 'A', text: 'B' }] }],
  ];
  for (const [what, message, metadata] of cases) {
    test(`${what} is a problem, and says where`, async (t) => {
      const api = await startApi();
      t.after(() => api.close());
      const parts = new FormData();
      parts.set('metadata', JSON.stringify({ main_module: 'main.js', ...metadata }));
      parts.set('main.js', new Blob(['']), 'main.js');
      const path = `/accounts/${api.account.id}/workers/scripts/gw`;
      const headers = { authorization: `Bearer ${api.token}` };
      const response = await fetch(api.url + path, { method: 'PUT', headers, body: parts });
      assert.equal(response.status, 400);
      assert.equal(api.problems.length, 1);
      assert.ok(api.problems[0].includes(message), api.problems[0]);
      assert.equal(api.account.scripts.size, 0);
    });
  }
});

test('faults happen to the call they are meant for', async (t) => {
  const { api, call, at } = await clientFor(t);
  for (const [kind, { applied, status }] of Object.entries(FAULTS)) {
    api.account.scripts.clear();
    api.reset();
    api.fault = ({ number }) => (number === 2 ? kind : undefined);
    await call('GET', `${at}/scripts`);
    const parts = new FormData();
    parts.set('metadata', JSON.stringify({ main_module: 'main.js' }));
    parts.set(
      'main.js',
      new Blob(['export default {}'], { type: 'application/javascript+module' }),
      'main.js',
    );
    const second = await call('PUT', `${at}/scripts/gw`, parts).catch(() => ({ status: undefined }));
    assert.equal(second.status, status, kind);
    assert.equal(api.account.scripts.has('gw'), applied, kind);
    assert.equal((await call('GET', `${at}/scripts`)).status, 200);
  }
});
