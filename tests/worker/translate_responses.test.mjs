// What only Responses has: custom tools, tools in namespaces, refusals of what needs a store, and providers
// that speak it themselves. And Completions, which is relayed.

import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import * as six from 'openai';
import * as seven from 'openai-7';
import { KEY, openaiProvider } from './harness/configs.mjs';
import { openaiError, stream200 } from './harness/replies.mjs';
import { conversationOf, toolsOf } from './harness/translate/read.mjs';
import { converse, responders } from './harness/translate/sdks.mjs';
import { stageFor } from './harness/translate/stage.mjs';
import { PLAYS, TOOLS, resultOf } from './harness/translate/turns.mjs';
import { upstreamFor } from './harness/setup.mjs';

const home = await upstreamFor({ after });
const stage = await stageFor({ after }, {
  providers: () => [
    openaiProvider(home, {
      id: 'home',
      format: 'openai-responses',
      models: [{ id: 'gpt-5.2' }, { id: 'limited' }],
    }),
    openaiProvider(home, { id: 'old', format: 'openai-completions', models: [{ id: 'babbage' }] }),
  ],
});
beforeEach(() => {
  stage.reset();
  home.reset();
});

const GRAMMAR = { type: 'grammar', syntax: 'lark', definition: 'start: "x"' };
const PATCH = { type: 'custom', name: 'apply_patch', description: 'Edits files', format: GRAMMAR };
const FUNCTIONS = TOOLS.map(({ name, description, schema }) => ({
  type: 'function',
  name,
  description,
  parameters: schema,
  strict: false,
}));

for (const client of responders) {
  for (const model of ['chat/gpt-4o', 'messages/claude-sonnet-4-5']) {
    const [upstream] = model.split('/');
    describe(`${client.name} on ${model}`, () => {
      for (const mode of Object.keys(client.modes)) {
        test(`a custom tool, ${mode}`, async () => {
          const rest = { tools: [PATCH, ...FUNCTIONS] };
          const { answers } = await converse(client, mode, stage.url, { play: 'patch', model, rest });
          const [{ id, name, args }] = PLAYS.patch[0].calls;
          assert.deepEqual(answers[0].heard.calls, [{ id, name, args, custom: true }]);
          assert.equal(answers[1].heard.text, 'Done.');
          const requests = stage.upstreams[upstream].requests.map(({ json }) => json);
          const [[tool, schema]] = toolsOf(upstream, requests[0]);
          assert.deepEqual([tool, Object.keys(schema.properties)], ['apply_patch', ['input']]);
          assert.match(JSON.stringify(requests[0].tools[0]), /start: /, 'the grammar is told in words');
          assert.deepEqual(conversationOf(upstream, requests[1]).slice(1), [
            ['call', id, name, args],
            ['result', id, resultOf({ name, args })],
          ]);
        });

        test(`tools in a namespace, ${mode}`, async () => {
          const scripted = PLAYS.tool[0].calls[0];
          const spaces = [
            { type: 'namespace', name: 'mcp__home', description: 'At home', tools: FUNCTIONS },
            { type: 'namespace', name: 'mcp__work', description: 'At work', tools: [FUNCTIONS[1], PATCH] },
          ];
          const body = client.body({ model, history: client.user('play:tool'), rest: { tools: spaces } });
          await client.modes[mode](client.connect(stage.url), body);
          const names = toolsOf(upstream, stage.upstreams[upstream].requests[0].json).map(([name]) => name);
          assert.equal(new Set(names).size, 5, 'every tool has a name of its own');
          // The model calls one of them by the name that it knows.
          PLAYS.tool[0].calls[0] = { ...scripted, name: names.find((name) => /work.*get_time/.test(name)) };
          try {
            const answer = await client.modes[mode](client.connect(stage.url), body);
            const call = answer.output.find(({ type }) => type === 'function_call');
            assert.deepEqual([call.namespace, call.name], ['mcp__work', 'get_time']);
          } finally {
            PLAYS.tool[0].calls[0] = scripted;
          }
        });
      }

      test('tools that come with the input', async () => {
        const history = [
          { type: 'additional_tools', role: 'developer', tools: FUNCTIONS },
          { role: 'developer', content: [{ type: 'input_text', text: 'Be brief.' }] },
          ...client.user('play:tool'),
        ];
        const body = client.body({ model, history });
        const { calls } = client.heard(await client.modes.plain(client.connect(stage.url), body));
        assert.deepEqual(calls, PLAYS.tool[0].calls);
        const { json } = stage.upstreams[upstream].requests[0];
        assert.deepEqual(toolsOf(upstream, json).map(([name]) => name), TOOLS.map(({ name }) => name));
        assert.deepEqual(conversationOf(upstream, json)[0], ['system', 'Be brief.']);
      });
    });
  }

  describe(`${client.name}, relayed`, () => {
    const model = 'home/gpt-5.2';
    const response = (rest) => ({
      id: 'resp_HOME',
      object: 'response',
      created_at: 1,
      status: 'completed',
      error: null,
      incomplete_details: null,
      model: 'gpt-5.2',
      store: false,
      output: [
        {
          id: 'msg_HOME',
          type: 'message',
          status: 'completed',
          role: 'assistant',
          content: [{ type: 'output_text', text: 'Hi', annotations: [] }],
        },
      ],
      usage: {
        input_tokens: 1,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens: 2,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 3,
      },
      ...rest,
    });
    const events = () => {
      const [item] = response().output;
      const [part] = item.content;
      const at = { item_id: item.id, output_index: 0, content_index: 0 };
      const begun = { response: response({ status: 'in_progress', output: [], usage: null }) };
      return [
        ['response.created', begun],
        ['response.in_progress', begun],
        ['response.output_item.added', { output_index: 0, item: { ...item, status: 'in_progress', content: [] } }],
        ['response.content_part.added', { ...at, part: { ...part, text: '' } }],
        ['response.output_text.delta', { ...at, delta: 'Hi', logprobs: [] }],
        ['response.output_text.done', { ...at, text: 'Hi', logprobs: [] }],
        ['response.content_part.done', { ...at, part }],
        ['response.output_item.done', { output_index: 0, item }],
        ['response.completed', { response: response() }],
      ].map(
        ([type, rest], sequence_number) =>
          `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number, ...rest })}\n\n`,
      );
    };

    for (const mode of Object.keys(client.modes)) {
      test(mode, async () => {
        home.script(mode === 'plain' ? { body: response() } : stream200(events()));
        const rest = { previous_response_id: 'resp_0', metadata: { a: 'b' } };
        const body = client.body({ model, history: client.user('hi'), rest });
        const answer = await client.modes[mode](client.connect(stage.url), body);
        assert.equal(client.heard(answer).text, 'Hi');
        const [{ path, json, headers }] = home.requests;
        assert.equal(path, '/v1/responses');
        assert.equal(headers.authorization, 'Bearer sk-home-upstream-secret');
        const stream = mode === 'plain' ? {} : { stream: true };
        assert.deepEqual(json, { ...body, ...stream, model: 'gpt-5.2' });
      });
    }

    test('an error', async () => {
      home.script(openaiError(400, 'invalid_request_error', { code: 'some_code' }));
      const asked = client.modes.plain(client.connect(stage.url), client.body({ model, history: client.user('hi') }));
      await assert.rejects(asked, (error) => {
        assert.ok(error instanceof client.sdk.BadRequestError, String(error));
        assert.deepEqual([error.type, error.code], ['invalid_request_error', 'some_code']);
        return true;
      });
    });
  });
}

