// Anthropic's rules for a request, as its API enforces them.

import assert from 'node:assert/strict';
import { isObject, list, members, must, oneOf, text, toolSchema, unique, wholeNumber } from './rules.mjs';

const OPTIONAL = [
  'system',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'metadata',
  'stop_sequences',
  'stream',
  'temperature',
  'top_p',
  'service_tier',
  'cache_control',
];
const EFFORTS = ['low', 'medium', 'high', 'xhigh', 'max'];
const BREAKPOINTS_MAX = 4;

/**
 * Traits: `model`, `limit` of the output, `budget` (thinks by a budget, has no effort) or not, ids and signatures
 * `given` out, `headers`.
 */
export function checkMessages(body, traits) {
  const { model, limit, budget: byBudget = false, headers } = traits;
  members(body, 'body', ['model', 'max_tokens', 'messages'], OPTIONAL);
  must(body.model === model, `model: ${body.model}`);
  must(/^\d{4}-\d\d-\d\d$/.test(headers['anthropic-version']), 'anthropic-version is required');
  must(!('authorization' in headers) || !('x-api-key' in headers), 'one key');
  for (const name of Object.keys(headers))
    must(!/^(openai-|x-codex-|x-openai-)/.test(name), `header ${name}`);
  wholeNumber(body.max_tokens, 'max_tokens', 1, limit);
  if (body.system !== undefined) {
    if (typeof body.system === 'string') text(body.system, 'system');
    else list(body.system, 'system').forEach((block, at) => textBlock(block, `system[${at}]`));
  }
  const thinking = thinks(body, byBudget);
  const names = tools(body, thinking);
  messages(body.messages, names, { ...traits, thinking });
  const breakpoints = JSON.stringify([body.cache_control, body.system, body.tools, body.messages]);
  const count = breakpoints.split('"cache_control":').length - 1 + (body.cache_control ? 1 : 0);
  must(count <= BREAKPOINTS_MAX, `A maximum of 4 blocks with cache_control, not ${count}`);
}

/** What Anthropic refuses in a request that an agent wrote for it, but that others have had a part in. */
export function checkThinking({ thinking, messages, context_management: management }, { given }) {
  for (const { content } of messages) {
    for (const block of Array.isArray(content) ? content : [])
      if (block.type === 'thinking') signed(block, given, 'relayed');
  }
  if (thinking?.type === 'enabled') loopBeginsWithThinking(messages);
  if (thinking) return;
  const clears = management?.edits.some(({ type }) => type.startsWith('clear_thinking'));
  must(!clears, '`clear_thinking` strategy requires `thinking`');
}

/** Whether thinking is on, by a budget or as the model sees fit. */
function thinks({ thinking, output_config: config, max_tokens: limit, ...body }, byBudget) {
  if (config !== undefined) {
    members(config, 'output_config', [], ['effort', 'format']);
    if ('effort' in config) {
      must(!byBudget, 'this model has no effort');
      oneOf(config.effort, EFFORTS, 'output_config.effort');
    }
  }
  if (thinking === undefined) return undefined;
  oneOf(thinking.type, byBudget ? ['enabled', 'disabled'] : ['adaptive', 'disabled'], 'thinking.type');
  if (thinking.type === 'disabled') {
    members(thinking, 'thinking', ['type']);
    return undefined;
  }
  must(!['temperature', 'top_p'].some((name) => name in body), 'no sampling with thinking');
  must(
    !['any', 'tool'].includes(body.tool_choice?.type),
    'Thinking may not be enabled when tool_choice forces',
  );
  if (!byBudget) {
    members(thinking, 'thinking', ['type'], ['display']);
    return 'adaptive';
  }
  members(thinking, 'thinking', ['type', 'budget_tokens'], ['display']);
  wholeNumber(thinking.budget_tokens, 'thinking.budget_tokens', 1024, limit - 1);
  return 'budget';
}

/** Answers the names. */
function tools({ tools, tool_choice: choice }) {
  if (tools === undefined) {
    must(choice === undefined, 'tool_choice may only be specified with tools');
    return undefined;
  }
  list(tools, 'tools').forEach((tool, at) => {
    const where = `tools[${at}]`;
    if (tool.type?.startsWith('web_search_')) return;
    members(tool, where, ['name', 'input_schema'], ['description', 'type', 'strict', 'cache_control']);
    must(/^[a-zA-Z0-9_-]{1,128}$/.test(tool.name), `${where}.name: ${tool.name}`);
    toolSchema(tool.input_schema, `${where}.input_schema`);
  });
  const names = tools.map((tool) => tool.name);
  unique(names, 'Tool names');
  if (choice) {
    oneOf(choice.type, ['auto', 'any', 'tool', 'none'], 'tool_choice.type');
    if (choice.type === 'tool') oneOf(choice.name, names, 'tool_choice.name');
    const others = choice.type === 'none' ? [] : ['disable_parallel_tool_use'];
    members(choice, 'tool_choice', choice.type === 'tool' ? ['type', 'name'] : ['type'], others);
  }
  return names;
}

