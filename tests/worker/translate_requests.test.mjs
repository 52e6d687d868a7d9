// What a provider of the other format is asked for, field by field and header by header, and what clients are
// told of what was lost on the way.

import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { KEY } from './harness/configs.mjs';
import { anthropics, chats, responders } from './harness/translate/sdks.mjs';
import { stageFor } from './harness/translate/stage.mjs';
import { TOOLS } from './harness/translate/turns.mjs';

const stage = await stageFor({ after }, { models: [{ id: 'small', maxOutputTokens: 500 }] });
beforeEach(stage.reset);

const [anthropic] = anthropics;
const [, chat] = chats;
const [, responses] = responders;

/** Asks with these fields more; answers the provider's record, the answer's headers and its losses. */
async function asked(client, model, rest, { tools, system, options, streamed = true } = {}) {
  const upstream = model.split('/')[0];
  const body = client.body({
    model,
    history: client.user('hi'),
    tools,
    system,
    rest: { stream: streamed, ...rest },
  });
  const api = client.connect(stage.url, options);
  const resource = {
    chat: () => api.chat.completions,
    messages: () => api.messages,
    responses: () => api.responses,
  };
  const { data, response } = await resource[client.format]().create(body).withResponse();
  if (streamed) for await (const _ of data);
  const [request] = stage.upstreams[upstream].requests;
  const losses = (response.headers.get('x-llm-router-losses') ?? '').split(', ').filter(Boolean);
  return { json: request.json, request, response, losses: losses.map(decodeURIComponent) };
}

const only = (json, ...names) => Object.fromEntries(names.map((name) => [name, json[name]]));

describe('headers', () => {
  test('nothing of Anthropic’s goes to a Chat provider', async () => {
    const options = { defaultHeaders: { 'anthropic-beta': 'some-beta-2026-01-01', 'x-app': 'cli' } };
    const { request } = await asked(anthropic, 'chat/gpt-4o', {}, { options });
    assert.equal(request.path, '/v1/chat/completions');
    const names = Object.keys(request.headers).filter((name) =>
      /^anthropic|^x-(?!forwarded)|stainless/.test(name),
    );
    assert.deepEqual(names, []);
    assert.equal(request.headers.authorization, 'Bearer sk-chat-upstream-secret');
    assert.ok(!JSON.stringify(request.rawHeaders).includes(KEY));
  });

  for (const client of [chat, responses]) {
    test(`${client.name}: a Messages provider gets its version and key`, async () => {
      const { request } = await asked(client, 'messages/claude-sonnet-4-5', {});
      const { headers } = request;
      assert.equal(request.path, '/v1/messages');
      assert.match(headers['anthropic-version'], /^20\d\d-/);
      assert.deepEqual(
        [headers['x-api-key'], headers.authorization],
        ['sk-messages-upstream-secret', undefined],
      );
      assert.deepEqual(
        Object.keys(headers).filter((name) => /^openai|stainless/.test(name)),
        [],
      );
    });
  }

  for (const [client, model, format] of [
    [anthropic, 'chat/gpt-4o', 'openai'],
    [chat, 'messages/claude-sonnet-4-5', 'claude'],
    [responses, 'messages/claude-sonnet-4-5', 'claude'],
    [responses, 'chat/gpt-4o', 'openai'],
  ]) {
    for (const streamed of [false, true]) {
      test(`${client.name} on ${model} is told the format, ${streamed ? 'stream' : 'plain'}`, async () => {
        const { response } = await asked(client, model, {}, { streamed });
        assert.equal(response.headers.get('x-llm-router-upstream-format'), format);
        assert.equal(response.headers.get('x-llm-router-selected-candidate'), model);
        const type = streamed ? /^text\/event-stream/ : /^application\/json/;
        assert.match(response.headers.get('content-type'), type);
      });
    }
  }

  test('a relay is not a translation', async () => {
    const { response } = await asked(chat, 'chat/gpt-4o', {});
    assert.equal(response.headers.get('x-llm-router-upstream-format'), null);
  });
});

