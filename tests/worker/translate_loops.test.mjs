// The loops that come with the official SDKs, which call tools by themselves; and many conversations at once.

import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import * as latest from '@anthropic-ai/sdk/helpers/beta/json-schema';
import * as previous from 'anthropic-sdk-0/helpers/beta/json-schema';
import { together } from './harness/client.mjs';
import { conversationOf } from './harness/translate/read.mjs';
import { anthropics, assertHeard, chats, converse, pythons, sdks } from './harness/translate/sdks.mjs';
import { foreign, stageFor } from './harness/translate/stage.mjs';
import { PLAYS, TOOLS, resultOf } from './harness/translate/turns.mjs';

const stage = await stageFor({ after });
beforeEach(stage.reset);

const CHAT = 'chat/deepseek-chat';
const MESSAGES = 'messages/claude-sonnet-4-5';
const RESPONSES = 'responses/gpt-5.2';
const MODELS = { chat: CHAT, messages: MESSAGES, responses: RESPONSES };
const CALLS = PLAYS.parallel.flatMap(({ calls = [] }) => calls);

/** Asserts that a provider got all calls and results of the play. */
function assertPlayed(upstream) {
  const { requests } = stage.upstreams[upstream];
  assert.equal(requests.length, PLAYS.parallel.length);
  const said = conversationOf(upstream, requests.at(-1).json);
  const results = said.filter(([who]) => who === 'result').map(([, id, text]) => [id, text]);
  assert.deepEqual(
    results,
    CALLS.map((call) => [call.id, resultOf(call)]),
  );
}

for (const [index, client] of anthropics.entries()) {
  const { betaTool } = [latest, previous][index];
  const tools = TOOLS.map(({ name, description, schema }) =>
    betaTool({ name, description, inputSchema: schema, run: (args) => resultOf({ name, args }) }),
  );
  for (const stream of [false, true]) {
    test(`${client.name}: toolRunner, ${stream ? 'streams' : 'plain'}`, async () => {
      const runner = client.connect(stage.url).beta.messages.toolRunner({
        ...client.body({ model: CHAT, history: client.user('play:parallel') }),
        tools,
        stream,
      });
      const { content } = await runner.runUntilDone();
      assert.deepEqual(
        content.map(({ type, text }) => [type, text]),
        [['text', 'Done.']],
      );
      assertPlayed('chat');
    });
  }
}

for (const client of chats) {
  const tools = TOOLS.map(({ name, description, schema }) => ({
    type: 'function',
    function: {
      name,
      description,
      parameters: schema,
      parse: JSON.parse,
      function: (args) => resultOf({ name, args }),
    },
  }));
  for (const stream of [false, true]) {
    test(`${client.name}: runTools, ${stream ? 'streams' : 'plain'}`, async () => {
      const body = client.body({ model: MESSAGES, history: client.user('play:parallel') });
      const runner = client.connect(stage.url).chat.completions.runTools({ ...body, tools, stream });
      assert.equal(await runner.finalContent(), 'Done.');
      assertPlayed('messages');
    });
  }
}

for (const client of pythons.filter(({ format }) => format === 'messages')) {
  test(`${client.name}: tool_runner`, async () => {
    const body = client.body({ model: CHAT, history: client.user('play:parallel') });
    const { content } = await client.loop(client.connect(stage.url), body);
    assert.equal(content[0].text, 'Done.');
    const { requests } = stage.upstreams.chat;
    const results = conversationOf('chat', requests.at(-1).json).filter(([who]) => who === 'result');
    assert.deepEqual(
      results.map(([, id, text]) => [id, text]),
      CALLS.map(({ id, args: { city, zone } }) => [id, city ? `weather of ${city}` : `time in ${zone}`]),
    );
  });
}

test('a conversation that the provider would hold is refused as SDKs know it', async () => {
  const [{ sdk, connect }] = anthropics;
  const thread = connect(stage.url).beta.messages.thread({ model: CHAT, max_tokens: 64 });
  await assert.rejects(
    thread.send({ role: 'user', content: 'hi' }),
    sdk.Anthropic.ThreadUnsupportedRequestError,
  );
  assert.equal(stage.upstreams.chat.requests.length, 0);
});

describe('at once', () => {
  test('forty conversations do not mix', async () => {
    const plays = ['text', 'thinking', 'parallel', 'think_tool', 'tool'];
    const pairs = sdks
      .filter(({ raises }) => raises === undefined)
      .flatMap((client) =>
        foreign(client).map((upstream) => ({ client, model: MODELS[upstream], upstream })),
      );
    await together(40, async (index) => {
      const { client, model, upstream } = pairs[index % pairs.length];
      const play = plays[index % plays.length];
      const wire = ['apart', 'sevens', 'crlf'][index % 3];
      const asked = { play, model, wire, tools: TOOLS };
      const { answers } = await converse(client, 'iterated', stage.url, asked);
      assertHeard(answers, { format: client.format, model, upstream });
    });
  });

  for (const client of sdks) {
    for (const upstream of foreign(client)) {
      const model = MODELS[upstream];
      test(`a long answer: ${client.name} on ${model}`, async () => {
        const { answers } = await converse(client, 'iterated', stage.url, { play: 'long', model });
        assertHeard(answers, { format: client.format, model, upstream });
      });
    }
  }
});
