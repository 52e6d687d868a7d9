// Cloudflare Access: who comes without its token learns nothing, whatever else they bring.

import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { AUD, DOMAIN, VARIABLES, claims, keyPair, sign, startTeam } from './harness/access.mjs';
import { begin, send, together, until } from './harness/client.mjs';
import { CHAT_PATH, KEY, MESSAGES_PATH, chat, claudeProvider, config, messages, openaiProvider } from './harness/configs.mjs';
import { gatewayFor, upstreamFor } from './harness/setup.mjs';

const upstream = await upstreamFor({ after });
const providers = [openaiProvider(upstream), claudeProvider(upstream)];
const HEADER = 'cf-access-jwt-assertion';
beforeEach(() => upstream.reset());

/** A gateway behind `team`. */
const behind = (t, team, { vars = {}, requireAuth = true, ...rest } = {}) =>
  gatewayFor(t, {
    config: config(providers),
    vars: { ...VARIABLES, LLM_ROUTER_LOG_LEVEL: 'debug', ...vars },
    local: { requireAuth, accessCertsUrl: team.url },
    ...rest,
  });
const ask = (gateway, token, { headers = {}, ...rest } = {}) =>
  send(gateway.url, {
    path: CHAT_PATH,
    body: chat(),
    key: KEY,
    headers: { ...(token === undefined ? {} : { [HEADER]: token }), ...headers },
    ...rest,
  });
const output = (gateway) => `${gateway.stdout()}\n${gateway.stderr()}`;
async function lineOf(gateway, { headers }) {
  const id = headers['x-request-id'];
  const find = () => output(gateway).split('\n').find((line) => line.endsWith('}') && line.includes(id));
  return JSON.parse(await until(find, `the line of ${id}`));
}

test('with a token and the key one gets in, with one of them nobody does', async (t) => {
  const team = await startTeam(t);
  const gateway = await behind(t, team);
  assert.equal((await ask(gateway, team.token())).status, 200);
  assert.equal((await ask(gateway, team.token(), { key: 'wrong' })).status, 401);
  assert.equal((await ask(gateway, team.token(), { key: undefined })).status, 401);
  upstream.reset();
  for (const key of [KEY, 'wrong', undefined]) {
    for (const options of [
      {},
      { path: MESSAGES_PATH, body: messages() },
      { method: 'GET', path: '/health', body: undefined },
      { method: 'GET', path: '/', body: undefined },
      { method: 'HEAD', path: '/', body: undefined },
      { method: 'GET', path: '/v1/models', body: undefined },
      { method: 'GET', path: '/nowhere', body: undefined },
      { method: 'OPTIONS', body: undefined, headers: { origin: 'https://app.test' } },
    ]) {
      const { status, text } = await ask(gateway, undefined, { key, ...options });
      assert.equal(status, 403, JSON.stringify(options));
      assert.ok(!/alpha|beta|test-team|masterKey/.test(text), text);
    }
  }
  assert.equal(upstream.requests.length, 0);
  assert.equal((await ask(gateway, team.token(), { method: 'GET', path: '/health', body: undefined })).status, 200);
  assert.equal(team.fetches, 1);
});