describe('Messages to Chat', () => {
  const stream = { stream: true, stream_options: { include_usage: true } };

  test('how OpenAI’s newer models are asked', async () => {
    const rest = {
      thinking: { type: 'enabled', budget_tokens: 3_000 },
      stop_sequences: ['END'],
      metadata: { user_id: JSON.stringify({ device_id: 'd', session_id: 'session-1' }) },
      service_tier: 'standard_only',
      context_management: { edits: [] },
    };
    const { json, losses } = await asked(anthropic, 'chat/gpt-5.2', rest, { system: 'Be brief.' });
    assert.deepEqual(only(json, 'stream', 'stream_options'), stream);
    assert.deepEqual(json.messages[0], { role: 'developer', content: 'Be brief.' });
    assert.deepEqual(only(json, 'max_completion_tokens', 'max_tokens', 'reasoning_effort', 'stop'), {
      max_completion_tokens: 4_000,
      max_tokens: undefined,
      reasoning_effort: 'medium',
      stop: undefined,
    });
    assert.equal(json.service_tier, 'default');
    assert.equal(json.prompt_cache_key, 'session-1');
    assert.ok(json.safety_identifier.length <= 64);
    assert.ok(
      losses.some((loss) => loss.startsWith('stop_sequences dropped')),
      String(losses),
    );
    for (const name of ['thinking', 'metadata', 'context_management', 'system'])
      assert.ok(!(name in json), name);
  });

  test('how compatible servers are asked', async () => {
    const rest = { temperature: 0.5, top_p: 0.9, top_k: 5, stop_sequences: ['a', 'b', 'c', 'd', 'e'] };
    const system = [
      { type: 'text', text: 'x-anthropic-billing-header: cc_version=1' },
      { type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } },
      { type: 'text', text: 'Be kind.' },
    ];
    const { json, losses } = await asked(anthropic, 'chat/llama-3', rest, { system });
    assert.deepEqual(json.messages[0], { role: 'system', content: 'Be brief.\n\nBe kind.' });
    assert.deepEqual(only(json, 'max_tokens', 'temperature', 'top_p', 'top_k', 'stop'), {
      max_tokens: 4_000,
      temperature: 0.5,
      top_p: 0.9,
      top_k: undefined,
      stop: ['a', 'b', 'c', 'd'],
    });
    assert.deepEqual(losses.filter((loss) => /top_k|stop_sequences/.test(loss)).length, 2, String(losses));
    for (const name of ['prompt_cache_key', 'safety_identifier', 'user']) assert.ok(!(name in json), name);
  });

  test('no more tokens than the config allows', async () => {
    assert.equal((await asked(anthropic, 'chat/small', {})).json.max_tokens, 500);
  });

  for (const [choice, expected, parallel] of [
    [{ type: 'auto' }, 'auto'],
    [{ type: 'any', disable_parallel_tool_use: true }, 'required', false],
    [{ type: 'none' }, 'none'],
    [
      { type: 'tool', name: 'get_time' },
      { type: 'function', function: { name: 'get_time' } },
    ],
  ]) {
    test(`tool_choice ${choice.type}`, async () => {
      const { json } = await asked(anthropic, 'chat/gpt-4o', { tool_choice: choice }, { tools: TOOLS });
      assert.deepEqual([json.tool_choice, json.parallel_tool_calls], [expected, parallel]);
    });
  }

  test('a system message in the middle stays where it is, or is marked', async () => {
    for (const [model, expected] of [
      ['chat/gpt-5.2', 'developer'],
      ['chat/gpt-4o', 'system'],
      ['chat/llama-3', 'user'],
    ]) {
      stage.reset();
      const messages = [
        { role: 'user', content: 'one' },
        {
          role: 'system',
          content: [{ type: 'text', text: 'Now in French.' }],
          output_config: { effort: 'low' },
        },
        { role: 'assistant', content: 'un' },
        { role: 'user', content: 'two' },
      ];
      const { json } = await asked(anthropic, model, { messages });
      const at = json.messages.findIndex(({ content }) => JSON.stringify(content).includes('French'));
      assert.equal(json.messages[at].role, expected, model);
      assert.ok(at < json.messages.findIndex(({ role }) => role === 'assistant'));
    }
  });
});

describe('Chat and Responses to Messages', () => {
  for (const client of [chat, responses]) {
    const limit = client.format === 'chat' ? 'max_completion_tokens' : 'max_output_tokens';
    const effort = (value) =>
      client.format === 'chat' ? { reasoning_effort: value } : { reasoning: { effort: value } };

    test(`${client.name}: what is not asked for has the model’s own limits`, async () => {
      const { json } = await asked(client, 'messages/claude-sonnet-4-5', {}, { system: 'Be brief.' });
      assert.deepEqual(only(json, 'model', 'max_tokens', 'stream', 'thinking', 'temperature'), {
        model: 'claude-sonnet-4-5',
        max_tokens: 64_000,
        stream: true,
        thinking: undefined,
        temperature: undefined,
      });
      assert.equal(json.system.map(({ text }) => text).join(''), 'Be brief.');
      for (const name of ['store', 'stream_options', 'input', 'instructions'])
        assert.ok(!(name in json), name);
    });

    test(`${client.name}: no more tokens than there are`, async () => {
      const { json, losses } = await asked(client, 'messages/small', { [limit]: 9_000 });
      assert.equal(json.max_tokens, 500);
      assert.ok(
        losses.some((loss) => loss.startsWith('max_tokens lowered')),
        String(losses),
      );
    });

    test(`${client.name}: thinking by budget and by effort`, async () => {
      const old = await asked(client, 'messages/claude-sonnet-4-5', { ...effort('high'), temperature: 0.2 });
      assert.equal(old.json.thinking.type, 'enabled');
      assert.ok(
        old.json.thinking.budget_tokens >= 1_024 && old.json.thinking.budget_tokens < old.json.max_tokens,
      );
      assert.equal(old.json.temperature, undefined);
      stage.reset();
      const now = await asked(client, 'messages/claude-sonnet-5-5', effort('xhigh'));
      assert.deepEqual([now.json.thinking.type, now.json.output_config.effort], ['adaptive', 'xhigh']);
    });

    for (const [choice, expected] of [
      ['auto', { type: 'auto' }],
      ['required', { type: 'any' }],
      ['none', { type: 'none' }],
      ['get_time', { type: 'tool', name: 'get_time' }],
    ]) {
      test(`${client.name}: tool_choice ${choice}`, async () => {
        const named =
          client.format === 'chat'
            ? { type: 'function', function: { name: choice } }
            : { type: 'function', name: choice };
        const rest = { tool_choice: choice === 'get_time' ? named : choice, parallel_tool_calls: false };
        const { json } = await asked(client, 'messages/claude-sonnet-4-5', rest, { tools: TOOLS });
        const { disable_parallel_tool_use, ...type } = json.tool_choice;
        assert.deepEqual(type, expected);
        assert.equal(disable_parallel_tool_use, choice === 'none' ? undefined : true);
      });
    }
  }

  test('what has no counterpart is lost, and said so', async () => {
    const rest = { seed: 7, logit_bias: { 50256: -100 }, stop: ['END', ' '], user: 'u-1', logprobs: true };
    const { json, losses } = await asked(chat, 'messages/claude-sonnet-4-5', rest);
    assert.deepEqual([json.stop_sequences, json.metadata], [['END'], { user_id: 'u-1' }]);
    for (const name of ['seed dropped', 'logit_bias dropped', 'logprobs dropped'])
      assert.ok(losses.includes(name), `${name} in ${losses}`);
  });

  test('usage is told in a stream only if it is asked for', async () => {
    const api = chat.connect(stage.url);
    const body = chat.body({ model: 'messages/claude-sonnet-4-5', history: chat.user('hi') });
    for await (const chunk of await api.chat.completions.create({ ...body, stream: true }))
      assert.ok(!('usage' in chunk) && chunk.choices.length === 1);
  });
});

