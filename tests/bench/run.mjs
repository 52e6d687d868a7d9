// What the gateway costs, as a ratio to the smallest proxy Worker that can be written, in one run:
// same client, same upstream, same workerd, interleaved rounds, median of the rounds' ratios.
//
//   node tests/bench/run.mjs [--quick] [--routing | --streams]

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { KEY, bucket, chat, config, openaiProvider, CHAT_PATH } from '../worker/harness/configs.mjs';
import { COMPATIBILITY_DATE, MODULES, ROOT } from '../worker/harness/names.mjs';
import { runWorkerd } from '../worker/harness/process.mjs';
import { modulePath, startGateway, temporaryDirectory } from '../worker/harness/workerd.mjs';
import { load, requestBytes } from './load.mjs';
import { printCalls, printScaling } from './routing.mjs';
import { printStreams } from './streams.mjs';

const QUICK = process.argv.includes('--quick');
/** Only what routing costs. */
const ROUTING = process.argv.includes('--routing');
/** Only what translating streams costs. */
const STREAMS = process.argv.includes('--streams');
const ROUNDS = QUICK ? 1 : 7;
const WARM_UP_MS = QUICK ? 100 : 150;
const MEASURE_MS = QUICK ? 300 : 800;
/** How long each server runs before it is measured: the runtime compiles in earnest what has run often. */
const FIRST_MS = QUICK ? 500 : 15_000;

const HUGE = 1_000_000_000;
const BUCKETS = [bucket(HUGE, 'minute'), bucket(HUGE, 'hour', 6), bucket(HUGE, 'month')];

const sentence = 'The quick brown fox said "jump", and the lazy dog did: \\o/ – naïvely.\n';
const turns = (bytes) =>
  Array.from({ length: 20 }, (_, turn) => ({
    role: turn % 2 ? 'assistant' : 'user',
    content: sentence.repeat(bytes / 20 / sentence.length),
  }));
const BODIES = {
  small: chat('alpha/gpt-a'),
  '100 KB': chat('alpha/gpt-a', { messages: turns(100_000) }),
  'SSE, 200 events': chat('alpha/gpt-a', { stream: true }),
};
const CONCURRENCY = [1, 32];
/** Least acceptable ratio of the whole path. */
const TARGETS = { small: 0.75, '100 KB': 0.95, 'SSE, 200 events': 0.95 };

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