for (const [name, sdk] of [
  ['openai 6', six],
  ['openai 7', seven],
]) {
  test(`${name}: Completions are relayed`, async () => {
    const api = new sdk.OpenAI({ apiKey: KEY, baseURL: `${stage.url}/v1`, maxRetries: 0 });
    const completion = { id: 'cmpl-1', object: 'text_completion', created: 1, model: 'babbage' };
    const choice = (text, finish_reason) => [{ index: 0, text, logprobs: null, finish_reason }];
    const body = { model: 'old/babbage', prompt: 'Once', suffix: 'end' };
    home.script({ body: { ...completion, choices: choice(' upon', 'stop') } });
    assert.equal((await api.completions.create(body)).choices[0].text, ' upon');
    assert.deepEqual(home.requests[0].json, { ...body, model: 'babbage' });
    assert.equal(home.requests[0].path, '/v1/completions');
    const chunk = (...of) => `data: ${JSON.stringify({ ...completion, choices: choice(...of) })}\n\n`;
    home.script(stream200([chunk(' up', null), chunk('on', 'stop'), 'data: [DONE]\n\n']));
    let text = '';
    for await (const { choices } of await api.completions.create({ ...body, stream: true })) text += choices[0].text;
    assert.equal(text, ' upon');
    home.script(openaiError(404, 'invalid_request_error', { code: 'model_not_found' }));
    await assert.rejects(api.completions.create(body), sdk.NotFoundError);
    // Nobody translates it.
    await assert.rejects(api.completions.create({ ...body, model: 'messages/claude-sonnet-4-5' }), sdk.BadRequestError);
  });
}
