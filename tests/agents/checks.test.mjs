// The providers of these tests refuse what real ones refuse: each of these changes makes a good request a bad one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkChat } from './harness/check_chat.mjs';
import { checkMessages, checkThinking } from './harness/check_messages.mjs';
import { checkResponses } from './harness/check_responses.mjs';

const given = { ids: new Set(['a', 'b']), signatures: new Set(['mine']) };
const schema = { type: 'object', properties: {} };

const CHAT = () => ({
  model: 'm',
  max_tokens: 10,
  stream: true,
  stream_options: { include_usage: true },
  tools: [{ type: 'function', function: { name: 'f', description: 'd', parameters: { ...schema } } }],
  messages: [
    { role: 'system', content: 's' },
    { role: 'user', content: 'u' },
    {
      role: 'assistant',
      content: null,
      reasoning_details: [{ type: 'reasoning.text', text: 't', signature: 'mine' }],
      tool_calls: ['a', 'b'].map((id) => ({
        id,
        type: 'function',
        function: { name: 'f', arguments: '{}' },
      })),
    },
    { role: 'tool', tool_call_id: 'a', content: 'A' },
    { role: 'tool', tool_call_id: 'b', content: 'B' },
    { role: 'user', content: [{ type: 'text', text: 'u' }] },
  ],
});

const BAD_CHAT = {
  'another model': (body) => (body.model = 'n'),
  'an unknown field': (body) => (body.metadata = {}),
  'the other name of the limit': (body) => (body.max_completion_tokens = 10),
  'too much output': (body) => (body.max_tokens = 101),
  'cache_control of a message': ({ messages }) => (messages[0].cache_control = { type: 'ephemeral' }),
  'cache_control of a part': ({ messages }) => (messages[5].content[0].cache_control = {}),
  'cache_control of a tool': ({ tools }) => (tools[0].function.cache_control = {}),
  '$schema of a tool': ({ tools }) => (tools[0].function.parameters.$schema = 'https://json-schema.org'),
  'a schema that is no object': ({ tools }) => (tools[0].function.parameters.type = 'string'),
  'an effort that it does not take': (body) => (body.reasoning_effort = 'low'),
  'a choice among nothing': (body) => {
    delete body.tools;
    body.tool_choice = 'auto';
  },
  'stream_options without a stream': (body) => (body.stream = false),
  'system later on': ({ messages }) => messages.push({ role: 'system', content: 's' }),
  'developer for a compatible server': ({ messages }) => (messages[0].role = 'developer'),
  'two users in a row': ({ messages }) => messages.push({ role: 'user', content: 'v' }),
  'results in another order': ({ messages }) => messages.splice(3, 2, messages[4], messages[3]),
  'words between calls and results': ({ messages }) => messages.splice(4, 0, { role: 'user', content: 'v' }),
  'a result that is missing': ({ messages }) => messages.splice(4, 1),
  'a result of nothing': ({ messages }) =>
    messages.splice(5, 0, { role: 'tool', tool_call_id: 'c', content: '' }),
  'an id that was never given': ({ messages }) => {
    messages[2].tool_calls[0].id = messages[3].tool_call_id = 'c';
  },
  "another's signature": ({ messages }) => (messages[2].reasoning_details[0].signature = 'other'),
  'arguments that are no JSON': ({ messages }) => (messages[2].tool_calls[0].function.arguments = '{'),
  'an empty list of calls': ({ messages }) =>
    messages.splice(2, 3, { role: 'assistant', content: 'x', tool_calls: [] }),
  'a name that is too long': ({ tools }) => (tools[0].function.name = 'f'.repeat(65)),
  'a part that nobody knows': ({ messages }) => (messages[5].content[0].type = 'tool_reference'),
  'an answer that is begun': ({ messages }) => messages.push({ role: 'assistant', content: 'x' }),
};

const MESSAGES = () => ({
  model: 'm',
  max_tokens: 5000,
  thinking: { type: 'enabled', budget_tokens: 1024 },
  system: [{ type: 'text', text: 's', cache_control: { type: 'ephemeral' } }],
  tools: [{ name: 'f', description: 'd', input_schema: { ...schema } }],
  messages: [
    { role: 'user', content: 'u' },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 't', signature: 'mine' },
        { type: 'text', text: 'x' },
        { type: 'tool_use', id: 'a', name: 'f', input: {} },
        { type: 'tool_use', id: 'b', name: 'f', input: {} },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'a', content: 'A' },
        { type: 'tool_result', tool_use_id: 'b', content: [{ type: 'text', text: 'B' }] },
        { type: 'text', text: 'u' },
      ],
    },
  ],
});

