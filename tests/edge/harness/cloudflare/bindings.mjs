// What a version is bound to: inherited, kept and new bindings, and the limits on them.

import { Problem, refuse } from './problem.mjs';

/** 5 KB. */
const TEXT_MAX_BYTES = 5 * 1024;
const SECRETS = ['secret_text', 'secret_key'];
const COUNTED = ['plain_text', 'json', ...SECRETS];

/**
 * The bindings of a new version. `latest` is the version uploaded last, deployed or not: inherited bindings are
 * that one's. Without `keep_bindings` its secrets stay; with it, only bindings of the types in it do.
 */
export function resolveBindings({ wanted = [], keep, strict, latest }) {
  const before = new Map((latest?.bindings ?? []).map((binding) => [binding.name, binding]));
  const errors = [];
  const invalid = (name, why) =>
    errors.push({ code: 10057, message: `inherit binding '${name}' is invalid: ${why}` });
  const resolved = new Map();
  for (const binding of wanted) {
    if (resolved.has(binding.name)) refuse(400, 10012, `Binding name '${binding.name}' already in use.`);
    if (binding.type !== 'inherit' && !staysAsTold(binding, before.get(binding.name))) {
      resolved.set(binding.name, binding);
      continue;
    }
    const old = before.get(binding.old_name ?? binding.name);
    if (binding.version_id !== undefined && binding.version_id !== 'latest')
      invalid(
        binding.name,
        `'version_id' value '${binding.version_id}' is invalid, only the literal 'latest' is supported by this API`,
      );
    else if (old) resolved.set(binding.name, { ...old, name: binding.name });
    else if (strict) invalid(binding.name, 'no such binding in the previous version');
  }
  if (errors.length > 0) throw new Problem(400, ...errors);

  // An empty list says no more than none.
  const kept = keep?.length > 0 ? keep : SECRETS;
  for (const binding of before.values())
    if (kept.includes(binding.type) && !resolved.has(binding.name)) resolved.set(binding.name, binding);
  return [...resolved.values()];
}

/** A binding of which only name and type are said, as the API itself tells secrets: it stays as it is. */
const staysAsTold = ({ name, type, ...rest }, before) =>
  Object.keys(rest).length === 0 && before?.type === type;

/** Refuses bindings that the account's plan has no room for. */
export function checkLimits(bindings, account) {
  for (const { name, type, text, json } of bindings) {
    const size = Buffer.byteLength(text ?? (json === undefined ? '' : JSON.stringify(json)));
    if (COUNTED.includes(type) && size > TEXT_MAX_BYTES)
      refuse(400, 10054, `Text binding '${name}' is too large. Text bindings cannot be larger than 5.1 kB.`);
  }
  const variables = bindings.filter(({ type }) => COUNTED.includes(type)).length;
  const plan = account.plan === 'free' ? 'Workers Free' : 'Workers Paid';
  const most = account.variablesMax;
  if (variables > most)
    refuse(
      400,
      10055,
      `This deployment includes ${variables} variables, which exceeds the ${plan} limit of ${most} variables per Worker (secrets + text).`,
    );
}

/** A binding as it is told: secrets without their values. */
export function told({ text, key_base64, key_jwk, ...binding }, classes) {
  if (binding.type === 'plain_text') return { ...binding, text };
  if (binding.type === 'durable_object_namespace' && classes.has(binding.class_name))
    return { ...binding, namespace_id: classes.get(binding.class_name).id };
  return binding;
}

/** Names of secrets whose values differ between two versions. */
export function changedSecrets(one, other) {
  const values = ({ bindings }) =>
    new Map(
      bindings
        .filter(({ type }) => SECRETS.includes(type))
        .map((binding) => [binding.name, JSON.stringify(binding)]),
    );
  const [left, right] = [values(one), values(other)];
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((name) => left.get(name) !== right.get(name))
    .sort();
}

export const isSecret = ({ type }) => SECRETS.includes(type);
