// The part of Cloudflare's API that deploys Workers, on loopback, with state like the real one's.
//
// Each request is held against the description in ../openapi. One that is not as described is refused, and is in
// `problems`, which has to be empty at the end of a test.

import http from 'node:http';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import * as accounts from './cloudflare/account.mjs';
import * as routing from './cloudflare/routing.mjs';
import * as versions from './cloudflare/versions.mjs';
import { Problem, refuse } from './cloudflare/problem.mjs';
import { Invalid, checkAnswer, checkBody, checkQuery, operationOf } from './openapi.mjs';

const BASE = '/client/v4';
const operations = { ...accounts.operations, ...versions.operations, ...routing.operations };

/** What can happen to a call instead of what it is for. */
export const FAULTS = {
  /** The server broke before it did anything. */
  error: { applied: false, status: 500 },
  /** Too many requests. */
  limited: { applied: false, status: 429 },
  /** The connection broke before the server did anything. */
  cut: { applied: false },
  /** The server did it, and the connection broke before the client heard. */
  lost: { applied: true },
};

/**
 * Starts the API with these accounts (`newAccount`) and one user token for them all.
 *
 * `fault(call)` says what happens to a call, by a name in FAULTS; `call` is `{number, name, method, path}`, and
 * the number counts from 1. `calls` holds those of every request, without its values.
 */
export async function startApi(list = [accounts.newAccount()]) {
  const api = {
    accounts: list,
    /** Value of a token to what it may do. */
    tokens: new Map(),
    calls: [],
    problems: [],
    fault: () => undefined,
    get account() {
      return api.accounts[0];
    },
    addToken(kind = 'user', status = 'active', of = api.accounts) {
      const value = `cf-${kind}-${accounts.hex()}`;
      api.tokens.set(value, { id: accounts.hex(), kind, status, accounts: of });
      return value;
    },
    /** Forgets the calls so far. */
    reset() {
      api.calls.length = 0;
      api.fault = () => undefined;
    },
  };
  api.token = api.addToken();

  const server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => serve(api, request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  api.url = `http://127.0.0.1:${server.address().port}${BASE}`;
  api.close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return api;
}

async function serve(api, request, response) {
  const body = await buffer(request).catch(() => undefined);
  if (body === undefined) return; // the client went away
  const url = new URL(request.url, 'http://api');
  const path = url.pathname.startsWith(BASE) ? url.pathname.slice(BASE.length) : url.pathname;
  const operation = operationOf(request.method, path);
  const call = {
    number: api.calls.length + 1,
    name: operation?.name,
    method: request.method,
    path: path + url.search,
  };
  api.calls.push(call);

  const fault = FAULTS[(call.fault = api.fault(call))];
  if (!fault || fault.applied) call.answer = await answer(api, { request, url, operation, body });
  if (fault && fault.status === undefined) return request.socket.resetAndDestroy();
  const { status, json } = fault ? broken(fault.status) : call.answer;
  call.status = status;
  const headers = { 'content-type': 'application/json', 'cf-ray': '8d1f0000abcd0000-TST' };
  if (status === 429) headers['retry-after'] = '0';
  response.writeHead(status, headers);
  response.end(JSON.stringify(json));
}

const envelope = (status, errors, rest) => ({
  status,
  json: { success: errors.length === 0, errors, messages: [], result: null, ...rest },
});

const broken = (status) =>
  status === 429
    ? envelope(429, [{ code: 10429, message: 'Please wait and consider throttling your request speed' }])
    : envelope(500, [{ code: 10013, message: 'An unknown error has occurred.' }]);

/** Carries out a call and answers `{status, json}`. */
async function answer(api, { request, url, operation, body }) {
  try {
    if (!operation) throw new Invalid(`${request.method} ${url.pathname}: no such path`);
    const reply = await carryOut(api, { request, query: url.searchParams, operation, body }).then(
      (result) => envelope(200, [], result),
      (error) => {
        if (!(error instanceof Problem)) throw error;
        return envelope(error.status, error.errors);
      },
    );
    checkAnswer(operation, reply.status, reply.json);
    return reply;
  } catch (error) {
    api.problems.push(error instanceof Invalid ? error.message : error.stack);
    return envelope(400, [{ code: 7003, message: String(error.message) }]);
  }
}

async function carryOut(api, { request, query, operation, body }) {
  const { parameters } = operation;
  const token = accounts.authenticate(api.tokens, request.headers);
  checkQuery(operation, query);
  const received = await read(operation, request.headers['content-type'], body);
  const call = { ...received, token, query, parameters };
  const verification = accounts.verifications[operation.name];
  if (verification) return verification(call);

  if (token?.status !== 'active') refuse(403, 10000, 'Authentication error');
  for (const account of token.accounts) {
    if (parameters.account_id === account.id) call.account = account;
    const zone = account.zones.find(({ id }) => id === parameters.zone_id);
    if (zone) Object.assign(call, { account, zone });
  }
  const scoped = parameters.account_id ?? parameters.zone_id;
  if (scoped !== undefined && !call.account) refuse(403, 10000, 'Authentication error');
  const run = operations[operation.name];
  if (!run) throw new Invalid(`${operation.name}: described, but not here`);
  return run(call);
}

/** The body as the description knows it, checked: `{body}`, `{metadata, files}` or `{settings}`. */
async function read(operation, header, bytes) {
  const contentType = header?.split(';')[0].trim().toLowerCase();
  if (contentType !== 'multipart/form-data') {
    const body = bytes.length > 0 ? parse(bytes, `${operation.name}: the body`) : undefined;
    checkBody(operation, contentType, body);
    return { body };
  }
  const form = await new Response(bytes, { headers: { 'content-type': header } }).formData();
  const described = {};
  const files = [];
  for (const [name, value] of form) {
    if (name === 'metadata' || name === 'settings') {
      described[name] = parse(
        typeof value === 'string' ? value : await value.text(),
        `${operation.name}: ${name}`,
      );
    } else if (typeof value === 'string') {
      throw new Invalid(`${operation.name}: the part "${name}" has no file name`);
    } else {
      files.push({ name, type: value.type, content: Buffer.from(await value.arrayBuffer()) });
    }
  }
  const names = files.map(({ name }) => name);
  checkBody(operation, contentType, { ...described, ...(files.length > 0 && { files: names }) });
  return { ...described, files };
}

function parse(text, what) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Invalid(`${what} is not JSON`);
  }
}