test('wrong tokens are refused alike, and the log says why', async (t) => {
  const team = await startTeam(t);
  const gateway = await behind(t, team);
  const key = team.newest;
  const stranger = keyPair({ kid: key.kid });
  const good = team.token();
  const [header, body, signature] = good.split('.');
  const now = Math.floor(Date.now() / 1000);
  const unsigned = (fields) => `${Buffer.from(JSON.stringify(fields)).toString('base64url')}.${body}.`;
  const other = Buffer.from(JSON.stringify(claims({ email: 'root@example.test' }))).toString('base64url');
  const cases = [
    ['malformed', 'garbage'],
    ['malformed', `${good}, ${good}`],
    ['malformed', `${header}.${body}`],
    ['malformed', team.token({ groups: 'g'.repeat(20_000) })],
    ['malformed', team.token({}, { header: { crit: ['exp'] } })],
    ['algorithm', unsigned({ alg: 'none', kid: key.kid })],
    ['algorithm', sign(key, claims(), { header: { alg: 'HS256' }, hmac: key.pem })],
    ['algorithm', sign(key, claims(), { header: { alg: 'HS256' }, hmac: JSON.stringify(key.jwk) })],
    ['signature', sign(key, claims(), { hmac: key.pem })],
    ['signature', sign(stranger)],
    ['signature', `${header}.${other}.${signature}`],
    ['signature', `${header}.${body}.`],
    ['signature', `${header}.${body}.${'A'.repeat(342)}`],
    ['unknown_key', sign({ ...key, kid: 'no-such' })],
    ['issuer', team.token({ iss: 'https://other.cloudflareaccess.com' })],
    ['issuer', team.token({ iss: undefined })],
    ['audience', team.token({ aud: ['another'] })],
    ['audience', team.token({ aud: undefined })],
    ['type', team.token({ type: 'org' })],
    ['expired', team.token({ exp: now - 60 })],
    ['expired', team.token({ exp: undefined })],
    ['not_yet_valid', team.token({ nbf: now + 120 })],
    ['anonymous', team.token({ email: undefined, sub: '' })],
    ['missing', undefined],
  ];
  const told = new Set();
  for (const [reason, token] of cases) {
    const answer = await ask(gateway, token);
    assert.equal(answer.status, 403, `${reason}: ${answer.text}`);
    told.add(answer.text);
    const line = await lineOf(gateway, answer);
    assert.deepEqual([line.access, line.identity, line.error], [reason, undefined, 'permission']);
  }
  assert.equal(told.size, 1, 'callers cannot tell them apart');
  assert.equal(upstream.requests.length, 0);
  assert.equal((await ask(gateway, undefined, { headers: { cookie: `CF_Authorization=${good}` } })).status, 403);
  assert.equal((await ask(gateway, good)).status, 200);
});

test('the log names who came, the upstream gets nothing of Access', async (t) => {
  const team = await startTeam(t);
  const gateway = await behind(t, team);
  const service = { email: undefined, sub: '', common_name: 'client-id.access', aud: AUD, nbf: undefined };
  for (const [rest, identity] of [
    [{}, 'someone@example.test'],
    [service, 'client-id.access'],
    [{ email: `${'é'.repeat(500)}\n@x` }, 'é'.repeat(80)],
  ]) {
    const token = team.token(rest);
    for (const [path, body] of [
      [CHAT_PATH, chat()],
      [MESSAGES_PATH, messages()],
    ]) {
      const headers = {
        'cf-access-client-id': 'client-id.access',
        'cf-access-client-secret': 'sEcReT-access',
        'cf-access-authenticated-user-email': 'someone@example.test',
        cookie: `CF_Authorization=${token}; CF_AppSession=sEcReT-session`,
        authorization: `Bearer ${KEY}`,
      };
      const answer = await ask(gateway, token, { path, body, headers, key: undefined });
      assert.equal(answer.status, 200);
      assert.equal((await lineOf(gateway, answer)).identity, identity);
      const sent = upstream.requests.at(-1);
      const text = JSON.stringify(sent.rawHeaders) + sent.body;
      assert.ok(!/cf-access|cf_|cookie|example\.test|client-id/i.test(text) && !text.includes('sEcReT'), text);
      assert.ok(!text.includes(token.slice(0, 40)) && !text.includes(token.slice(-40)));
    }
    assert.ok(!output(gateway).includes(token.slice(-40)) && !output(gateway).includes('sEcReT'));
  }
});

test('LLM_ROUTER_ACCESS_MODE=access: the token alone identifies, foreign pages stay out', async (t) => {
  const team = await startTeam(t);
  const vars = { LLM_ROUTER_ACCESS_MODE: 'access', LLM_ROUTER_CORS_ALLOWED_ORIGINS: 'https://app.test' };
  for (const rest of [{}, { config: config(providers, { masterKey: undefined }) }]) {
    const gateway = await behind(t, team, { vars, ...rest });
    assert.equal((await ask(gateway, team.token(), { key: undefined })).status, 200);
    assert.equal((await ask(gateway, team.token(), { key: 'anything' })).status, 200);
    assert.equal((await ask(gateway, undefined)).status, 403);
    const from = (origin) => ask(gateway, team.token(), { key: undefined, headers: { origin } });
    assert.equal((await from('https://app.test')).status, 200);
    assert.equal((await from('https://evil.test')).status, 403);
  }
  const both = await behind(t, team, { config: config(providers, { masterKey: undefined }) });
  assert.equal((await ask(both, team.token())).status, 503, 'no key where one is asked for');
});

