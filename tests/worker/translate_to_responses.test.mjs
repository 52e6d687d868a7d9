// Clients of Chat and Messages in front of a provider that speaks Responses alone: what it is asked for, field
// by field, and what only it has.

import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { KEY } from './harness/configs.mjs';
import { conversationOf } from './harness/translate/read.mjs';
import { anthropics, assertHeard, chats, converse } from './harness/translate/sdks.mjs';
import { stageFor } from './harness/translate/stage.mjs';
import { PLAYS, TOOLS, resultOf } from './harness/translate/turns.mjs';

const stage = await stageFor(
  { after },
  {
    models: [
      { id: 'small', maxOutputTokens: 500 },
      { id: 'gpt-5.2-codex', capabilities: { speaksCodexDialect: true } },
    ],
  },
);
beforeEach(stage.reset);

const GPT = 'responses/gpt-5.2';
const clients = [...anthropics, ...chats];
const [anthropic] = anthropics;
const [, chat] = chats;

/** Asks with these fields more; answers the provider's record, the answer's headers and its losses. */
async function asked(client, model, rest, more = {}) {
  const body = client.body({ model, history: client.user('hi'), rest, ...more });
  const api = client.connect(stage.url);
  const resource = client.format === 'chat' ? api.chat.completions : api.messages;
  const { response } = await resource.create(body).withResponse();
  const [request] = stage.upstreams.responses.requests;
  const losses = (response.headers.get('x-llm-router-losses') ?? '').split(', ').filter(Boolean);
  return { json: request.json, request, response, losses: losses.map(decodeURIComponent) };
}

for (const client of clients) {
  describe(client.name, () => {
    test('where and as whom it is asked', async () => {
      const { request, response } = await asked(client, GPT, {});
      assert.equal(request.path, '/v1/responses');
      assert.equal(request.headers.authorization, 'Bearer sk-responses-upstream-secret');
      assert.deepEqual(
        Object.keys(request.headers).filter((name) => /^anthropic|stainless/.test(name)),
        [],
      );
      assert.ok(!JSON.stringify(request.rawHeaders).includes(KEY));
      assert.equal(response.headers.get('x-llm-router-upstream-format'), 'openai-responses');
    });

    test('nothing is stored, and the prompt is instructions', async () => {
      const { json } = await asked(client, GPT, { stream: false }, { system: 'Be brief.', tools: TOOLS });
      assert.equal(json.store, false);
      assert.deepEqual(json.include, ['reasoning.encrypted_content']);
      assert.equal(json.instructions, 'Be brief.');
      assert.deepEqual(conversationOf('responses', { input: json.input }), [['user', 'hi']]);
      assert.ok(
        json.tools.every(({ type, strict }) => type === 'function' && strict === false),
        'left out, strict would be true',
      );
      for (const name of ['messages', 'system', 'max_tokens', 'stream_options'])
        assert.ok(!(name in json), name);
      stage.reset();
      assert.ok(!('include' in (await asked(client, 'responses/gpt-4o', {})).json), 'it does not think');
    });

    test('a model that thinks beside tools in this format only', async () => {
      const effort =
        client.format === 'chat' ? { reasoning_effort: 'high' } : { output_config: { effort: 'high' } };
      const { json } = await asked(client, 'responses/gpt-5.4', effort, { tools: TOOLS });
      assert.deepEqual(json.reasoning, { effort: 'high' });
    });

    test('no more tokens than there are, and no fewer than it takes', async () => {
      const limit = client.format === 'chat' ? 'max_completion_tokens' : 'max_tokens';
      assert.equal((await asked(client, 'responses/small', { [limit]: 9_000 })).json.max_output_tokens, 500);
      stage.reset();
      const { json, losses } = await asked(client, 'responses/small', { [limit]: 1 });
      assert.equal(json.max_output_tokens, 16);
      assert.ok(losses.some((loss) => loss.startsWith('max_tokens raised')), String(losses));
    });

    for (const mode of Object.keys(client.modes)) {
      test(`behind ChatGPT, which only streams, ${mode}`, async () => {
        const model = 'responses/gpt-5.2-codex';
        const { answers } = await converse(client, mode, stage.url, { play: 'think_tool', model, tools: TOOLS });
        assertHeard(answers, { format: client.format, model, upstream: 'responses' });
        for (const { json } of stage.upstreams.responses.requests) {
          assert.ok(json.stream && json.instructions && !json.store);
          assert.ok(!('max_output_tokens' in json));
        }
      });
    }

    test('stop sequences are lost, and said so', async () => {
      const stop = client.format === 'chat' ? { stop: ['END'] } : { stop_sequences: ['END'] };
      const { json, losses } = await asked(client, 'responses/gpt-4o', stop);
      assert.ok(!('stop' in json));
      assert.ok(losses.some((loss) => loss.startsWith('stop sequences dropped')), String(losses));
    });
  });
}

