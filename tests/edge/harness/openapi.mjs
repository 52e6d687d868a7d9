// Holds requests, and the local API's own answers, against the description of the API in ../openapi.
//
// Of requests more is asked than the description says: members that it does not name are errors, for they are
// how a misspelled one looks; the real API ignores them.

import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';

const read = (name) => JSON.parse(readFileSync(new URL(`../openapi/${name}`, import.meta.url), 'utf8'));

/** A request, or an answer, that is not as described. The message holds the path of what is wrong. */
export class Invalid extends Error {}

/** `workers.json` with `additions.json` in it. */
function describe() {
  const description = read('workers.json');
  for (const [path, operations] of Object.entries(read('additions.json').paths)) {
    for (const [method, addition] of Object.entries(operations)) {
      const operation = ((description.paths[path] ??= {})[method] ??= {});
      const parameters = [...(operation.parameters ?? []), ...(addition.parameters ?? [])];
      Object.assign(operation, addition, { parameters });
    }
  }
  return description;
}

/** Objects take only what they name, and a binding is told by its `type`. */
function strict(schema) {
  if (Array.isArray(schema)) return schema.map(strict);
  if (schema === null || typeof schema !== 'object') return schema;
  const result = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, strict(value)]));
  if (typeof schema.properties === 'object' && !('additionalProperties' in schema))
    result.additionalProperties = false;
  const byType = (option) =>
    option.properties?.type?.const !== undefined && option.required?.includes('type');
  if (schema.anyOf?.length > 1 && schema.anyOf.every(byType)) {
    delete result.anyOf;
    Object.assign(result, {
      type: 'object',
      discriminator: { propertyName: 'type' },
      oneOf: strict(schema.anyOf),
    });
  }
  return result;
}

/** OpenAPI's `nullable` beside something else than a `type` is no JSON Schema: null is then one of two things. */
function nullable(schema) {
  if (Array.isArray(schema)) return schema.map(nullable);
  if (schema === null || typeof schema !== 'object') return schema;
  const result = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, nullable(value)]));
  if (result.nullable !== true || result.type !== undefined) return result;
  delete result.nullable;
  return { anyOf: [{ type: 'null' }, result] };
}

const described = nullable(describe());
const ajv = new Ajv({ strict: false, discriminator: true, validateFormats: false });
ajv.addSchema(described, 'answer:');
ajv.addSchema(strict(described), 'request:');

const patterns = Object.keys(described.paths).map((path) => ({
  path,
  // Names of scripts and of secrets go into paths percent-encoded.
  pattern: new RegExp(`^${path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
}));

/** The operation that a request is for: `{name, path, parameters}`, or undefined. */
export function operationOf(method, path) {
  for (const { path: template, pattern } of patterns) {
    const match = pattern.exec(path);
    if (match && described.paths[template][method.toLowerCase()]) {
      const parameters = Object.fromEntries(
        Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]),
      );
      return { name: `${method} ${template}`, method: method.toLowerCase(), path: template, parameters };
    }
  }
  return undefined;
}

const compiled = new Map();

function check(root, pointer, value, what) {
  const fragment = pointer.map((part) =>
    encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')),
  );
  const $ref = `${root}#/${fragment.join('/')}`;
  if (!compiled.has($ref)) compiled.set($ref, ajv.compile({ $ref }));
  const validate = compiled.get($ref);
  if (validate(value)) return;
  const [{ instancePath, message, params }] = validate.errors;
  throw new Invalid(`${what}: ${instancePath || '/'} ${message} ${JSON.stringify(params)}`);
}

/** Throws for query parameters that the operation does not take. Of objects, `account.id` and the like. */
export function checkQuery(operation, query) {
  const parameters = described.paths[operation.path][operation.method].parameters.filter(
    (parameter) => parameter.in === 'query',
  );
  const names = parameters.flatMap(({ name, schema }) =>
    schema.type === 'object' ? Object.keys(schema.properties).map((member) => `${name}.${member}`) : [name],
  );
  for (const [name, value] of query) {
    if (!names.includes(name)) throw new Invalid(`${operation.name}: no query parameter "${name}"`);
    const { schema } = parameters.find((parameter) => parameter.name === name) ?? { schema: {} };
    if (schema.enum && !schema.enum.includes(value))
      throw new Invalid(`${operation.name}: query parameter ${name}=${value}`);
    if (['number', 'integer'].includes(schema.type) && !/^\d+$/.test(value))
      throw new Invalid(`${operation.name}: query parameter ${name}=${value} is no number`);
    if (schema.type === 'boolean' && !['true', 'false'].includes(value))
      throw new Invalid(`${operation.name}: query parameter ${name}=${value} is no boolean`);
  }
}

/** Throws for a body, or a content type, that the operation does not take. */
export function checkBody(operation, contentType, body) {
  const content = described.paths[operation.path][operation.method].requestBody?.content;
  if (!content) {
    if (body !== undefined) throw new Invalid(`${operation.name}: takes no body`);
    return;
  }
  if (!content[contentType])
    throw new Invalid(`${operation.name}: content type ${contentType}, not ${Object.keys(content)}`);
  const pointer = [
    'paths',
    operation.path,
    operation.method,
    'requestBody',
    'content',
    contentType,
    'schema',
  ];
  check('request:', pointer, body, operation.name);
}

/** Throws when an answer of the local API is not what the real one would say. */
export function checkAnswer(operation, status, body) {
  const responses = described.paths[operation.path][operation.method].responses;
  const kind = status < 400 ? '200' : '4XX';
  if (!responses?.[kind]) return;
  const pointer = [
    'paths',
    operation.path,
    operation.method,
    'responses',
    kind,
    'content',
    'application/json',
  ];
  check('answer:', [...pointer, 'schema'], body, `answer ${status} to ${operation.name}`);
}
