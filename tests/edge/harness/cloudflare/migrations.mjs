// Classes of Durable Objects: which there are, and how they come and go.
//
// A class is a namespace with an identity of its own, which keeps the objects' data when a class is renamed.

import { hex } from './account.mjs';
import { refuse } from './problem.mjs';

/** Names a module exports, as far as the text of a bundled one tells. */
export function exportedNames(source) {
  const names = new Set();
  for (const [, name] of source.matchAll(
    /\bexport\s+(?:async\s+)?(?:class|function|const|let|var)\s+([\w$]+)/g,
  ))
    names.add(name);
  for (const [, list] of source.matchAll(/\bexport\s*\{([^}]*)\}/g))
    for (const item of list.split(','))
      names.add(
        item
          .trim()
          .split(/\s+as\s+/)
          .at(-1),
      );
  return names;
}

/**
 * Applies what an upload says, to a copy of `classes` (name to `{id, sqlite}`). Answers the classes and the tag
 * as they are afterwards. `exported` holds the names that the new version's main module exports.
 */
export function migrate({ classes, tag, migrations, exported, plan }) {
  classes = new Map(classes);
  if (migrations) {
    if ((migrations.old_tag ?? '') !== (tag ?? '')) {
      const expected = `expected tag ${JSON.stringify(migrations.old_tag ?? '')}, found ${JSON.stringify(tag ?? '')}`;
      refuse(412, 10079, `Migration tag precondition failed; ${expected}`);
    }
    for (const step of migrations.steps ?? [migrations]) apply(step, classes, plan);
    tag = migrations.new_tag ?? tag;
  }
  for (const name of classes.keys()) {
    if (exported.has(name)) continue;
    const sentence = `New version of script does not export class '${name}' which is depended on by existing Durable Objects`;
    refuse(400, 10064, `${sentence}. If you want to delete the class, use a delete-class migration.`);
  }
  return { classes, tag };
}

function apply(step, classes, plan) {
  const add = (name, sqlite) => {
    if (classes.has(name))
      refuse(
        400,
        10074,
        `Cannot apply new-class migration to class '${name}' that is already depended on by existing Durable Objects`,
      );
    if (!sqlite && plan === 'free')
      refuse(
        400,
        10097,
        'In order to use Durable Objects with a free plan, you must create a namespace using a `new_sqlite_classes` migration.',
      );
    classes.set(name, { id: hex(), sqlite });
  };
  for (const name of step.new_sqlite_classes ?? []) add(name, true);
  for (const name of step.new_classes ?? []) add(name, false);
  for (const { from, to } of step.renamed_classes ?? []) {
    if (!classes.has(from))
      refuse(400, 10074, `Cannot apply rename-class migration to class '${from}' that does not exist`);
    classes.set(to, classes.get(from));
    classes.delete(from);
  }
  for (const name of step.deleted_classes ?? [])
    if (!classes.delete(name))
      refuse(400, 10074, `Cannot apply delete-class migration to class '${name}' that does not exist`);
}

/** Every binding to an object of this script has a class, which the script both exports and has a namespace of. */
export function checkObjectBindings(bindings, { classes, exported, uploadedAlone }) {
  for (const { type, name, class_name, script_name } of bindings) {
    if (type !== 'durable_object_namespace' || script_name) continue;
    if (!exported.has(class_name))
      refuse(
        400,
        10061,
        `Cannot create binding for class '${class_name}' because it is not exported by the script: binding '${name}'.`,
      );
    if (classes.has(class_name)) continue;
    if (uploadedAlone)
      refuse(
        400,
        10123,
        `Binding '${name}' depends on class '${class_name}', of which a migration was not applied yet.`,
      );
    refuse(
      400,
      10061,
      `Cannot create binding for class '${class_name}' because it is not currently configured to implement Durable Objects.`,
    );
  }
}