describe('what cannot be meant is refused by its name', () => {
  const sonnet = 'messages/claude-sonnet-4-5';
  for (const [client, model, rest, param] of [
    [chat, sonnet, { n: 2 }, 'n'],
    [chat, sonnet, { modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } }, 'modalities'],
    [responses, sonnet, { previous_response_id: 'resp_1' }, 'previous_response_id'],
    [responses, 'chat/gpt-4o', { background: true }, 'background'],
    [responses, 'chat/gpt-4o', { conversation: 'conv_1' }, 'conversation'],
    [anthropic, 'chat/gpt-4o', { max_tokens: 0 }, 'max_tokens'],
  ]) {
    test(`${client.name}: ${param}`, async () => {
      await assert.rejects(asked(client, model, rest, { streamed: false }), (error) => {
        assert.ok(error instanceof client.sdk.BadRequestError, String(error));
        if (client.format === 'messages') assert.equal(error.error.error.type, 'invalid_request_error');
        else assert.deepEqual([error.type, error.param], ['invalid_request_error', param]);
        assert.match(error.message, new RegExp(param));
        return true;
      });
      assert.equal(stage.upstreams[model.split('/')[0]].requests.length, 0);
    });
  }
});

describe('tokens are counted', () => {
  for (const client of anthropics) {
    const count = (model, rest) =>
      client
        .connect(stage.url)
        .messages.countTokens({ model, messages: [{ role: 'user', content: 'How many is it?' }], ...rest })
        .withResponse();

    test(`${client.name}: by the provider that can`, async () => {
      stage.upstreams.messages.script({ body: { input_tokens: 123 } });
      const { data, response } = await count('messages/claude-sonnet-4-5');
      assert.equal(data.input_tokens, 123);
      assert.equal(response.headers.get('x-llm-router-estimated'), null);
      const [{ path, json }] = stage.upstreams.messages.requests;
      assert.deepEqual([path, json.model], ['/v1/messages/count_tokens', 'claude-sonnet-4-5']);
    });

    test(`${client.name}: in turn with answers, each at its place`, async () => {
      for (const path of ['/v1/messages/count_tokens', '/v1/messages', '/v1/messages/count_tokens']) {
        stage.reset();
        if (path === '/v1/messages') await asked(client, 'messages/claude-sonnet-4-5', {});
        else await count('messages/claude-sonnet-4-5').catch(() => {});
        assert.deepEqual(
          stage.upstreams.messages.requests.map((request) => request.path),
          [path],
        );
      }
    });

    test(`${client.name}: by a guess for one that cannot`, async () => {
      const { data, response } = await count('chat/gpt-4o');
      assert.ok(data.input_tokens > 3 && data.input_tokens < 40, String(data.input_tokens));
      assert.equal(response.headers.get('x-llm-router-estimated'), 'true');
      const tools = TOOLS.map(({ name, schema }) => ({ name, input_schema: schema }));
      const more = await count('chat/gpt-4o', { system: 'Be brief. '.repeat(20), tools });
      assert.ok(more.data.input_tokens > data.input_tokens + 50, 'all that there is counts');
      assert.equal(stage.upstreams.chat.requests.length, 0);
    });
  }
});