const BAD_MESSAGES = {
  'another model': (body) => (body.model = 'n'),
  'an unknown field': (body) => (body.reasoning_effort = 'low'),
  'no max_tokens': (body) => delete body.max_tokens,
  'too much output': (body) => (body.max_tokens = 5001),
  'a budget that leaves nothing': (body) => (body.thinking.budget_tokens = 5000),
  'a budget that is too small': (body) => (body.thinking.budget_tokens = 1023),
  'sampling with thinking': (body) => (body.temperature = 1),
  'a forced tool with thinking': (body) => (body.tool_choice = { type: 'any' }),
  'adaptive thinking': (body) => (body.thinking = { type: 'adaptive' }),
  'an effort': (body) => (body.output_config = { effort: 'low' }),
  'a loop without thinking': ({ messages }) => messages[1].content.shift(),
  "another's signature": ({ messages }) => (messages[1].content[0].signature = 'gw1.other'),
  'no signature': ({ messages }) => delete messages[1].content[0].signature,
  'text after calls': ({ messages }) => messages[1].content.push({ type: 'text', text: 'x' }),
  'empty text': ({ messages }) => (messages[1].content[1].text = ''),
  'blank text': ({ messages }) => (messages[2].content[2].text = ' \n'),
  'no content': ({ messages }) => (messages[0].content = []),
  'roles in a row': ({ messages }) => messages.push({ role: 'user', content: 'v' }),
  'the assistant first': ({ messages }) => messages.shift(),
  'an answer that is begun': ({ messages }) => messages.push({ role: 'assistant', content: 'x' }),
  'a system message': ({ messages }) => messages.push({ role: 'system', content: 's' }),
  'words before results': ({ messages }) => messages[2].content.unshift(messages[2].content.pop()),
  'a result that is missing': ({ messages }) => messages[2].content.shift(),
  'a result of nothing': ({ messages }) => (messages[2].content[0].tool_use_id = 'c'),
  'results too late': ({ messages }) =>
    messages.splice(2, 0, { role: 'user', content: 'v' }, { role: 'assistant', content: 'w' }),
  'an id that was never given': ({ messages }) => {
    messages[1].content[2].id = messages[2].content[0].tool_use_id = 'c';
  },
  'an id twice': ({ messages }) => {
    messages[1].content[3].id = messages[2].content[1].tool_use_id = 'a';
  },
  'input that is no object': ({ messages }) => (messages[1].content[2].input = '{}'),
  'a part of another format': ({ messages }) => (messages[2].content[1].content[0].type = 'input_text'),
  'a tool that is not there': ({ messages }) => (messages[1].content[2].name = 'g'),
  'a tool twice': ({ tools }) => tools.push(tools[0]),
  'a schema that is no object': ({ tools }) => (tools[0].input_schema = { anyOf: [] }),
  'fields of another format': ({ tools }) => (tools[0].parameters = {}),
  'too many breakpoints': (body) => (body.system = Array(5).fill(body.system[0])),
};

const RESPONSES = () => ({
  model: 'm',
  instructions: 's',
  max_output_tokens: 100,
  store: false,
  include: ['reasoning.encrypted_content'],
  reasoning: { effort: 'low' },
  tools: [{ type: 'function', name: 'f', description: 'd', parameters: { ...schema }, strict: false }],
  input: [
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'u' }] },
    { type: 'reasoning', summary: [], encrypted_content: 'mine' },
    ...['a', 'b'].map((call_id) => ({ type: 'function_call', call_id, name: 'f', arguments: '{}' })),
    { type: 'function_call_output', call_id: 'b', output: 'B' },
    { type: 'function_call_output', call_id: 'a', output: [{ type: 'input_text', text: 'A' }] },
  ],
});

const BAD_RESPONSES = {
  'another model': (body) => (body.model = 'n'),
  'an unknown field': (body) => (body.max_tokens = 10),
  'what would be stored': (body) => (body.store = true),
  'too much output': (body) => (body.max_output_tokens = 101),
  'too little output': (body) => (body.max_output_tokens = 15),
  'an effort that nobody knows': (body) => (body.reasoning.effort = 'max'),
  'a tool of Chat': ({ tools }) => (tools[0].function = {}),
  'a tool that is strict by default': ({ tools }) => delete tools[0].strict,
  'a strict tool that is open': ({ tools }) => (tools[0].strict = true),
  'a choice among nothing': (body) => {
    delete body.tools;
    body.tool_choice = 'auto';
  },
  'no input': (body) => (body.input = []),
  'a part of Chat': ({ input }) => (input[0].content[0].type = 'text'),
  'what only assistants write': ({ input }) => (input[0].content[0].type = 'output_text'),
  'thinking about nothing': ({ input }) => input.push(input[1]),
  "another's thinking": ({ input }) => (input[1].encrypted_content = 'other'),
  'an output that is missing': ({ input }) => input.pop(),
  'an output of nothing': ({ input }) => (input[4].call_id = 'c'),
  'an id that was never given': ({ input }) => (input[2].call_id = input[5].call_id = 'c'),
  'arguments that are no JSON': ({ input }) => (input[2].arguments = '{'),
  'cache_control': ({ input }) => (input[0].content[0].cache_control = {}),
};

const KINDS = [
  ['Responses', checkResponses, RESPONSES, BAD_RESPONSES, { limit: 100, headers: {} }],
  ['Chat', checkChat, CHAT, BAD_CHAT, { limit: 100, headers: {} }],
  [
    'Messages',
    checkMessages,
    MESSAGES,
    BAD_MESSAGES,
    { limit: 5000, budget: true, headers: { 'anthropic-version': '2023-06-01' } },
  ],
];
for (const [kind, check, good, bad, traits] of KINDS) {
  test(`${kind}: a good request`, () => check(good(), { model: 'm', given, ...traits }));
  for (const [what, spoil] of Object.entries(bad)) {
    test(`${kind}: ${what}`, () => {
      const body = good();
      spoil(body);
      assert.throws(() => check(body, { model: 'm', given, ...traits }), assert.AssertionError);
    });
  }
}

test('what others have thought is not relayed', () => {
  const body = MESSAGES();
  checkThinking(body, { given });
  body.messages[1].content.shift();
  assert.throws(() => checkThinking(body, { given }), /Expected `thinking`/);
  delete body.thinking;
  checkThinking(body, { given });
  body.context_management = { edits: [{ type: 'clear_thinking_20251015' }] };
  assert.throws(() => checkThinking(body, { given }), /requires `thinking`/);
});
