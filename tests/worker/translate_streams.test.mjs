// Streams of the other format: however they are cut, and however they end.

import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { until, within } from './harness/client.mjs';
import { stream200 } from './harness/replies.mjs';
import { assertHeard, converse, sdks } from './harness/translate/sdks.mjs';
import { WIRES, stageFor } from './harness/translate/stage.mjs';
import { PLAYS, TOOLS } from './harness/translate/turns.mjs';
import * as speakChat from './harness/translate/speak_chat.mjs';
import * as speakMessages from './harness/translate/speak_messages.mjs';
import { HANG } from './harness/upstream.mjs';

const stage = await stageFor({ after }, {
  models: ['spare'],
  aliases: {
    'chat-then-chat': { targets: ['chat/gpt-4o', 'chat/spare'] },
    'messages-then-chat': { targets: ['messages/claude-sonnet-4-5', 'chat/spare'] },
    'chat-then-messages': { targets: ['chat/gpt-4o', 'messages/spare'] },
  },
});
beforeEach(stage.reset);

const MODELS = { chat: 'chat/deepseek-chat', messages: 'messages/claude-sonnet-4-5' };
const GOOD = ['apart', 'whole', 'bytes', 'sevens', 'crlf', 'cr', 'commented', 'tight', 'open'];
const SPEAK = { chat: speakChat, messages: speakMessages };
const TEXT = PLAYS.text[0];

const pairs = sdks.flatMap((client) =>
  ['chat', 'messages']
    .filter((upstream) => upstream !== client.format)
    .map((upstream) => ({ client, upstream, model: MODELS[upstream] })),
);
const ask = ({ client, model }, mode, play) =>
  client.modes[mode](client.connect(stage.url), client.body({ model, history: client.user(`play:${play}`) }));

/** What an SDK's client sees of a stream that broke off with this `code` (of Responses), if it throws. */
async function failure({ client }, mode, asked) {
  if (client.format !== 'responses') return assert.rejects(asked, client.sdk.APIError);
  if (mode === 'helper') assert.equal((await asked).status, 'failed');
  else assert.equal((await asked).error.code, 'server_is_overloaded');
}

for (const pair of pairs) {
  const { client, upstream, model } = pair;
  describe(`${client.name} on ${model}`, () => {
    for (const wire of GOOD) {
      test(`a stream that comes ${wire}`, async () => {
        const asked = { play: 'think_tool', wire, model, tools: TOOLS };
        const { answers } = await converse(client, 'iterated', stage.url, asked);
        assertHeard(answers, { format: client.format, model, upstream });
      });
    }

    for (const mode of ['iterated', 'helper']) {
      test(`an error in the middle, ${mode}`, async () => {
        const asked = ask(pair, mode, 'text/failing');
        if (client.format === 'responses') {
          const { status, error, output } = await asked;
          assert.deepEqual([status, error.code], ['failed', 'server_is_overloaded']);
          assert.match(error.message, /Too busy/);
          assert.ok(output.length > 0, 'what was said before');
          return;
        }
        await assert.rejects(asked, (error) => {
          assert.ok(error instanceof client.sdk.APIError, String(error));
          assert.match(error.message, /Too busy/);
          const [type, code] = [error.type, error.code];
          if (client.format === 'chat')
            assert.deepEqual([type, code], ['server_error', 'server_is_overloaded']);
          else assert.equal(type, 'overloaded_error');
          return true;
        });
      });

      for (const wire of ['ended', 'reset']) {
        test(`an upstream that is ${wire} in the middle, ${mode}`, async () => {
          const asked = ask(pair, mode, `text/${wire}`);
          if (client.format === 'responses') assert.equal((await asked).status, 'failed');
          else await assert.rejects(asked, client.sdk.APIError);
        });
      }

      test(`an error at first is an answer of its own, ${mode}`, async () => {
        await assert.rejects(ask(pair, mode, 'text/failed'), (error) => {
          assert.ok(error instanceof client.sdk.InternalServerError, String(error));
          assert.ok([503, 529].includes(error.status), `${error.status}`);
          assert.match(error.message, /Too busy/);
          return true;
        });
      });
    }

    test('an error at first fails over to the next provider', async () => {
      const { chat, messages } = stage.upstreams;
      const [alias, second] = upstream === 'chat' ? ['chat-then-messages', messages] : ['messages-then-chat', chat];
      const first = stage.upstreams[upstream];
      const error = WIRES.failed([], upstream);
      first.script(stream200(error));
      const asked = { ...pair, model: alias };
      const { text, model } = client.heard(await ask(asked, 'helper', 'text'));
      assert.deepEqual([text, [first.requests.length, second.requests.length]], [TEXT.text.join(''), [1, 1]]);
      assert.ok([alias, 'spare'].includes(model), model);
    });

    test('pings and comments pass, and a client that leaves takes the upstream along', async () => {
      const records = SPEAK[upstream].records(TEXT, { model: 'm' });
      const alive = upstream === 'chat' ? ': PROCESSING\n\n' : 'event: ping\ndata: {"type":"ping"}\n\n';
      stage.upstreams[upstream].script(stream200([records[0], ...Array(3).fill([20, alive]).flat(), HANG]));
      const leaving = new AbortController();
      const paths = { chat: '/v1/chat/completions', messages: '/v1/messages', responses: '/v1/responses' };
      const response = await fetch(stage.url + paths[client.format], {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${client.connect(stage.url).apiKey}` },
        body: JSON.stringify(client.body({ model, history: client.user('hi'), rest: { stream: true } })),
        signal: leaving.signal,
      });
      assert.match(response.headers.get('content-type'), /^text\/event-stream/);
      let seen = '';
      const decoder = new TextDecoder();
      await within(
        (async () => {
          for await (const chunk of response.body) {
            seen += decoder.decode(chunk, { stream: true });
            if ((seen.match(/^: |^event: ping/gm) ?? []).length >= 3) return;
          }
        })(),
        'three signs of life',
      );
      leaving.abort();
      await until(() => stage.upstreams[upstream].requests[0].gone, 'the upstream sees the hang-up');
    });

    test('a loop that breaks off takes the upstream along', async () => {
      const records = SPEAK[upstream].records(TEXT, { model: 'm' });
      stage.upstreams[upstream].script(stream200([...records.slice(0, 6), HANG]));
      const api = client.connect(stage.url);
      const body = { ...client.body({ model, history: client.user('hi') }), stream: true };
      const create = { chat: () => api.chat.completions, messages: () => api.messages, responses: () => api.responses };
      for await (const _ of await create[client.format]().create(body)) break;
      await until(() => stage.upstreams[upstream].requests[0].gone, 'the upstream sees the hang-up');
    });
  });
}
