// Who may do what: tokens, accounts, memberships, zones.

import { randomBytes } from 'node:crypto';
import { refuse } from './problem.mjs';

export const hex = (bytes = 16) => randomBytes(bytes).toString('hex');
export const now = () => new Date().toISOString();

/** Variables and secrets a Worker may have. */
const VARIABLES_MAX = { free: 64, paid: 128 };

/** An account as tests start with: one zone, and a name for workers.dev. */
export function newAccount({
  name = 'Acme',
  plan = 'paid',
  subdomain = 'acme',
  zones = ['example.com'],
} = {}) {
  return {
    id: hex(),
    name,
    plan,
    subdomain,
    zones: zones.map((zone) => ({ id: hex(), name: zone, routes: [] })),
    domains: [],
    scripts: new Map(),
    variablesMax: VARIABLES_MAX[plan],
  };
}

/** A page of a list, with what the API says about the rest of it. */
export function page(list, query, { most = 50, usual = 20 } = {}) {
  const number = Number(query.get('page') || 1);
  const size = Number(query.get('per_page') || usual);
  if (size < 5 || size > most) refuse(400, 7003, `per_page must be between 5 and ${most}`);
  const result = list.slice((number - 1) * size, number * size);
  return {
    result,
    result_info: {
      page: number,
      per_page: size,
      count: result.length,
      total_count: list.length,
      total_pages: Math.ceil(list.length / size),
    },
  };
}

const described = ({ id, name }) => ({
  id,
  name,
  type: 'standard',
  created_on: '2026-01-01T00:00:00Z',
  settings: {},
});

/** The token of a request, or a refusal. A token: `{kind: 'user' | 'account', accounts, status}`. */
export function authenticate(tokens, headers) {
  const header = headers.authorization;
  if (header === undefined) refuse(400, 9106, 'Missing X-Auth-Key, X-Auth-Email or Authorization headers');
  const [, value] = /^Bearer ([A-Za-z0-9\-._~+/]+=*)$/.exec(header) ?? [];
  if (value === undefined) refuse(400, 6003, 'Invalid request headers');
  return tokens.get(value);
}

const verification = (token) => ({
  result: {
    id: token.id,
    status: token.status,
    ...(token.status === 'expired' && { expires_on: '2026-01-01T00:00:00Z' }),
  },
  messages: [{ code: 10000, message: `This API Token is valid and ${token.status}` }],
});

/** Operations that are about the token: they say themselves what is wrong with it. */
export const verifications = {
  'GET /user/tokens/verify': ({ token }) =>
    token?.kind === 'user' ? verification(token) : refuse(401, 1000, 'Invalid API Token'),
  'GET /accounts/{account_id}/tokens/verify': ({ token, parameters }) =>
    token?.kind === 'account' && token.accounts.some(({ id }) => id === parameters.account_id)
      ? verification(token)
      : refuse(401, 1000, 'Invalid API Token'),
};

export const operations = {
  'GET /accounts': ({ token, query }) =>
    page(
      token.accounts.filter(({ name }) => !query.get('name') || name === query.get('name')).map(described),
      query,
    ),
  'GET /accounts/{account_id}': ({ account }) => ({ result: described(account) }),
  'GET /memberships': ({ token, query }) => {
    if (token.kind !== 'user') refuse(403, 10000, 'Authentication error');
    const memberships = token.accounts.map((account) => ({
      id: hex(),
      status: 'accepted',
      account: described(account),
      roles: ['Super Administrator - All Privileges'],
    }));
    return page(memberships, query);
  },
  'GET /zones': ({ token, query }) => {
    const found = token.accounts.flatMap((account) =>
      account.zones.map((zone) => describedZone(account, zone)),
    );
    const id = query.get('account.id');
    const name = query.get('name');
    return page(
      found.filter((zone) => (!id || zone.account.id === id) && (!name || zone.name === name)),
      query,
    );
  },
  'GET /zones/{zone_id}': ({ account, zone }) => ({ result: describedZone(account, zone) }),
};

const describedZone = (account, zone) => ({
  id: zone.id,
  name: zone.name,
  account: { id: account.id, name: account.name },
  activated_on: '2026-01-01T00:00:00Z',
  created_on: '2026-01-01T00:00:00Z',
  modified_on: '2026-01-01T00:00:00Z',
  development_mode: 0,
  meta: {},
  name_servers: ['ada.ns.cloudflare.com', 'bob.ns.cloudflare.com'],
  original_dnshost: null,
  original_name_servers: null,
  original_registrar: null,
  owner: {},
  plan: {},
  status: 'active',
  type: 'full',
});
