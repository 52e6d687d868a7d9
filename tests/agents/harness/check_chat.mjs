// What the strictest servers of Chat Completions want of a request: OpenAI's own (`openai: true`), and servers
// with a chat template that insists on roles taking turns.

import {
  isObject,
  json,
  list,
  members,
  must,
  nowhere,
  oneOf,
  text,
  toolSchema,
  unique,
  wholeNumber,
} from './rules.mjs';

const GENERAL = [
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'temperature',
  'top_p',
  'stop',
  'stream',
  'stream_options',
  'response_format',
];
const OPENAI = ['prompt_cache_key', 'safety_identifier', 'service_tier', 'verbosity', 'store'];
const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'];
const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/**
 * Traits: `model`, `limit` of the output, `openai`, `efforts` (whether it takes `reasoning_effort`), `ids` and
 * `signatures` that were given out, `headers`.
 */
export function checkChat(body, traits) {
  const { model, limit, openai = false, efforts = openai, headers } = traits;
  const limitName = openai ? 'max_completion_tokens' : 'max_tokens';
  members(
    body,
    'body',
    ['model', 'messages'],
    [...GENERAL, limitName, ...(openai ? OPENAI : []), ...(efforts ? ['reasoning_effort'] : [])],
  );
  nowhere(body, ['cache_control', 'defer_loading', 'citations'], ['parameters']);
  must(body.model === model, `model: ${body.model}`);
  for (const name of Object.keys(headers))
    must(!/^(anthropic-|x-api-key$|x-stainless-|x-claude-|x-codex-)/.test(name), `header ${name}`);
  if (limitName in body) wholeNumber(body[limitName], limitName, 1, limit);
  if ('reasoning_effort' in body) oneOf(body.reasoning_effort, EFFORTS, 'reasoning_effort');
  if (openai) must(!('temperature' in body || 'top_p' in body || 'stop' in body), 'no sampling, no stop');
  if ('stream' in body) must(typeof body.stream === 'boolean', 'stream is a boolean');
  if ('stream_options' in body) {
    must(body.stream, 'stream_options need stream');
    members(body.stream_options, 'stream_options', ['include_usage']);
  }
  tools(body, openai);
  if ('response_format' in body) format(body.response_format);
  messages(body.messages, traits);
}

function tools({ tools, tool_choice: choice, ...rest }, openai) {
  if (tools === undefined) {
    must(choice === undefined && !('parallel_tool_calls' in rest), 'a choice needs tools');
    return;
  }
  list(tools, 'tools').forEach((tool, at) => {
    const where = `tools[${at}]`;
    members(tool, where, ['type', 'function']);
    must(tool.type === 'function', `${where}.type`);
    members(tool.function, `${where}.function`, ['name', 'parameters'], ['description', 'strict']);
    must(NAME.test(tool.function.name), `${where}.function.name: ${tool.function.name}`);
    if ('description' in tool.function) text(tool.function.description, `${where}.function.description`);
    toolSchema(tool.function.parameters, `${where}.function.parameters`);
    must(!('$schema' in tool.function.parameters), `${where}: no $schema`);
    must(openai || !('strict' in tool.function), `${where}: strict is OpenAI's`);
  });
  unique(
    tools.map((tool) => tool.function.name),
    'names of tools',
  );
  if (isObject(choice)) {
    members(choice, 'tool_choice', ['type', 'function']);
    must(
      tools.some((tool) => tool.function.name === choice.function.name),
      'the chosen tool is there',
    );
  } else if (choice !== undefined) {
    oneOf(choice, ['auto', 'none', 'required'], 'tool_choice');
  }
}

function format(format) {
  oneOf(format.type, ['json_schema', 'json_object', 'text'], 'response_format.type');
  if (format.type === 'json_schema')
    members(format.json_schema, 'json_schema', ['name', 'schema'], ['strict', 'description']);
}

function messages(messages, { openai = false, given }) {
  list(messages, 'messages');
  const systems = openai ? ['system', 'developer'] : ['system'];
  let before; // the role before, system messages aside
  let open = []; // calls without a result, in order
  messages.forEach((message, at) => {
    const where = `messages[${at}]`;
    const { role } = message;
    must(open.length === 0 || role === 'tool', `${where}: calls ${open} must be answered at once`);
    if (systems.includes(role)) {
      members(message, where, ['role', 'content']);
      must(openai || at === 0, `${where}: System message must be at the beginning`);
      if (openai) content(message.content, where, ['text']);
      else text(message.content, where);
      return;
    }
    switch (role) {
      case 'user':
        members(message, where, ['role', 'content']);
        must(openai || before !== 'user', `${where}: roles take turns`);
        content(message.content, where);
        break;
      case 'assistant':
        must(openai || (before !== undefined && before !== 'assistant'), `${where}: roles take turns`);
        open = assistant(message, where, given);
        break;
      case 'tool':
        members(message, where, ['role', 'tool_call_id', 'content']);
        must(message.tool_call_id === open.shift(), `${where}: results in the order of the calls`);
        must(typeof message.content === 'string', `${where}: the content is text`);
        break;
      default:
        must(false, `${where}: unknown role ${role}`);
    }
    before = role;
  });
  must(open.length === 0, `calls ${open} have no results`);
  oneOf(before, ['user', 'tool'], 'the last message');
}

/** Answers the ids of its calls. */
function assistant(message, where, given) {
  const optional = ['tool_calls', 'reasoning_content', 'reasoning_details'];
  members(message, where, ['role', 'content'], optional);
  const { content, tool_calls: calls, reasoning_details: details } = message;
  if (content !== null) text(content, where);
  must(content !== null || calls, `${where} says nothing`);
  for (const detail of details ?? []) {
    if (detail.signature) must(given.signatures.has(detail.signature), `${where}: Invalid signature`);
  }
  if (calls === undefined) return [];
  return list(calls, `${where}.tool_calls`).map((call) => {
    members(call, `${where}.tool_calls`, ['id', 'type', 'function']);
    members(call.function, `${where}.tool_calls.function`, ['name', 'arguments']);
    must(call.type === 'function' && NAME.test(call.function.name), `${where}: ${call.function.name}`);
    json(call.function.arguments, `${where}: arguments`);
    must(given.ids.has(call.id), `${where}: id ${call.id} was never given`);
    return call.id;
  });
}

function content(content, where, kinds = ['text', 'image_url', 'file']) {
  if (typeof content === 'string') return text(content, where);
  list(content, where).forEach((part, at) => {
    oneOf(part.type, kinds, `${where}.content[${at}].type`);
    members(part, `${where}.content[${at}]`, ['type', part.type]);
    if (part.type === 'text') text(part.text, `${where}.content[${at}]`);
  });
}