for (const client of chats) {
  const custom = {
    type: 'custom',
    custom: {
      name: 'apply_patch',
      description: 'Edits files',
      format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "x"' } },
    },
  };
  const [{ id, name, args }] = PLAYS.patch[0].calls;
  describe(`${client.name}: custom tools`, () => {
    for (const mode of ['plain', 'iterated']) {
      for (const [model, kind] of [
        [GPT, 'custom'],
        ['responses/llama-3', 'function'],
      ]) {
        test(`of ${model}, ${mode}`, async () => {
          const api = client.connect(stage.url);
          const history = client.user('play:patch');
          const body = (history) => client.body({ model, history, rest: { tools: [custom] } });
          const first = await client.modes[mode](api, body(history));
          const { message } = first.choices[0];
          assert.deepEqual(message.tool_calls, [{ id, type: 'custom', custom: { name, input: args.input } }]);
          const [{ json }] = stage.upstreams.responses.requests;
          assert.equal(json.tools[0].type, kind);
          assert.match(JSON.stringify(json.tools[0]), /start: /);
          const result = { role: 'tool', tool_call_id: id, content: 'patched' };
          const second = await client.modes[mode](api, body([...history, message, result]));
          assert.equal(second.choices[0].message.content, 'Done.');
          assert.deepEqual(conversationOf('responses', stage.upstreams.responses.requests[1].json).slice(1), [
            ['call', id, name, args],
            ['result', id, 'patched'],
          ]);
        });
      }
    }
  });
}

describe('what clients ask for in their own words', () => {
  for (const [choice, expected, parallel] of [
    [{ type: 'any', disable_parallel_tool_use: true }, 'required', false],
    [{ type: 'none' }, 'none'],
    [{ type: 'tool', name: 'get_time' }, { type: 'function', name: 'get_time' }],
  ]) {
    test(`tool_choice ${choice.type} of Messages`, async () => {
      const { json } = await asked(anthropic, GPT, { tool_choice: choice }, { tools: TOOLS });
      assert.deepEqual([json.tool_choice, json.parallel_tool_calls], [expected, parallel]);
    });
  }

  for (const choice of ['auto', 'none', 'required', 'get_time']) {
    test(`tool_choice ${choice} of Chat`, async () => {
      const named = choice === 'get_time';
      const rest = { tool_choice: named ? { type: 'function', function: { name: choice } } : choice };
      const { json } = await asked(chat, GPT, rest, { tools: TOOLS });
      assert.deepEqual(json.tool_choice, named ? { type: 'function', name: choice } : choice);
    });
  }

  test('a summary of the thinking is for those who are to see it', async () => {
    const thinking = { type: 'adaptive', display: 'updates' };
    const { json } = await asked(anthropic, GPT, { thinking, output_config: { effort: 'low' } });
    assert.deepEqual(json.reasoning, { effort: 'low', summary: 'auto' });
    stage.reset();
    const plain = await asked(chat, GPT, { reasoning_effort: 'low' });
    assert.deepEqual(plain.json.reasoning, { effort: 'low' });
  });

  test('one answer only', async () => {
    await assert.rejects(asked(chat, GPT, { n: 2 }), (error) => {
      assert.ok(error instanceof chat.sdk.BadRequestError, String(error));
      assert.equal(error.param, 'n');
      return true;
    });
    assert.equal(stage.upstreams.responses.requests.length, 0);
  });

  test('usage is told in a stream only if it is asked for', async () => {
    const api = chat.connect(stage.url);
    const body = chat.body({ model: GPT, history: chat.user('hi') });
    for await (const chunk of await api.chat.completions.create({ ...body, stream: true }))
      assert.ok(!('usage' in chunk) && chunk.choices.length === 1);
  });

  test('tokens are counted by a guess', async () => {
    const messages = [{ role: 'user', content: 'How many is it?' }];
    const counted = anthropic.connect(stage.url).messages.countTokens({ model: GPT, messages });
    const { data, response } = await counted.withResponse();
    assert.ok(data.input_tokens > 3 && data.input_tokens < 40, String(data.input_tokens));
    assert.equal(response.headers.get('x-llm-router-estimated'), 'true');
  });
});

test('a conversation goes on where the next provider speaks Responses alone', async () => {
  for (const client of clients) {
    for (const mode of Object.keys(client.modes)) {
      stage.reset();
      const model = client.format === 'chat' ? 'messages/claude-sonnet-4-5' : 'chat/gpt-4o';
      const asked = { play: 'parallel', tools: TOOLS };
      const { history, api } = await converse(client, mode, stage.url, { ...asked, model, turns: 1 });
      const body = client.body({ ...asked, model: GPT, history });
      const { calls } = client.heard(await client.modes[mode](api, body));
      assert.deepEqual(calls, PLAYS.parallel[1].calls);
      const { json } = stage.upstreams.responses.requests.at(-1);
      const said = conversationOf('responses', json);
      assert.deepEqual(
        said.filter(([who]) => who === 'result'),
        PLAYS.parallel[0].calls.map((call) => ['result', call.id, resultOf(call)]),
      );
    }
  }
});
