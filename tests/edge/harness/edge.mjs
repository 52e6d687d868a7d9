// Cloudflare's edge, on loopback: what was uploaded runs under real workerd, and host names lead to it as the
// API's state says.
//
// A host name has a port of its own (`at(hostname)`), in place of DNS and TLS. Everything that a Worker fetches
// goes to one upstream, whatever the host.

import http from 'node:http';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { runWorkerd } from '../../worker/harness/process.mjs';
import { temporaryDirectory } from '../../worker/harness/workerd.mjs';
import { scriptFor } from './cloudflare/routing.mjs';
import { deployedOf } from './cloudflare/versions.mjs';

/** The address of every client, as the edge sees it. */
export const CLIENT_ADDRESS = '203.0.113.7';

const text = (value) => JSON.stringify(value); // Cap'n Proto text literals escape as JSON does

const MODULE_KINDS = {
  'application/javascript+module': 'esModule',
  'application/wasm': 'wasm',
  'text/plain': 'text',
  'application/octet-stream': 'data',
};

/**
 * Starts the edge. `lag` is how many requests the version before still answers after a deployment; `broken` is
 * asked with each version that would answer, whether it fails instead, as a Worker does that throws.
 */
export async function startEdge(api, { upstream }) {
  const running = new Map();
  const listeners = new Map();
  const edge = {
    lag: 0,
    broken: () => false,
    /** URL at which this host name answers. */
    async at(hostname) {
      if (!listeners.has(hostname)) listeners.set(hostname, await listen(hostname));
      return `http://127.0.0.1:${listeners.get(hostname).address().port}`;
    },
    async close() {
      for (const server of listeners.values()) {
        server.closeAllConnections();
        server.close();
      }
      await Promise.all([...running.values()].map((worker) => worker.stop()));
    },
  };

  async function listen(hostname) {
    const server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) =>
      answer(hostname, request, response).catch((error) => {
        if (response.headersSent) return response.destroy();
        response.writeHead(500, { 'content-type': 'text/plain' });
        response.end(`error code: 1101\n${error.message}`); // as the edge answers for a Worker that fails to start
      }),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }

  async function answer(hostname, request, response) {
    const script = scriptFor(api.accounts, hostname, request.url);
    const version = script && deployedOf(script);
    if (!version) {
      response.writeHead(404, { 'content-type': 'text/plain' });
      return response.end('There is nothing here yet');
    }
    if (!running.has(script)) running.set(script, newWorker(script, upstream));
    const worker = running.get(script);
    await worker.serve(version, edge.lag, (serving, port) => {
      if (!edge.broken(serving)) return forward({ hostname, request, response, port });
      response.writeHead(500, { 'content-type': 'text/plain' });
      return response.end('error code: 1101');
    });
  }
  return edge;
}

/** Sends a request on, with the headers that the edge sets. */
async function forward({ hostname, request, response, port }) {
  const headers = {
    ...request.headers,
    host: hostname,
    'cf-connecting-ip': CLIENT_ADDRESS,
    'x-real-ip': CLIENT_ADDRESS,
    'x-forwarded-for': [request.headers['x-forwarded-for'], CLIENT_ADDRESS].filter(Boolean).join(', '),
    'x-forwarded-proto': 'https',
    'cf-ray': '8d1f0000abcd0000-TST',
  };
  const { method, url: path } = request;
  const inner = http.request({ host: '127.0.0.1', port, method, path, headers, agent: false });
  const closed = once(response, 'close');
  closed.then(() => inner.destroy());
  inner.on('error', () => response.destroy());
  request.pipe(inner);
  const [answered] = await once(inner, 'response');
  response.writeHead(answered.statusCode, answered.headers);
  answered.pipe(response);
  await closed;
}

/**
 * A script that runs: one workerd at a time, on the data of the script's objects. Another version takes its place
 * when the requests on it are through.
 */
function newWorker(script, upstream) {
  const state = temporaryDirectory();
  let current; // {version, server}
  let turn = Promise.resolve();
  let late = { of: undefined, left: 0 };
  const busy = new Set();

  /** The version that answers now: the deployed one, unless that is news here. */
  function reached(deployed, lag) {
    if (!current || current.version === deployed) return deployed;
    if (late.of !== deployed) late = { of: deployed, left: lag };
    return late.left-- > 0 ? current.version : deployed;
  }

  async function become(version) {
    if (current?.version === version) return;
    await Promise.all(busy);
    await current?.server.kill();
    current = undefined;
    current = { version, server: await boot(script, version, { state, upstream }) };
  }

  return {
    async serve(deployed, lag, handle) {
      let request;
      const ready = turn.then(async () => {
        await become(reached(deployed, lag));
        request = handle(current.version, current.server.ports.http);
        const done = Promise.resolve(request).catch(() => {});
        busy.add(done);
        done.then(() => busy.delete(done));
      });
      turn = ready.catch(() => {});
      await ready;
      await request;
    },
    async stop() {
      await turn;
      await current?.server.kill();
      rmSync(state, { recursive: true, force: true });
    },
  };
}

/** A version under workerd. Its directory is `state`, in which the objects' data stays. */
async function boot(script, version, { state, upstream }) {
  const dir = join(state, version.id);
  mkdirSync(join(state, 'objects'), { recursive: true });
  for (const { name, content } of version.modules) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
  const env = {};
  const file = join(dir, 'workerd.capnp');
  writeFileSync(file, capnp({ script, version, env, upstream, objects: join(state, 'objects') }), {
    mode: 0o600,
  });
  return runWorkerd(file, { sockets: ['http'], env });
}

/** The config of workerd for a version. Secrets go into `env`. */
function capnp({ script, version, env, upstream, objects }) {
  const main = version.modules.find(({ name }) => name === version.main_module);
  const modules = [main, ...version.modules.filter((module) => module !== main)].map(({ name, type }) => {
    const kind = MODULE_KINDS[type];
    if (!kind) throw new Error(`module ${name}: type ${type}`);
    return `(name = ${text(name)}, ${kind} = embed ${text(name)})`;
  });
  const bindings = version.bindings.map((binding) => {
    const name = `name = ${text(binding.name)}`;
    switch (binding.type) {
      case 'plain_text':
      case 'secret_text':
        env[binding.name] = binding.text;
        return `(${name}, fromEnvironment = ${text(binding.name)})`;
      case 'json':
        return `(${name}, json = ${text(JSON.stringify(binding.json))})`;
      case 'durable_object_namespace':
        return `(${name}, durableObjectNamespace = ${text(binding.class_name)})`;
      default:
        throw new Error(`binding ${binding.name}: type ${binding.type}`);
    }
  });
  const classes = [...script.classes].map(
    ([name, { id, sqlite }]) => `(className = ${text(name)}, uniqueKey = ${text(id)}, enableSql = ${sqlite})`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "objects", disk = (path = ${text(objects)}, writable = true)),
    (name = "internet", external = (address = "127.0.0.1:${upstream.port}", http = ())),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  compatibilityDate = ${text(version.compatibility_date)},
  compatibilityFlags = [${(version.compatibility_flags ?? []).map(text).join(', ')}],
  modules = [${modules.join(', ')}],
  bindings = [${bindings.join(', ')}],
  durableObjectNamespaces = [${classes.join(', ')}],
  durableObjectStorage = (localDisk = "objects"),
  globalOutbound = "internet",
);
`;
}
