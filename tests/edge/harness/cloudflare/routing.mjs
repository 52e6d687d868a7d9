// How requests reach a script: custom domains, routes, workers.dev.

import { hex } from './account.mjs';
import { noSuchScript, refuse } from './problem.mjs';
import { scriptOf } from './versions.mjs';

/** The zone of an account that a host name is in. */
const zoneFor = (account, hostname) =>
  account.zones.find(({ name }) => hostname === name || hostname.endsWith(`.${name}`));

const isFor = (wanted, { id, name }) => (wanted.zone_id ?? id) === id && (wanted.zone_name ?? name) === name;

function attach(account, { hostname, service, ...wanted }) {
  if (!account.scripts.has(service)) noSuchScript();
  const zone = zoneFor(account, hostname);
  if (!zone || !isFor(wanted, zone))
    refuse(400, 100114, `The hostname ${hostname} is in no zone of this account that could be found.`);
  const taken = account.domains.find((domain) => domain.hostname === hostname);
  if (taken) return Object.assign(taken, { service });
  const names = { zone_id: zone.id, zone_name: zone.name };
  const domain = { id: hex(), cert_id: hex(), environment: 'production', hostname, service, ...names };
  account.domains.push(domain);
  return domain;
}

/** The host name that a pattern of a route begins with. */
const hostOf = (pattern) =>
  pattern
    .replace(/^https?:\/\//, '')
    .split('/')[0]
    .replace(/^\*\.?/, '');

function addRoute(account, zone, { pattern, script }) {
  if (script && !account.scripts.has(script)) noSuchScript();
  const host = hostOf(pattern);
  if (host !== zone.name && !host.endsWith(`.${zone.name}`))
    refuse(400, 10022, `Invalid pattern '${pattern}': its host is not in the zone ${zone.name}.`);
  if (zone.routes.some((route) => route.pattern === pattern))
    refuse(409, 10020, 'A route with the same pattern already exists.');
  const route = { id: hex(), pattern, ...(script && { script }) };
  zone.routes.push(route);
  return route;
}

const routeOf = ({ zone, parameters }) =>
  zone.routes.find(({ id }) => id === parameters.route_id) ??
  refuse(404, 10025, 'This route does not exist.');

const SCRIPT = '/accounts/{account_id}/workers/scripts/{script_name}';
const DOMAINS = '/accounts/{account_id}/workers/domains';
const ROUTES = '/zones/{zone_id}/workers/routes';

export const operations = {
  [`GET ${DOMAINS}`]: ({ account, query }) => ({
    result: account.domains.filter((domain) =>
      ['hostname', 'service', 'zone_id', 'zone_name', 'environment'].every(
        (name) => !query.has(name) || domain[name] === query.get(name),
      ),
    ),
  }),
  [`PUT ${DOMAINS}`]: ({ account, body }) => ({ result: attach(account, body) }),
  [`GET ${DOMAINS}/{domain_id}`]: ({ account, parameters }) => ({
    result:
      account.domains.find(({ id }) => id === parameters.domain_id) ?? refuse(404, 100116, 'No such domain.'),
  }),
  [`DELETE ${DOMAINS}/{domain_id}`]: ({ account, parameters }) => {
    const at = account.domains.findIndex(({ id }) => id === parameters.domain_id);
    if (at < 0) refuse(404, 100116, 'No such domain.');
    account.domains.splice(at, 1);
    return { result: null };
  },
  [`PUT ${SCRIPT}/domains/records`]: (call) => {
    const service = scriptOf(call).id;
    return {
      result: call.body.origins.map(({ hostname, zone_id, zone_name }) =>
        attach(call.account, {
          hostname,
          service,
          ...(zone_id && { zone_id }),
          ...(zone_name && { zone_name }),
        }),
      ),
    };
  },

  [`GET ${ROUTES}`]: ({ zone }) => ({ result: zone.routes }),
  [`POST ${ROUTES}`]: ({ account, zone, body }) => ({ result: addRoute(account, zone, body) }),
  [`GET ${ROUTES}/{route_id}`]: (call) => ({ result: routeOf(call) }),
  [`PUT ${ROUTES}/{route_id}`]: (call) => {
    if (call.body.script && !call.account.scripts.has(call.body.script)) noSuchScript();
    return { result: Object.assign(routeOf(call), call.body) };
  },
  [`DELETE ${ROUTES}/{route_id}`]: (call) => {
    const route = routeOf(call);
    call.zone.routes.splice(call.zone.routes.indexOf(route), 1);
    return { result: { id: route.id } };
  },
  /** Takes the place of all routes of the script. */
  [`PUT ${SCRIPT}/routes`]: (call) => {
    const script = scriptOf(call).id;
    for (const zone of call.account.zones)
      zone.routes = zone.routes.filter((route) => route.script !== script);
    return {
      result: call.body.map(({ pattern, ...wanted }) => {
        const zone = zoneFor(call.account, hostOf(pattern));
        if (!zone || !isFor(wanted, zone)) refuse(400, 10022, `Invalid pattern '${pattern}': no such zone.`);
        return addRoute(call.account, zone, { pattern, script });
      }),
    };
  },

  'GET /accounts/{account_id}/workers/subdomain': ({ account }) =>
    account.subdomain
      ? { result: { subdomain: account.subdomain } }
      : refuse(404, 10007, 'There is no workers.dev subdomain yet.'),
  [`GET ${SCRIPT}/subdomain`]: (call) => ({ result: scriptOf(call).subdomain }),
  [`POST ${SCRIPT}/subdomain`]: (call) => {
    const { subdomain } = scriptOf(call);
    const { enabled, previews_enabled = enabled } = call.body;
    return { result: Object.assign(subdomain, { enabled, previews_enabled }) };
  },
  [`DELETE ${SCRIPT}/subdomain`]: (call) => ({
    result: Object.assign(scriptOf(call).subdomain, { enabled: false, previews_enabled: false }),
  }),
};

/** The script that a request is for, or undefined. Routes come before custom domains, the longest first. */
export function scriptFor(accounts, hostname, path) {
  for (const account of accounts) {
    const [route] = account.zones
      .flatMap(({ routes }) => routes)
      .filter(({ pattern }) => matches(pattern, hostname + path))
      .sort((left, right) => right.pattern.length - left.pattern.length);
    // A route without a script switches Workers off for its pattern.
    if (route) return account.scripts.get(route.script);
    const domain = account.domains.find((each) => each.hostname === hostname);
    if (domain) return account.scripts.get(domain.service);
    if (!account.subdomain) continue;
    for (const script of account.scripts.values())
      if (script.subdomain.enabled && hostname === `${script.id}.${account.subdomain}.workers.dev`)
        return script;
  }
  return undefined;
}

function matches(pattern, address) {
  const escaped = pattern
    .replace(/^https?:\/\//, '')
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`).test(address);
}