test('variables that make no sense let nobody in', async (t) => {
  const team = await startTeam(t);
  for (const vars of [
    { LLM_ROUTER_ACCESS_TEAM_DOMAIN: '' },
    { LLM_ROUTER_ACCESS_AUD: ' ' },
    { LLM_ROUTER_ACCESS_TEAM_DOMAIN: '', LLM_ROUTER_ACCESS_AUD: '', LLM_ROUTER_ACCESS_MODE: 'access' },
    { LLM_ROUTER_ACCESS_TEAM_DOMAIN: 'team.evil.test' },
    { LLM_ROUTER_ACCESS_AUD: 'short' },
    { LLM_ROUTER_ACCESS_MODE: 'off' },
  ]) {
    const gateway = await behind(t, team, { vars });
    for (const token of [undefined, team.token()]) {
      for (const options of [{}, { method: 'GET', path: '/health', body: undefined }]) {
        const answer = await ask(gateway, token, options);
        assert.equal(answer.status, 503, JSON.stringify(vars));
        assert.ok(!answer.text.includes('ACCESS'), 'strangers need not know');
      }
    }
    assert.match(output(gateway), /config: LLM_ROUTER_ACCESS_\w+: .*nobody is let in/);
  }
  const off = await behind(t, team, { vars: { LLM_ROUTER_ACCESS_TEAM_DOMAIN: '', LLM_ROUTER_ACCESS_AUD: '' } });
  assert.equal((await ask(off, undefined)).status, 200);
  assert.equal(team.fetches, 0);
});

test('on Cloudflare no binding but the team domain says where its keys are', async (t) => {
  const team = await startTeam(t);
  const gateway = await gatewayFor(t, {
    config: config(providers),
    vars: { ...VARIABLES, LLM_ROUTER_ACCESS_CERTS_URL: team.url, accessCertsUrl: team.url },
  });
  const answer = await ask(gateway, team.token());
  assert.ok([403, 503].includes(answer.status), answer.text);
  assert.equal(team.fetches, 0);
});