function messages(messages, names, { thinking, given, midSystem = false }) {
  list(messages, 'messages');
  let open = []; // calls of the turn before
  let before;
  messages.forEach(({ role, content, ...rest }, at) => {
    const where = `messages[${at}]`;
    assert.deepEqual(rest, {}, `${where}: Extra inputs are not permitted`);
    if (role === 'system') {
      // After a user's turn, before the assistant's or last; never two.
      must(midSystem, `${where}: role 'system' is not supported on this model`);
      must(before === 'user' && open.length === 0, `${where}: a system message follows the user's turn`);
      oneOf(messages[at + 1]?.role, ['assistant', undefined], `${where}: what comes next`);
      return;
    }
    oneOf(role, ['user', 'assistant'], `${where}.role`);
    must(role !== before, `${where}: roles must alternate between "user" and "assistant"`);
    must(at > 0 || role === 'user', 'first message must use the "user" role');
    before = role;
    if (typeof content === 'string') {
      text(content, where);
      must(
        open.length === 0,
        `${where}: calls ${open} were without \`tool_result\` blocks immediately after`,
      );
      return;
    }
    list(content, where);
    open = role === 'user' ? user(content, where, open) : assistant(content, where, names, given);
  });
  must(before === 'user', 'This model does not support assistant message prefill');
  if (thinking === 'budget') loopBeginsWithThinking(messages);
}

function user(content, where, open) {
  const results = content.filter(({ type }) => type === 'tool_result');
  const ids = results.map((block) => block.tool_use_id);
  assert.deepEqual(ids.toSorted(), open.toSorted(), `${where}: each \`tool_use\` has its \`tool_result\``);
  must(
    content.slice(0, results.length).every(({ type }) => type === 'tool_result'),
    `${where}: results come first`,
  );
  content.forEach((block, at) => userBlock(block, `${where}.content[${at}]`));
  return [];
}

function userBlock(block, where) {
  switch (block.type) {
    case 'text':
      return textBlock(block, where);
    case 'image':
    case 'document':
      members(block, where, ['type', 'source'], ['title', 'context', 'cache_control']);
      return members(block.source, where, ['type'], ['media_type', 'data', 'url']);
    case 'tool_result':
      members(block, where, ['type', 'tool_use_id'], ['content', 'is_error', 'cache_control']);
      if (Array.isArray(block.content)) block.content.forEach((inner) => userBlock(inner, where));
      else must(['string', 'undefined'].includes(typeof block.content), `${where}.content`);
      return;
    default:
      must(false, `${where}: Input tag '${block.type}' does not match any of the expected tags`);
  }
}

/** Answers the ids of its calls. */
function assistant(content, where, names, given) {
  let order = 0; // thinking, then text, then calls
  const ids = [];
  content.forEach((block, at) => {
    const place = `${where}.content[${at}]`;
    const rank = { thinking: 0, redacted_thinking: 0, text: 1, tool_use: 2 }[block.type];
    must(rank !== undefined && rank >= order, `${place}: ${block.type} here`);
    order = rank;
    if (block.type === 'thinking') {
      members(block, place, ['type', 'thinking', 'signature']);
      signed(block, given, place);
    } else if (block.type === 'text') {
      textBlock(block, place);
    } else if (block.type === 'tool_use') {
      members(block, place, ['type', 'id', 'name', 'input'], ['cache_control']);
      must(isObject(block.input), `${place}.input: Input should be a valid dictionary`);
      must(names?.includes(block.name), `${place}: no tool ${block.name}`);
      must(given.ids.has(block.id), `${place}: id ${block.id} was never given`);
      ids.push(block.id);
    }
  });
  unique(ids, `${where}: \`tool_use\` ids`);
  return ids;
}

function signed({ signature }, given, where) {
  must(
    given.signatures.has(signature),
    `${where}: Invalid \`signature\` in \`thinking\` block: ${signature}`,
  );
}

/** With a budget, a turn that called tools goes on only if it began with thinking. */
function loopBeginsWithThinking(messages) {
  const since = messages.findLastIndex(
    ({ role, content }) =>
      role === 'user' && (typeof content === 'string' || content.every(({ type }) => type !== 'tool_result')),
  );
  const first = messages.slice(since + 1).find(({ role }) => role === 'assistant');
  const kind = first?.content[0]?.type;
  must(
    !first || ['thinking', 'redacted_thinking'].includes(kind),
    `Expected \`thinking\` or \`redacted_thinking\`, but found \`${kind}\``,
  );
}

function textBlock(block, where) {
  members(block, where, ['type', 'text'], ['cache_control']);
  must(block.type === 'text', `${where}.type`);
  text(block.text, where);
}
