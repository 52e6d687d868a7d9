// Words for rules, used by the checks of both formats.

import assert from 'node:assert/strict';

export function must(condition, rule) {
  assert.ok(condition, rule);
}

export const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object with these members at most, and with the first ones at least. */
export function members(value, where, needed, others = []) {
  must(isObject(value), `${where} is an object`);
  for (const name of needed) must(name in value, `${where} has \`${name}\``);
  for (const name of Object.keys(value))
    must(needed.includes(name) || others.includes(name), `${where}: unknown field \`${name}\``);
}

export const oneOf = (value, allowed, where) => must(allowed.includes(value), `${where}: ${value}`);

export function text(value, where) {
  must(typeof value === 'string' && value.trim() !== '', `${where}: text must contain non-whitespace`);
  must(value.isWellFormed?.() ?? true, `${where}: text must be well-formed`);
}

export function list(value, where) {
  must(Array.isArray(value) && value.length > 0, `${where} is a list that is not empty`);
  return value;
}

export function wholeNumber(value, where, least, most) {
  must(Number.isSafeInteger(value) && value >= least, `${where}: ${value} is at least ${least}`);
  must(value <= most, `${where}: ${value} > ${most}`);
}

/** No two of them are the same. */
export const unique = (values, where) => must(new Set(values).size === values.length, `${where} are unique`);

/** JSON of an object. */
export function json(text, where) {
  try {
    must(isObject(JSON.parse(text)), `${where} is an object's JSON`);
  } catch (error) {
    must(false, `${where}: ${error.message}`);
  }
}

/** The schema of a tool's arguments, by the rules that both vendors have. */
export function toolSchema(schema, where) {
  must(isObject(schema), `${where} is an object`);
  must(schema.type === 'object', `${where}.type must be "object"`);
  for (const name of ['anyOf', 'oneOf', 'allOf', 'not', '$ref', 'enum'])
    must(!(name in schema), `${where}: no \`${name}\` at the top`);
}

/** `cache_control` and what else only Anthropic has are nowhere, except in what tools are given and give. */
export function nowhere(value, names, skip, where = 'body') {
  if (Array.isArray(value)) return value.forEach((item, at) => nowhere(item, names, skip, `${where}[${at}]`));
  if (!isObject(value)) return;
  for (const [name, inner] of Object.entries(value)) {
    must(!names.includes(name), `${where}: no \`${name}\` here`);
    if (!skip.includes(name)) nowhere(inner, names, skip, `${where}.${name}`);
  }
}
