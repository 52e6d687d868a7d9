// The gateway's own bundle under plain workerd, with the objects' SQLite on disk.
//
// Without `local` the Worker believes to be on Cloudflare's edge; `local: {requireAuth}` is what the CLI sets.
// Two more sockets are for tests: a probe, which is a Worker that calls methods of a provider's object, and the
// gateway's control entrypoint.

import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as names from './names.mjs';
import { runWorkerd } from './process.mjs';

const PROBE = `
export default {
  async fetch(request, env) {
    const [, provider, method] = new URL(request.url).pathname.split('/').map(decodeURIComponent);
    const argument = await request.text();
    try {
      const reply = await env.PROVIDERS.getByName(provider)[method](...(argument ? [argument] : []));
      return new Response(reply);
    } catch (error) {
      return new Response(String(error?.stack ?? error), { status: 500 });
    }
  },
};
`;

/** The bundle under test, relative to the repository; the fault build has its own. */
const BUNDLE = process.env.LLM_ROUTER_TEST_BUNDLE ?? 'build';
export const FAULT_BUNDLE = process.env.LLM_ROUTER_TEST_FAULT_BUNDLE ?? 'build-fault';

const text = (value) => JSON.stringify(value); // Cap'n Proto text literals escape as JSON does
const temporary = new Set();
process.on('exit', () => temporary.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

export function temporaryDirectory() {
  const dir = mkdtempSync(join(tmpdir(), 'llm-router-test-'));
  temporary.add(dir);
  return dir;
}

export const modulePath = (module, bundle = BUNDLE) => resolve(names.ROOT, bundle, module);

/** Whether a bundle is built: tests of the fault build skip without one. */
export function hasBundle(bundle) {
  return names.MODULES.every((module) => existsSync(modulePath(module, bundle)));
}

/** What another process's objects look like to a front door: calls go by HTTP to a gateway's probe. */
const REMOTE = `
const call = (home, provider, method) => async (text) => {
  const url = 'http://probe/' + encodeURIComponent(provider) + '/' + method;
  const response = await home.fetch(url, { method: 'POST', body: text ?? '' });
  const reply = await response.text();
  if (!response.ok) throw new Error(reply);
  return reply || undefined;
};
export default ({ home }) => ({
  idFromName: (name) => name,
  get: (name) => new Proxy({}, { get: (_, method) => call(home, name, method) }),
});
`;

const frontNames = (fronts) => Array.from({ length: fronts }, (_, index) => `front${index}`);

/**
 * Cap'n Proto text of the gateway, for a directory that holds its modules and its state. `fronts` more of it,
 * each an isolate of its own, are bound to the same objects. With `home`, the port of another gateway's probe, its
 * objects are that one's.
 */
export function capnp({ dir, vars, local, port = 0, fronts = 0, home }) {
  const modules = names.MODULES.map((name) =>
    name.endsWith('.wasm')
      ? `(name = ${text(name)}, wasm = embed ${text(name)})`
      : `(name = ${text(name)}, esModule = embed ${text(name)})`,
  );
  const objects = home
    ? `wrapped = (moduleName = "test:remote", innerBindings = [(name = "home", service = "home")])`
    : `durableObjectNamespace = (className = ${text(names.PROVIDER_CLASS)}, serviceName = "gateway")`;
  const bindings = [
    `(name = ${text(names.PROVIDERS_BINDING)}, ${objects})`,
    ...Object.keys(vars).map((name) => `(name = ${text(name)}, fromEnvironment = ${text(name)})`),
    ...(local ? [`(name = ${text(names.LOCAL_BINDING)}, json = ${text(JSON.stringify(local))})`] : []),
  ];
  const front = `compatibilityDate = ${text(names.COMPATIBILITY_DATE)},
  compatibilityFlags = [${names.COMPATIBILITY_FLAGS.map(text).join(', ')}],
  modules = [${modules.join(', ')}],
  bindings = [${bindings.join(', ')}],`;
  const others = frontNames(fronts);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "gateway", worker = .gateway),
    (name = "probe", worker = .probe),
    (name = "state", disk = (path = ${text(join(dir, 'state'))}, writable = true)),
    ${others.map((name) => `(name = "${name}", worker = .front),`).join(' ')}
    ${home ? `(name = "home", external = (address = "127.0.0.1:${home}", http = ())),` : ''}
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:${port}", http = (), service = "gateway"),
    (name = "probe", address = "127.0.0.1:0", http = (), service = "probe"),
    (name = "control", address = "127.0.0.1:0", http = (), service = (name = "gateway", entrypoint = ${text(names.CONTROL_ENTRYPOINT)})),
    ${others.map((name) => `(name = "${name}", address = "127.0.0.1:0", http = (), service = "${name}"),`).join(' ')}
  ],
  extensions = [(modules = [(name = "test:remote", internal = true, esModule = embed "remote.js")])],
);
const front :Workerd.Worker = (
  ${front}
);
const gateway :Workerd.Worker = (
  ${front}
  durableObjectNamespaces = [
    (className = ${text(names.PROVIDER_CLASS)}, uniqueKey = ${text(names.PROVIDER_UNIQUE_KEY)}, enableSql = true),
  ],
  durableObjectStorage = (localDisk = "state"),
);
const probe :Workerd.Worker = (
  compatibilityDate = ${text(names.COMPATIBILITY_DATE)},
  modules = [(name = "probe.js", esModule = embed "probe.js")],
  bindings = [
    (name = "PROVIDERS", durableObjectNamespace = (className = ${text(names.PROVIDER_CLASS)}, serviceName = "gateway")),
  ],
);
`;
}

/**
 * Starts the gateway. `config` (an object, or text to send as it is) becomes `LLM_ROUTER_CONFIG_JSON`;
 * `vars` are further variables. `urls` are those of all isolates that serve: itself and `fronts` more. `home` is a
 * gateway in another process, whose objects are used. `logged`: its log goes to the file `log` in its directory
 * instead of `stdout()`. Stop it with `stop()`; `restart()` keeps the state directory.
 */
export async function startGateway({ config, vars = {}, local, bundle, fronts = 0, home, logged } = {}) {
  const dir = temporaryDirectory();
  mkdirSync(join(dir, 'state'));
  for (const module of names.MODULES) symlinkSync(modulePath(module, bundle), join(dir, module));
  writeFileSync(join(dir, 'probe.js'), PROBE);
  writeFileSync(join(dir, 'remote.js'), REMOTE);

  const gateway = {
    dir,
    async start(changes = {}) {
      ({ config, vars, local } = { config, vars, local, ...changes });
      const env = { ...vars };
      if (config !== undefined)
        env.LLM_ROUTER_CONFIG_JSON = typeof config === 'string' ? config : JSON.stringify(config);
      const layout = { dir, vars: env, local, fronts, home: home?.ports.probe };
      writeFileSync(join(dir, 'workerd.capnp'), capnp(layout));
      const others = frontNames(fronts);
      const server = await runWorkerd(join(dir, 'workerd.capnp'), {
        sockets: ['http', 'probe', 'control', ...others],
        env,
        log: logged ? join(dir, 'log') : undefined,
      });
      const urls = ['http', ...others].map((socket) => `http://127.0.0.1:${server.ports[socket]}`);
      Object.assign(gateway, server, { port: server.ports.http, url: urls[0], urls });
      return gateway;
    },
    /** Another process on the same state; `changes` may hold a new `config`, `vars` or `local`. */
    async restart({ signal = 'SIGKILL', ...changes } = {}) {
      await gateway.kill(signal);
      return gateway.start(changes);
    },
    async stop() {
      await gateway.kill();
      rmSync(dir, { recursive: true, force: true });
      temporary.delete(dir);
    },
    /** Calls a method of a provider's object; what it takes and gives is JSON text. */
    async object(provider, method, argument) {
      const response = await fetch(
        `http://127.0.0.1:${gateway.ports.probe}/${encodeURIComponent(provider)}/${method}`,
        {
          method: 'POST',
          body: argument === undefined ? '' : JSON.stringify(argument),
        },
      );
      const reply = await response.text();
      if (!response.ok) throw new Error(`${method} of ${provider}: ${reply}`);
      return reply ? JSON.parse(reply) : undefined;
    },
  };
  return gateway.start();
}
