// The objects alone, under miniflare: methods are called without the front door.
//
// miniflare brings a workerd of its own, whose state no other version may open.

import { readFileSync } from 'node:fs';
import { Miniflare } from 'miniflare';
import * as names from './names.mjs';
import { modulePath, temporaryDirectory } from './workerd.mjs';

/**
 * Starts miniflare with the bundle; `state` is a directory that outlives it. `object(name)` answers the
 * object's methods: they take a value, send it as JSON, and give what the JSON reply holds.
 */
export async function startObjects(t, { state = temporaryDirectory() } = {}) {
  const miniflare = new Miniflare({
    cf: false, // it would be fetched
    modules: names.MODULES.map((path) => ({
      type: path.endsWith('.wasm') ? 'CompiledWasm' : 'ESModule',
      path,
      contents: readFileSync(modulePath(path)),
    })),
    compatibilityDate: names.COMPATIBILITY_DATE,
    compatibilityFlags: names.COMPATIBILITY_FLAGS,
    durableObjects: {
      [names.PROVIDERS_BINDING]: {
        className: names.PROVIDER_CLASS,
        useSQLite: true,
        unsafeUniqueKey: names.PROVIDER_UNIQUE_KEY,
      },
    },
    durableObjectsPersist: state,
  });
  let running = true;
  const stop = async () => {
    if (running) await miniflare.dispose();
    running = false;
  };
  t.after(stop);
  const namespace = await miniflare.getDurableObjectNamespace(names.PROVIDERS_BINDING);
  return {
    state,
    stop,
    /** `reserve(ask)`, `settle(report)`, `inspect()`; `raw(method, text)` sends text as it is. */
    object(name) {
      const stub = namespace.get(namespace.idFromName(name));
      const raw = (method, ...text) => stub[method](...text);
      const call = async (method, ...argument) => {
        const reply = await raw(method, ...argument.map((value) => JSON.stringify(value)));
        return reply === undefined ? undefined : JSON.parse(reply);
      };
      return {
        raw,
        reserve: (ask) => call('reserve', ask),
        settle: (report) => call('settle', report),
        inspect: () => call('inspect'),
      };
    },
  };
}