async function startBaseline(upstream) {
  const dir = temporaryDirectory();
  symlinkSync(join(ROOT, 'tests/bench/baseline.js'), join(dir, 'baseline.js'));
  writeFileSync(
    join(dir, 'workerd.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "proxy", worker = .proxy), (name = "internet", network = (allow = ["private"]))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "proxy")],
);
const proxy :Workerd.Worker = (
  compatibilityDate = "${COMPATIBILITY_DATE}",
  modules = [(name = "baseline.js", esModule = embed "baseline.js")],
  bindings = [
    (name = "UPSTREAM", text = "${upstream.url}/v1/chat/completions"),
    (name = "MODEL", text = "gpt-a"),
    (name = "AUTHORIZATION", text = "Bearer sk-bench"),
  ],
);
`,
  );
  const server = await runWorkerd(join(dir, 'workerd.capnp'), { sockets: ['http'] });
  return { ...server, port: server.ports.http };
}

/** `{rowsWritten, reservations}` of a provider's object so far. */
const ledger = (gateway) => gateway.object('alpha', 'inspect');

async function rowsAReservation(gateway, body, concurrency) {
  // Not over the end of a minute, where there are no leases.
  const left = 60_000 - (Date.now() % 60_000);
  if (left < MEASURE_MS + 4_000) await pause(left);
  const request = requestBytes({ port: gateway.port, path: CHAT_PATH, key: KEY, body });
  const before = await ledger(gateway);
  await load({ port: gateway.port, request, concurrency, ms: MEASURE_MS });
  const after = await ledger(gateway);
  return (after.rowsWritten - before.rowsWritten) / (after.reservations - before.reservations);
}

/** Results by cell (`body`, `concurrency`): for each variant a list of `{rate, p50}`, one a round. */
async function measure(variants) {
  for (const { server } of variants) {
    const request = requestBytes({ port: server.port, path: CHAT_PATH, key: KEY, body: BODIES.small });
    await load({ port: server.port, request, concurrency: 32, ms: FIRST_MS });
  }
  const cells = Object.keys(BODIES).flatMap((body) =>
    CONCURRENCY.map((concurrency) => ({ body, concurrency, results: variants.map(() => []) })),
  );
  for (let round = 0; round < ROUNDS; round++) {
    for (const { body, concurrency, results } of cells) {
      for (let turn = 0; turn < variants.length; turn++) {
        const index = (turn + round) % variants.length; // no variant is always first
        const { port } = variants[index].server;
        const request = requestBytes({ port, path: CHAT_PATH, key: KEY, body: BODIES[body] });
        await load({ port, request, concurrency, ms: WARM_UP_MS });
        results[index].push(await load({ port, request, concurrency, ms: MEASURE_MS }));
      }
    }
    process.stderr.write(`round ${round + 1} of ${ROUNDS}\n`);
  }
  return cells;
}

/** Alone a request's latency counts, together their rate does; a ratio of 1 is as fast as the baseline. */
function ratio(cell, index) {
  const [baseline] = cell.results;
  return median(
    cell.results[index].map((own, round) =>
      cell.concurrency === 1 ? baseline[round].p50 / own.p50 : own.rate / baseline[round].rate,
    ),
  );
}

function printTable(cells, variants) {
  const rows = cells.map((cell) => {
    const row = { body: cell.body, in_flight: cell.concurrency };
    variants.forEach(({ name }, index) => {
      const rate = Math.round(median(cell.results[index].map((result) => result.rate)));
      const p50 = median(cell.results[index].map((result) => result.p50)).toFixed(2);
      row[name] = `${index ? `${ratio(cell, index).toFixed(2)}  ` : ''}(${rate}/s, p50 ${p50} ms)`;
    });
    row.target = `>= ${TARGETS[cell.body]}`;
    row.met = ratio(cell, 1) >= TARGETS[cell.body] ? 'yes' : 'NO';
    return row;
  });
  const columns = Object.keys(rows[0]);
  const widths = columns.map((column) =>
    Math.max(column.length, ...rows.map((row) => String(row[column]).length)),
  );
  const line = (values) =>
    console.log(values.map((value, index) => String(value).padEnd(widths[index])).join('  '));
  line(columns);
  rows.forEach((row) => line(columns.map((column) => row[column])));
}

async function compareWithBaseline(upstream) {
  const start = (provider, vars = {}) => {
    const routed = openaiProvider(upstream, { rateLimits: BUCKETS, ...provider });
    return startGateway({ config: config([routed]), vars, logged: true });
  };
  const variants = [
    { name: 'smallest proxy', server: await startBaseline(upstream) },
    { name: 'gateway', server: await start({}) },
    { name: 'without its log', server: await start({}, { LLM_ROUTER_LOG_LEVEL: 'error' }) },
    { name: 'without leases', server: await start({ leases: { max: 1 } }) },
  ];
  try {
    const cells = await measure(variants);
    printTable(cells, variants);

    const gateway = variants[1].server;
    for (const concurrency of CONCURRENCY) {
      const rows = await rowsAReservation(gateway, BODIES.small, concurrency);
      console.log(
        `rows written a reservation, ${concurrency} in flight: ${rows.toFixed(3)} (target <= ${concurrency === 1 ? 1 : 0.1})`,
      );
    }
    const size = MODULES.reduce(
      (sum, module) => sum + gzipSync(readFileSync(modulePath(module)), { level: 9 }).length,
      0,
    );
    console.log(`bundle: ${(size / 1024).toFixed(0)} KB gzipped (target <= 500)`);
    console.log(
      `memory: ${variants.map(({ name, server }) => `${name} ${Math.round(server.rssKb() / 1024)} MB`).join(', ')}`,
    );
  } finally {
    await Promise.all(variants.map(({ server }) => server.kill()));
  }
}

const provider = fork(join(ROOT, 'tests/bench/upstream.mjs'));
const [{ port }] = await once(provider, 'message');
const upstream = { url: `http://127.0.0.1:${port}` };
try {
  if (!ROUTING && !STREAMS) await compareWithBaseline(upstream);
  const pace = { rounds: ROUNDS, warmUpMs: WARM_UP_MS, measureMs: MEASURE_MS, concurrency: CONCURRENCY };
  if (!ROUTING) await printStreams(upstream, pace);
  if (!STREAMS) {
    await printCalls(upstream);
    await printScaling(upstream, pace);
  }
} finally {
  provider.disconnect();
}
