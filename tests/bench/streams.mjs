// What translating a stream costs: each pair of formats against the relay of the same upstream's stream.

import { CHAT_PATH, KEY, MESSAGES_PATH, chat, claudeProvider, config, messages, openaiProvider } from '../worker/harness/configs.mjs';
import { startGateway } from '../worker/harness/workerd.mjs';
import { load, requestBytes } from './load.mjs';

const RESPONSES_PATH = '/v1/responses';
const responses = (model) => ({ model, stream: true, input: 'hi' });

/** Name, path, body, and the relay that it is compared with. */
const CASES = [
  ['Chat relayed', CHAT_PATH, chat('alpha/gpt-a', { stream: true }), 0],
  ['Messages relayed', MESSAGES_PATH, messages('beta/claude-b', { stream: true }), 1],
  ['Messages client, Chat provider', MESSAGES_PATH, messages('alpha/gpt-a', { stream: true }), 0],
  ['Chat client, Messages provider', CHAT_PATH, chat('beta/claude-b', { stream: true }), 1],
  ['Responses client, Chat provider', RESPONSES_PATH, responses('alpha/gpt-a'), 0],
  ['Responses client, Messages provider', RESPONSES_PATH, responses('beta/claude-b'), 1],
];

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Prints, for each case, its rate and its times as ratios to its relay: more than 1 is better. */
export async function printStreams(upstream, { rounds, warmUpMs, measureMs, concurrency }) {
  const providers = [openaiProvider(upstream), claudeProvider(upstream)];
  const gateway = await startGateway({ config: config(providers) });
  const { port } = gateway;
  try {
    for (const inFlight of concurrency) {
      const results = CASES.map(() => []);
      for (let round = 0; round < rounds; round++) {
        for (let turn = 0; turn < CASES.length; turn++) {
          const index = (turn + round) % CASES.length; // none is always first
          const [, path, body] = CASES[index];
          const request = requestBytes({ port, path, key: KEY, body });
          await load({ port, request, concurrency: inFlight, ms: warmUpMs });
          results[index].push(await load({ port, request, concurrency: inFlight, ms: measureMs }));
        }
      }
      console.log(`\nstreams of 200 events, ${inFlight} in flight (ratio to the relay)`);
      CASES.forEach(([name, , , relay], index) => {
        const ratio = (better) =>
          median(results[index].map((own, round) => better(own, results[relay][round]))).toFixed(2);
        const { rate, p50, first } = Object.fromEntries(
          ['rate', 'p50', 'first'].map((key) => [key, median(results[index].map((own) => own[key]))]),
        );
        console.log(
          [
            name.padEnd(36),
            `rate ${ratio((own, other) => own.rate / other.rate)}`,
            `whole ${ratio((own, other) => other.p50 / own.p50)}`,
            `first byte ${ratio((own, other) => other.first / own.first)}`,
            `(${Math.round(rate)}/s, p50 ${p50.toFixed(2)} ms, first byte ${first.toFixed(2)} ms)`,
          ].join('  '),
        );
      });
    }
  } finally {
    await gateway.kill();
  }
}
