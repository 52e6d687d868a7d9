// What routing costs: calls of provider objects a request, and time, as a config grows.

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { send } from '../worker/harness/client.mjs';
import { CHAT_PATH, KEY, cap, chat, config, openaiProvider } from '../worker/harness/configs.mjs';
import { MODULES, PROVIDER_CLASS } from '../worker/harness/names.mjs';
import { modulePath, startGateway, temporaryDirectory } from '../worker/harness/workerd.mjs';
import { load, requestBytes } from './load.mjs';

const PROVIDERS = 10;
const MODELS = 100;
const ALIASES = 100;
const TARGETS = 20;
const COUNTED = 100;

const times = (count, make) => Array.from({ length: count }, (_, index) => make(index));
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** The bundle with objects that count how often they are called; all of them, because they share an isolate. */
function countingBundle() {
  const dir = temporaryDirectory();
  const [entry, ...others] = MODULES;
  for (const module of others) {
    mkdirSync(join(dir, module, '..'), { recursive: true });
    symlinkSync(modulePath(module), join(dir, module));
  }
  const head = `export class ${PROVIDER_CLASS} extends DurableObject `;
  const source = readFileSync(modulePath(entry), 'utf8');
  if (!source.includes(head)) throw new Error(`${entry} does not define the object class as \`${head}\``);
  const counting = `
let calls = 0;
export class ${PROVIDER_CLASS} extends Ledger {
  reserve(ask) { calls += 1; return super.reserve(ask); }
  settle(report) { calls += 1; return super.settle(report); }
  inspect() { return JSON.stringify({ calls }); }
}
`;
  writeFileSync(join(dir, entry), source.replace(head, 'class Ledger extends DurableObject ') + counting);
  return dir;
}

/** Providers `p0` to `p9`, an alias `wide` over two models of each, and `spent` of them without room. */
function wide(upstream, spent = 0) {
  const providers = times(PROVIDERS, (index) =>
    openaiProvider(upstream, {
      id: `p${index}`,
      models: times(TARGETS / PROVIDERS, (model) => ({ id: `m${model}` })),
      rateLimits: [cap(index < spent ? 1 : 1_000_000)],
    }),
  );
  const targets = providers.flatMap(({ id, models }) => models.map((model) => `${id}/${model.id}`));
  return config(providers, { modelAliases: { wide: { strategy: 'auto', targets } } });
}

async function callsARequest(upstream, { bundle, model, spent }) {
  const gateway = await startGateway({ config: wide(upstream, spent), bundle });
  const ask = async () => {
    const { status, text } = await send(gateway.url, { path: CHAT_PATH, key: KEY, body: chat(model) });
    if (status !== 200) throw new Error(text);
  };
  const calls = async () => (await gateway.object('p0', 'inspect')).calls;
  try {
    for (let index = 0; index < COUNTED; index++) await ask(); // until it is known who has no room
    const before = await calls();
    for (let index = 0; index < COUNTED; index++) await ask();
    return ((await calls()) - before) / COUNTED;
  } finally {
    await gateway.stop();
  }
}

export async function printCalls(upstream) {
  const bundle = countingBundle();
  const calls = async (model, spent) => (await callsARequest(upstream, { bundle, model, spent })).toFixed(2);
  console.log(
    `object calls per request: 1 target ${await calls('p0/m0')}, ${TARGETS} targets over ${PROVIDERS} providers ${await calls('wide')} (target: the same), ${PROVIDERS - 1} of them used up ${await calls('wide', PROVIDERS - 1)}`,
  );
}

/** 10 providers of 100 models each, and 100 aliases of 20 targets; no caps, which would hide what is looked for. */
function large(upstream) {
  const providers = times(PROVIDERS, (index) =>
    openaiProvider(upstream, {
      id: `provider-${index}`,
      models: times(MODELS, (model) => ({ id: `model-${model}-of-${index}` })),
    }),
  );
  const targets = (alias) =>
    times(TARGETS, (target) => {
      const index = (alias + target) % PROVIDERS;
      return `provider-${index}/model-${(alias + 7 * target) % MODELS}-of-${index}`;
    });
  const aliases = times(ALIASES, (alias) => [
    `alias-${alias}`,
    { strategy: 'weighted-rr', targets: targets(alias) },
  ]);
  return config(providers, { modelAliases: Object.fromEntries(aliases) });
}

/** Processor time of a request, in µs: what other load on the machine blurs least. */
const cpu = (results) =>
  (1_000 * results.reduce((sum, { cpuMs }) => sum + cpuMs, 0)) /
  results.reduce((sum, { count }) => sum + count, 0);

/** How the gateway with 1,000 models does against the one with a single model; a ratio of 1 is as fast. */
export async function printScaling(upstream, { rounds, warmUpMs, measureMs, concurrency: concurrencies }) {
  const one = await startGateway({ config: config([openaiProvider(upstream)]) });
  const many = await startGateway({ config: large(upstream) });
  const last = `model-${MODELS - 1}-of-${PROVIDERS - 1}`;
  const variants = [
    { name: '1 model', server: one, model: 'alpha/gpt-a' },
    { name: 'the last of 1,000', server: many, model: `provider-${PROVIDERS - 1}/${last}` },
    { name: 'the same by its bare name', server: many, model: last },
    { name: `an alias of ${TARGETS}`, server: many, model: `alias-${ALIASES - 1}` },
  ];
  try {
    for (const concurrency of concurrencies) {
      const results = variants.map(() => []);
      for (let round = 0; round < rounds; round++) {
        for (let turn = 0; turn < variants.length; turn++) {
          const index = (turn + round) % variants.length;
          const { server, model } = variants[index];
          const request = requestBytes({ port: server.port, path: CHAT_PATH, key: KEY, body: chat(model) });
          await load({ port: server.port, request, concurrency, ms: warmUpMs });
          const before = server.cpuMs();
          const result = await load({ port: server.port, request, concurrency, ms: measureMs });
          results[index].push({ ...result, cpuMs: server.cpuMs() - before });
        }
      }
      const [baseline] = results;
      const told = variants.map(({ name }, index) => {
        const own = results[index];
        const by = (ratio) => median(own.map((result, round) => ratio(result, baseline[round]))).toFixed(2);
        const rate = by((result, base) => result.rate / base.rate);
        const p50 = by((result, base) => base.p50 / result.p50);
        const figures = `${Math.round(median(own.map((result) => result.rate)))}/s, p50 ${median(own.map((result) => result.p50)).toFixed(2)} ms, ${cpu(own).toFixed(0)} µs`;
        const ratios = `rate ${rate}, p50 ${p50}, processor ${(cpu(baseline) / cpu(own)).toFixed(2)}`;
        return index === 0 ? `  ${name} (${figures})` : `  ${name}: ${ratios} (${figures})`;
      });
      console.log(`routing among 1,000 models to one, ${concurrency} in flight: \n${told.join('\n')}`);
    }
  } finally {
    await Promise.all([one.stop(), many.stop()]);
  }
}
