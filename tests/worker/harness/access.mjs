// A Cloudflare Access team on loopback: it publishes keys and issues real RS256 tokens.

import http from 'node:http';
import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';

export const DOMAIN = 'test-team.cloudflareaccess.com';
export const AUD = '4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2';
export const VARIABLES = { LLM_ROUTER_ACCESS_TEAM_DOMAIN: DOMAIN, LLM_ROUTER_ACCESS_AUD: AUD };

const encode = (part) => Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
let made = 0;

/** An RSA key pair with a name. */
export function keyPair({ bits = 2048, kid = `kid-${++made}` } = {}) {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' };
  return { kid, jwk, privateKey, pem: publicKey.export({ type: 'spki', format: 'pem' }) };
}

/** What Access says of a person; times in seconds. */
export function claims(rest = {}) {
  const now = Math.floor(Date.now() / 1000);
  const times = { iat: now - 10, nbf: now - 10, exp: now + 600 };
  const who = { email: 'someone@example.test', sub: 'user-1', country: 'DE' };
  return { aud: [AUD], iss: `https://${DOMAIN}`, type: 'app', ...times, ...who, ...rest };
}

/** A token signed with `key`; `header` adds to its header, `hmac` signs with that secret instead. */
export function sign(key, payload = claims(), { header = {}, hmac } = {}) {
  const signed = `${encode({ alg: 'RS256', kid: key.kid, typ: 'JWT', ...header })}.${encode(payload)}`;
  const signature =
    hmac === undefined
      ? createSign('RSA-SHA256').update(signed).sign(key.privateKey)
      : createHmac('sha256', hmac).update(signed).digest();
  return `${signed}.${signature.toString('base64url')}`;
}

/**
 * Publishes keys. `team.keys` are those that are published, newest first; `team.respond(response)` replaces the
 * answer; `team.fetches` counts.
 */
export async function startTeam(t) {
  const team = {
    keys: [keyPair()],
    fetches: 0,
    respond: undefined,
    get newest() {
      return team.keys[0];
    },
    token: (rest, options) => sign(team.newest, claims(rest), options),
    /** A new key; the one before stays valid, as Access does it. */
    rotate() {
      team.keys = [keyPair(), team.newest];
    },
    document: () => JSON.stringify({ keys: team.keys.map(({ jwk }) => jwk), public_certs: [] }),
  };
  const server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    team.fetches++;
    if (team.respond) return team.respond(response);
    response.writeHead(200, { 'content-type': 'application/json' }).end(team.document());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  team.url = `http://127.0.0.1:${server.address().port}/cdn-cgi/access/certs`;
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return team;
}
