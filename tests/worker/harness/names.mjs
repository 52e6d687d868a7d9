// The names every host of the Worker shares, read from their one definition.

import { readFileSync } from 'node:fs';

export const ROOT = new URL('../../../', import.meta.url).pathname;

const source = readFileSync(`${ROOT}src/deployment.rs`, 'utf8');

function text(name) {
  const found = new RegExp(`pub const ${name}: &str =\\s*"([^"]+)"`).exec(source);
  if (!found) throw new Error(`src/deployment.rs defines no ${name}`);
  return found[1];
}

function list(name) {
  const found = new RegExp(`pub const ${name}: [^=]+=\\s*&?\\[([^\\]]*)\\]`).exec(source);
  if (!found) throw new Error(`src/deployment.rs defines no ${name}`);
  return [...found[1].matchAll(/"([^"]+)"/g)].map((match) => match[1]);
}

export const COMPATIBILITY_DATE = text('COMPATIBILITY_DATE');
export const COMPATIBILITY_FLAGS = list('COMPATIBILITY_FLAGS');
export const MODULES = list('MODULES');
export const PROVIDERS_BINDING = text('PROVIDERS_BINDING');
export const PROVIDER_CLASS = text('PROVIDER_CLASS');
export const PROVIDER_UNIQUE_KEY = text('PROVIDER_UNIQUE_KEY');
export const LOCAL_BINDING = text('LOCAL_BINDING');
export const CONTROL_ENTRYPOINT = text('CONTROL_ENTRYPOINT');
export const CONFIG_VARIABLES = list('CONFIG_VARIABLES');
export const CONFIG_PART_PREFIX = text('CONFIG_PART_PREFIX');
export const MASTER_KEY_VARIABLE = text('MASTER_KEY_VARIABLE');
