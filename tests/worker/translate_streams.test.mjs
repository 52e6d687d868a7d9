// Streams of the other format: however they are cut, and however they end.

import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { open, until } from './harness/client.mjs';
import { CHAT_PATH, KEY, MESSAGES_PATH } from './harness/configs.mjs';
import { stream200 } from './harness/replies.mjs';
import { assertHeard, converse, sdks } from './harness/translate/sdks.mjs';
import { SPEAKERS, WIRES, foreign, stageFor } from './harness/translate/stage.mjs';
import { PLAYS, TOOLS } from './harness/translate/turns.mjs';

const stage = await stageFor(
  { after },
  {
    models: ['spare'],
    aliases: {
      'chat-then-chat': { targets: ['chat/gpt-4o', 'chat/spare'] },
      'messages-then-chat': { targets: ['messages/claude-sonnet-4-5', 'chat/spare'] },
      'chat-then-messages': { targets: ['chat/gpt-4o', 'messages/spare'] },
      'chat-then-responses': { targets: ['chat/gpt-4o', 'responses/spare'] },
      'responses-then-chat': { targets: ['responses/gpt-4o', 'chat/spare'] },
    },
  },
);
beforeEach(stage.reset);

const MODELS = {
  chat: 'chat/deepseek-chat',
  messages: 'messages/claude-sonnet-4-5',
  responses: 'responses/gpt-5.2',
};
const GOOD = ['apart', 'whole', 'bytes', 'sevens', 'crlf', 'cr', 'commented', 'tight', 'open', 'document'];
const PATHS = { chat: CHAT_PATH, messages: MESSAGES_PATH, responses: '/v1/responses' };
const TEXT = PLAYS.text[0];

const pairs = sdks.flatMap((client) =>
  foreign(client).map((upstream) => ({ client, upstream, model: MODELS[upstream] })),
);
const ask = ({ client, model }, mode, play) =>
  client.modes[mode](client.connect(stage.url), client.body({ model, history: client.user(`play:${play}`) }));

/** Bodies of status 200, and what they amount to. */
const busy = (type) => JSON.stringify({ type: 'error', error: { type, message: 'Too busy', code: type } });
const NO_ANSWERS = {
  chat: [
    [busy('server_is_overloaded'), [503, 529]],
    ['{"id":"x","object":"chat.completion","choices":[]}', [502]],
    ['<html>', [502]],
    ['', [502]],
  ],
  messages: [
    [busy('overloaded_error'), [503, 529]],
    ['{"type":"message"}', [502]],
    ['<html>', [502]],
    ['', [502]],
  ],
  responses: [
    [busy('server_is_overloaded'), [503, 529]],
    [
      '{"object":"response","status":"failed","output":[],"error":{"code":"server_error","message":"Oh"}}',
      [500, 502],
    ],
    ['<html>', [502]],
    ['', [502]],
  ],
};

const raisesOfEnd = ({ raises }, mode) => mode === 'helper' && raises?.broken;

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

    test('a stream that was not asked for', async () => {
      const asked = { play: 'think_tool', wire: 'unasked', model, tools: TOOLS };
      const { answers } = await converse(client, 'plain', stage.url, asked);
      // Chat tells of usage in a stream only if it is asked to.
      if (upstream === 'chat') answers.forEach(({ heard, turn }) => (heard.usage = turn.usage));
      assertHeard(answers, { format: client.format, model, upstream });
      for (const wire of ['failing', 'failed', 'ended'])
        await assert.rejects(ask(pair, 'plain', `text/${wire}`), (error) => {
          assert.ok(error instanceof client.sdk.InternalServerError, `${error} of ${wire}`);
          return true;
        });
    });

    for (const mode of ['iterated', 'helper']) {
      test(`an error in the middle, ${mode}`, async () => {
        const asked = ask(pair, mode, 'text/failing');
        if (raisesOfEnd(client, mode)) return assert.rejects(asked, raisesOfEnd(client, mode));
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
          if (raisesOfEnd(client, mode)) return assert.rejects(asked, raisesOfEnd(client, mode));
          if (client.format === 'responses') assert.equal((await asked).status, 'failed');
          else await assert.rejects(asked, (error) => error instanceof client.sdk.APIError);
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

    for (const mode of Object.keys(client.modes)) {
      test(`a success that holds no answer, ${mode}`, async () => {
        for (const [body, status] of NO_ANSWERS[upstream]) {
          stage.upstreams[upstream].script({ body });
          await assert.rejects(ask(pair, mode, 'text'), (error) => {
            assert.ok(error instanceof client.sdk.InternalServerError, `${error} of ${body}`);
            assert.ok(status.includes(error.status), `${error.status} of ${body}`);
            return true;
          });
        }
      });
    }

    test('an error at first fails over to the next provider', async () => {
      const alias = `${upstream}-then-${upstream === 'chat' ? 'messages' : 'chat'}`;
      const second = stage.upstreams[alias.split('-').at(-1)];
      const first = stage.upstreams[upstream];
      const error = WIRES.failed([], upstream);
      first.script(stream200(error));
      const asked = { ...pair, model: alias };
      const { text, model } = client.heard(await ask(asked, 'helper', 'text'));
      assert.deepEqual([text, [first.requests.length, second.requests.length]], [TEXT.text.join(''), [1, 1]]);
      assert.ok([alias, 'spare'].includes(model), model);
    });

    test('pings and comments pass, and a client that leaves takes the upstream along', async () => {
      stage.upstreams[upstream].script(stream200(alive(upstream)));
      const body = client.body({ model, history: client.user('hi'), rest: { stream: true } });
      const { stream, headers, abort } = await open(stage.url, {
        path: PATHS[client.format],
        key: KEY,
        body,
      });
      assert.match(headers['content-type'], /^text\/event-stream/);
      let seen = '';
      for await (const chunk of stream) {
        seen += chunk;
        if ((seen.match(/^: |^event: ping/gm) ?? []).length >= 3) break;
      }
      abort();
      await until(() => stage.upstreams[upstream].requests[0].gone, 'the upstream sees the hang-up');
    });

    test('a loop that breaks off takes the upstream along', async () => {
      stage.upstreams[upstream].script(stream200(alive(upstream)));
      await client.leave(client.connect(stage.url), client.body({ model, history: client.user('hi') }));
      await until(() => stage.upstreams[upstream].requests[0].gone, 'the upstream sees the hang-up');
    });
  });
}

/** A stream that has begun and then only shows that it is alive, for as long as anybody listens. */
function alive(upstream) {
  const [first] = SPEAKERS[upstream].records(TEXT, { model: 'm' });
  const ping = 'event: ping\ndata: {"type":"ping"}\n\n';
  const sign = upstream === 'messages' ? ping : ': PROCESSING\n\n';
  return [first, ...Array(1_000).fill([10, sign]).flat()];
}
