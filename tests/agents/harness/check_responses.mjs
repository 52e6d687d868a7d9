// OpenAI's rules for a request of Responses, where nothing is stored.

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

const OPTIONAL = [
  'instructions',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'max_output_tokens',
  'include',
  'reasoning',
  'text',
  'stream',
  'prompt_cache_key',
  'safety_identifier',
  'service_tier',
];
const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'];
const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/** Traits: `model`, which thinks by efforts, `limit` of the output, what was `given` out, `headers`. */
export function checkResponses(body, { model, limit, given, headers }) {
  members(body, 'body', ['model', 'input', 'store'], OPTIONAL);
  nowhere(body, ['cache_control', 'defer_loading', 'citations'], ['parameters']);
  must(body.model === model, `model: ${body.model}`);
  must(body.store === false, 'store');
  for (const name of Object.keys(headers))
    must(!/^(anthropic-|x-api-key$|x-stainless-|x-claude-|x-codex-)/.test(name), `header ${name}`);
  if ('instructions' in body) text(body.instructions, 'instructions');
  if ('max_output_tokens' in body) wholeNumber(body.max_output_tokens, 'max_output_tokens', 16, limit);
  for (const what of body.include ?? []) oneOf(what, ['reasoning.encrypted_content'], 'include');
  if ('reasoning' in body) {
    members(body.reasoning, 'reasoning', [], ['effort', 'summary']);
    oneOf(body.reasoning.effort, [undefined, ...EFFORTS], 'reasoning.effort');
    oneOf(body.reasoning.summary, [undefined, 'auto', 'concise', 'detailed'], 'reasoning.summary');
  }
  if ('text' in body) format(body.text);
  if ('stream' in body) must(typeof body.stream === 'boolean', 'stream is a boolean');
  tools(body);
  input(body.input, given);
}

function format({ format, ...rest }) {
  members(rest, 'text', [], ['verbosity']);
  if (format?.type !== 'json_schema') return;
  members(format, 'text.format', ['type', 'name', 'schema'], ['strict', 'description']);
  must(NAME.test(format.name), `text.format.name: ${format.name}`);
}

function tools({ tools, tool_choice: choice, ...rest }) {
  if (tools === undefined) {
    must(choice === undefined && !('parallel_tool_calls' in rest), 'a choice needs tools');
    return;
  }
  const named = list(tools, 'tools').filter(({ type }) => type !== 'web_search');
  named.forEach((tool, at) => {
    const where = `tools[${at}]`;
    members(tool, where, ['type', 'name', 'parameters', 'strict'], ['description']);
    must(tool.type === 'function' && NAME.test(tool.name), `${where}.name: ${tool.name}`);
    toolSchema(tool.parameters, `${where}.parameters`);
    if (tool.strict) must(tool.parameters.additionalProperties === false, `${where}: strict`);
  });
  unique(
    named.map(({ name }) => name),
    'names of tools',
  );
  if (isObject(choice)) must(named.some(({ name }) => name === choice.name), 'the chosen tool is there');
  else oneOf(choice, [undefined, 'auto', 'none', 'required'], 'tool_choice');
}

/** Every call has one output behind it; thinking is followed by what was thought about. */
function input(items, given) {
  const open = new Set();
  let before;
  list(items, 'input').forEach((item, at) => {
    const where = `input[${at}]`;
    const { type } = item;
    if (before === 'reasoning')
      oneOf(type, ['reasoning', 'message', 'function_call'], `${where}: required following item`);
    before = type;
    switch (type) {
      case 'message':
        members(item, where, ['type', 'role', 'content']);
        oneOf(item.role, ['user', 'assistant', 'developer', 'system'], `${where}.role`);
        parts(item.content, where, item.role);
        break;
      case 'reasoning':
        members(item, where, ['type', 'summary', 'encrypted_content']);
        must(given.signatures.has(item.encrypted_content), `${where}: encrypted content is not ours`);
        break;
      case 'function_call':
        members(item, where, ['type', 'call_id', 'name', 'arguments']);
        json(item.arguments, `${where}.arguments`);
        must(given.ids.has(item.call_id), `${where}: id ${item.call_id} was never given`);
        must(!open.has(item.call_id), `${where}: duplicate call`);
        open.add(item.call_id);
        break;
      case 'function_call_output':
        members(item, where, ['type', 'call_id', 'output']);
        must(open.delete(item.call_id), `${where}: No tool call found for call_id ${item.call_id}`);
        if (typeof item.output !== 'string') parts(item.output, where, 'tool');
        break;
      default:
        must(false, `${where}: type ${type}`);
    }
  });
  must(before !== 'reasoning', 'required following item');
  must(open.size === 0, `No tool output found for ${[...open]}`);
}

const MEDIA = { input_image: ['image_url', 'detail'], input_file: ['filename', 'file_data'] };

function parts(content, where, role) {
  const words = role === 'assistant' ? 'output_text' : 'input_text';
  const media = ['user', 'tool'].includes(role) ? Object.keys(MEDIA) : [];
  list(content, `${where}.content`).forEach((part, at) => {
    oneOf(part.type, [words, ...media], `${where}.content[${at}].type`);
    members(part, `${where}.content[${at}]`, ['type', ...(MEDIA[part.type] ?? ['text'])]);
    if (part.type === words) text(part.text, `${where}.content[${at}]`);
  });
}