test('keys rotate in the middle of traffic', async (t) => {
  const team = await startTeam(t);
  const gateway = await behind(t, team);
  const old = team.token();
  let stopped = false;
  const statuses = new Map();
  const client = async () => {
    while (!stopped) {
      for (const token of [old, team.token()]) {
        const { status } = await ask(gateway, token);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    }
  };
  const clients = Array.from({ length: 8 }, client);
  await until(() => statuses.get(200) > 50, 'traffic');
  team.rotate();
  await until(() => team.fetches === 2, 'the new key is fetched');
  await pause(300);
  stopped = true;
  await Promise.all(clients);
  assert.deepEqual([...statuses.keys()], [200], JSON.stringify([...statuses]));
  assert.equal(team.fetches, 2);
});

test('requests that come together share one fetch, though the one that fetches leaves', async (t) => {
  const team = await startTeam(t);
  const gateway = await behind(t, team);
  let release;
  const released = new Promise((resolve) => (release = resolve));
  team.respond = async (response) => {
    await released;
    response.end(team.document());
  };
  const first = begin(gateway.url, {
    path: CHAT_PATH,
    body: chat(),
    key: KEY,
    headers: { [HEADER]: team.token() },
    fresh: true,
  });
  first.answered.catch(() => {});
  await until(() => team.fetches === 1, 'a fetch');
  const others = together(100, () => ask(gateway, team.token()));
  await pause(300);
  first.abort();
  await pause(200);
  release();
  for (const { status } of await others) assert.equal(status, 200);
  assert.equal(team.fetches, 1);
});

test('ten thousand made-up kids cost a bounded number of fetches', { timeout: 180_000 }, async (t) => {
  const team = await startTeam(t);
  const gateway = await behind(t, team, { vars: { LLM_ROUTER_LOG_LEVEL: 'off' } });
  const signature = 'A'.repeat(342);
  const body = Buffer.from(JSON.stringify(claims())).toString('base64url');
  const header = (kid) => Buffer.from(JSON.stringify({ alg: 'RS256', kid })).toString('base64url');
  const began = Date.now();
  let left = 10_000;
  const flood = async () => {
    while (left-- > 0) {
      const { status } = await ask(gateway, `${header(`made-up-${Math.random()}`)}.${body}.${signature}`);
      assert.equal(status, 403);
    }
  };
  const good = team.token();
  const honest = async () => {
    while (left > 0) assert.equal((await ask(gateway, good)).status, 200, 'others are not disturbed');
  };
  assert.equal((await ask(gateway, good)).status, 200);
  await Promise.all([...Array.from({ length: 32 }, flood), honest()]);
  const bound = 5 + Math.floor((Date.now() - began) / 12_000) + 1;
  assert.ok(team.fetches <= bound, `${team.fetches} fetches, ${bound} allowed`);
});

const BROKEN = {
  down: (response) => response.socket.destroy(),
  'an error': (response) => response.writeHead(500).end('{"keys":[]}'),
  'a redirect': (response, team) => response.writeHead(302, { location: team.url }).end(),
  'a page': (response) => response.writeHead(200).end('<html>sign in</html>'),
  'no keys': (response) => response.writeHead(200).end('{"keys":[]}'),
  huge: (response, team) => response.writeHead(200).end(team.document() + ' '.repeat(1 << 20)),
  'without end': (response) => {
    const more = () => response.destroyed || (response.write(' '.repeat(1024)), setTimeout(more, 1));
    more();
  },
};
for (const [name, respond] of Object.entries(BROKEN)) {
  test(`keys that cannot be had (${name}) let nobody in`, async (t) => {
    const team = await startTeam(t);
    team.respond = (response) => respond(response, team);
    const gateway = await behind(t, team);
    for (const answer of await together(20, () => ask(gateway, team.token()))) {
      assert.equal(answer.status, 503);
      assert.ok(answer.headers['retry-after'] > 0 && answer.headers['retry-after'] <= 12);
    }
    assert.equal(team.fetches, 1, 'and nobody hammers');
    assert.equal((await ask(gateway, team.token({ aud: 'x' }))).status, 403);
    assert.match(output(gateway), /keys cannot be had/);
    team.respond = undefined;
    await pause(2_100);
    assert.equal((await ask(gateway, team.token())).status, 200, 'open again by itself');
    team.respond = (response) => respond(response, team);
    assert.equal((await ask(gateway, team.token())).status, 200, 'with keys it does not matter');
  });
}

test('keys that do not come in time let nobody in, for all who wait at once', async (t) => {
  const team = await startTeam(t);
  team.respond = () => {};
  const gateway = await behind(t, team);
  const began = Date.now();
  for (const answer of await together(50, () => ask(gateway, team.token()))) assert.equal(answer.status, 503);
  const took = Date.now() - began;
  assert.ok(took >= 4_500 && took < 9_000, `${took}`);
  assert.equal(team.fetches, 1);
});

test(`${DOMAIN} may have several applications in front of one gateway`, async (t) => {
  const team = await startTeam(t);
  const second = 'f'.repeat(64);
  const gateway = await behind(t, team, { vars: { LLM_ROUTER_ACCESS_AUD: `${AUD}, ${second}` } });
  for (const aud of [AUD, [second], ['x', second]]) assert.equal((await ask(gateway, team.token({ aud }))).status, 200);
  assert.equal((await ask(gateway, team.token({ aud: [`${AUD},${second}`] }))).status, 403);
});

test('a reload of the config keeps the keys', async (t) => {
  const team = await startTeam(t);
  const gateway = await behind(t, team);
  assert.equal((await ask(gateway, team.token())).status, 200);
  const body = JSON.stringify({ config: config(providers) });
  const reload = await fetch(`http://127.0.0.1:${gateway.ports.control}/config`, { method: 'PUT', body });
  assert.equal(reload.status, 200);
  team.respond = (response) => response.socket.destroy();
  assert.equal((await ask(gateway, team.token())).status, 200);
  assert.equal((await ask(gateway, undefined)).status, 403);
  assert.equal(team.fetches, 1);
});
