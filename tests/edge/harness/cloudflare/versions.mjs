// Scripts and their versions, deployments, secrets and settings.

import { createHash, randomUUID } from 'node:crypto';
import { hex, now } from './account.mjs';
import { changedSecrets, checkLimits, isSecret, resolveBindings, told } from './bindings.mjs';
import { checkObjectBindings, exportedNames, migrate } from './migrations.mjs';
import { noSuchScript, refuse } from './problem.mjs';

/** Settings that are not part of a version. */
const UNVERSIONED = ['logpush', 'observability', 'tags', 'tail_consumers'];
/** Settings that are, besides bindings. */
const VERSIONED = ['compatibility_date', 'compatibility_flags', 'limits', 'placement', 'usage_model'];

const VARIABLE_NAME = /^[A-Za-z_$][\w$]*$/;
const VERSIONS_LISTED = 10;
const BULK_MAX = 100;

const pick = (names, object) =>
  Object.fromEntries(names.filter((name) => object[name] !== undefined).map((name) => [name, object[name]]));

export const latestOf = (script) => script.versions.at(-1);
export const deployedOf = (script) => {
  const id = script.deployments.at(-1)?.versions[0].version_id;
  return script.versions.find((version) => version.id === id);
};

const newScript = (id) => ({
  id,
  tag: hex(),
  created_on: now(),
  versions: [],
  deployments: [],
  classes: new Map(),
  migration_tag: undefined,
  settings: { logpush: false, tags: [], tail_consumers: [] },
  subdomain: { enabled: false, previews_enabled: false },
});

/** A script that exists, or the refusal that it does not. */
export const scriptOf = ({ account, parameters }) =>
  account.scripts.get(parameters.script_name) ?? noSuchScript();

function addVersion(script, version, source) {
  version = { id: randomUUID(), number: script.versions.length + 1, created_on: now(), source, ...version };
  script.versions.push(version);
  return version;
}

function deploy(script, version, { annotations = {}, source = 'api' } = {}) {
  const deployment = {
    id: randomUUID(),
    created_on: now(),
    source,
    strategy: 'percentage',
    author_email: 'somebody@example.com',
    annotations,
    versions: [{ version_id: version.id, percentage: 100 }],
  };
  script.deployments.push(deployment);
  return deployment;
}

/** A version on top of the latest with other bindings, deployed at once. */
function edit(account, script, bindings, changes = {}) {
  const latest = latestOf(script);
  if (latest !== deployedOf(script)) {
    const sentence =
      'Secret edit failed. You attempted to modify a secret, but the latest version of your Worker';
    refuse(
      400,
      10215,
      `${sentence} isn't currently deployed. Please ensure that the latest version is fully deployed.`,
    );
  }
  checkLimits(bindings, account);
  const { id, number, created_on, ...rest } = latest;
  const version = addVersion(script, { ...rest, ...changes, bindings }, 'api');
  deploy(script, version);
  return version;
}

/** Turns an upload's parts into modules, or refuses it. */
function modulesOf({ metadata, files }) {
  const modules = files.map(({ name, type, content }) => ({ name, type, content }));
  const main = modules.find(({ name }) => name === metadata.main_module);
  if (!main) refuse(400, 10021, `No such module "${metadata.main_module}".`);
  return { modules, main };
}

function versionFrom(script, { metadata, files, strict, account, migrations }) {
  const { modules, main } = modulesOf({ metadata, files });
  const exported = exportedNames(Buffer.from(main.content).toString());
  const bindings = resolveBindings({
    wanted: metadata.bindings,
    keep: metadata.keep_bindings,
    strict,
    latest: latestOf(script),
  });
  const { classes, tag } = migrate({
    classes: script.classes,
    tag: script.migration_tag,
    migrations,
    exported,
    plan: account.plan,
  });
  checkObjectBindings(bindings, {
    classes,
    exported,
    uploadedAlone: migrations === undefined && script.versions.length > 0,
  });
  checkLimits(bindings, account);
  const etag = createHash('sha256');
  for (const { name, content } of modules) etag.update(name).update(content);
  const version = {
    ...pick(VERSIONED, metadata),
    annotations: metadata.annotations ?? {},
    main_module: metadata.main_module,
    modules,
    bindings,
    migration_tag: tag,
    etag: etag.digest('hex'),
  };
  return { version, classes, tag };
}

const runtimeOf = (version) => ({
  usage_model: 'standard',
  ...pick(['compatibility_date', 'compatibility_flags', 'limits', 'migration_tag'], version),
});

const toldVersion = (script, version) => ({
  id: version.id,
  number: version.number,
  metadata: {
    created_on: version.created_on,
    modified_on: version.created_on,
    source: version.source,
    author_email: 'somebody@example.com',
    hasPreview: false,
  },
  annotations: version.annotations,
  resources: {
    bindings: version.bindings.map((binding) => told(binding, script.classes)),
    script: { etag: version.etag, handlers: ['fetch'], last_deployed_from: version.source },
    script_runtime: runtimeOf(version),
  },
});

const toldScript = (script) => ({
  id: script.id,
  tag: script.tag,
  etag: latestOf(script).etag,
  created_on: script.created_on,
  modified_on: latestOf(script).created_on,
  handlers: ['fetch'],
  has_modules: true,
  last_deployed_from: 'wrangler',
  usage_model: 'standard',
  ...pick(['migration_tag'], script),
  ...script.settings,
});

const toldSettings = (script) => {
  const { bindings, ...latest } = latestOf(script);
  return {
    bindings: bindings.map((binding) => told(binding, script.classes)),
    usage_model: 'standard',
    ...pick(VERSIONED, latest),
    ...script.settings,
    ...pick(['migration_tag'], script),
  };
};

const toldSecret = ({ name, type }) => ({ name, type });

function secretBinding({ name, text, type }) {
  if (!VARIABLE_NAME.test(name)) refuse(400, 10015, `Invalid secret name '${name}'.`);
  return { name, type, text };
}

const SCRIPT = '/accounts/{account_id}/workers/scripts/{script_name}';

export const operations = {
  'GET /accounts/{account_id}/workers/services/{script_name}': ({ account, parameters }) => {
    const script = account.scripts.get(parameters.script_name);
    if (!script) refuse(404, 10090, 'This Worker does not exist on your account.');
    const environment = {
      environment: 'production',
      created_on: script.created_on,
      script: toldScript(script),
    };
    return { result: { id: script.id, default_environment: environment, environments: [environment] } };
  },
  'GET /accounts/{account_id}/workers/scripts': ({ account }) => ({
    result: [...account.scripts.values()].map(toldScript),
  }),
  'GET /accounts/{account_id}/workers/durable_objects/namespaces': ({ account }) => ({
    result: [...account.scripts.values()].flatMap((script) =>
      [...script.classes].map(([name, { id, sqlite }]) => ({
        id,
        name: `${script.id}_${name}`,
        script: script.id,
        class: name,
        use_sqlite: sqlite,
      })),
    ),
  }),

  [`PUT ${SCRIPT}`]: ({ account, parameters, query, metadata, files }) => {
    const known = account.scripts.get(parameters.script_name);
    if (!known && !account.subdomain)
      refuse(
        403,
        10063,
        'You need a workers.dev subdomain in order to proceed. Please go to the dashboard and open the Workers menu.',
      );
    const script = known ?? newScript(parameters.script_name);
    const strict = query.get('bindings_inherit') === 'strict';
    const { migrations } = metadata;
    const { version, classes, tag } = versionFrom(script, { metadata, files, strict, account, migrations });
    const added = addVersion(script, version, 'api');
    Object.assign(script, { classes, migration_tag: tag });
    Object.assign(script.settings, pick(UNVERSIONED, metadata));
    deploy(script, added);
    account.scripts.set(script.id, script);
    return {
      result: { ...toldScript(script), startup_time_ms: 12, deployment_id: added.id.replaceAll('-', '') },
    };
  },
  [`DELETE ${SCRIPT}`]: (call) => removeScript(call),
  'DELETE /accounts/{account_id}/workers/services/{script_name}': (call) => removeScript(call),

  [`GET ${SCRIPT}/versions`]: (call) => {
    const script = scriptOf(call);
    const items = script.versions.slice(-VERSIONS_LISTED).reverse();
    return { result: { items: items.map((version) => toldVersion(script, version)) } };
  },
  [`GET ${SCRIPT}/versions/{version_id}`]: (call) => {
    const script = scriptOf(call);
    const id = call.parameters.version_id;
    const version = id === 'latest' ? latestOf(script) : script.versions.find((each) => each.id === id);
    return {
      result: version ? toldVersion(script, version) : refuse(404, 10007, 'This version does not exist.'),
    };
  },
  [`POST ${SCRIPT}/versions`]: (call) => {
    const script = scriptOf(call);
    const { account, query, metadata, files } = call;
    if (metadata.migrations)
      refuse(
        400,
        10211,
        'Version upload failed. You attempted to upload a version of a Worker that includes a Durable Object migration, but migrations must be fully applied by running a deployment.',
      );
    const strict = query.get('bindings_inherit') === 'strict';
    const { version } = versionFrom(script, { metadata, files, strict, account });
    return { result: { ...toldVersion(script, addVersion(script, version, 'api')), startup_time_ms: 12 } };
  },

  [`GET ${SCRIPT}/deployments`]: (call) => ({
    result: { deployments: scriptOf(call).deployments.slice(-VERSIONS_LISTED).reverse() },
  }),
  [`POST ${SCRIPT}/deployments`]: (call) => {
    const script = scriptOf(call);
    const { versions, annotations } = call.body;
    if (versions.length !== 1 || versions[0].percentage !== 100)
      refuse(400, 10210, 'This account deploys one version at 100 percent.');
    const target = script.versions.find(({ id }) => id === versions[0].version_id);
    if (!target) refuse(404, 10007, 'This version does not exist.');
    const current = deployedOf(script);
    const changed = target.number < current.number ? changedSecrets(target, current) : [];
    if (changed.length > 0 && call.query.get('force') !== 'true')
      refuse(
        400,
        10220,
        `A deployment with this version is missing secret changes. The following secrets have changed: ${changed.join(', ')}`,
      );
    return { result: deploy(script, target, { annotations }) };
  },

  [`GET ${SCRIPT}/settings`]: (call) => ({ result: toldSettings(scriptOf(call)) }),
  [`PATCH ${SCRIPT}/settings`]: (call) => {
    const script = scriptOf(call);
    const { bindings, migrations, ...settings } = call.settings;
    if (migrations) refuse(400, 10211, 'Settings carry no migrations here.');
    const resolved = bindings
      ? resolveBindings({ wanted: bindings, keep: ['none'], strict: true, latest: latestOf(script) })
      : latestOf(script).bindings;
    edit(call.account, script, resolved, pick([...VERSIONED, 'annotations'], settings));
    Object.assign(script.settings, pick(UNVERSIONED, settings));
    return { result: toldSettings(script) };
  },
  [`GET ${SCRIPT}/script-settings`]: (call) => ({ result: scriptOf(call).settings }),
  [`PATCH ${SCRIPT}/script-settings`]: (call) => ({
    result: Object.assign(scriptOf(call).settings, call.body),
  }),

  [`GET ${SCRIPT}/secrets`]: (call) => ({
    result: latestOf(scriptOf(call)).bindings.filter(isSecret).map(toldSecret),
  }),
  [`PUT ${SCRIPT}/secrets`]: (call) => {
    const script = scriptOf(call);
    const secret = secretBinding(call.body);
    const others = latestOf(script).bindings.filter(({ name }) => name !== secret.name);
    edit(call.account, script, [...others, secret]);
    return { result: toldSecret(secret) };
  },
  [`PATCH ${SCRIPT}/secrets-bulk`]: (call) => {
    const script = scriptOf(call);
    const changes = Object.entries(call.body.secrets ?? {});
    if (changes.length === 0 || changes.length > BULK_MAX)
      refuse(400, 10016, `between 1 and ${BULK_MAX} changes`);
    for (const [name, secret] of changes)
      if (secret && secret.name !== name) refuse(400, 10015, `Secret '${name}' is named otherwise inside.`);
    const others = latestOf(script).bindings.filter(({ name }) => !(name in call.body.secrets));
    const version = edit(call.account, script, [
      ...others,
      ...changes.flatMap(([, secret]) => (secret ? [secretBinding(secret)] : [])),
    ]);
    const secrets = version.bindings.filter(isSecret).map(toldSecret);
    return { result: Object.fromEntries(secrets.map((secret) => [secret.name, secret])) };
  },
  [`GET ${SCRIPT}/secrets/{secret_name}`]: (call) => {
    const secret = latestOf(scriptOf(call)).bindings.find(({ name }) => name === call.parameters.secret_name);
    return {
      result: secret && isSecret(secret) ? toldSecret(secret) : refuse(404, 10056, 'Secret not found.'),
    };
  },
  [`DELETE ${SCRIPT}/secrets/{secret_name}`]: (call) => {
    const script = scriptOf(call);
    const { bindings } = latestOf(script);
    const rest = bindings.filter(({ name }) => name !== call.parameters.secret_name);
    if (rest.length === bindings.length) refuse(404, 10056, 'Secret not found.');
    edit(call.account, script, rest);
    return { result: null };
  },
};

function removeScript({ account, parameters }) {
  if (!account.scripts.delete(parameters.script_name)) noSuchScript();
  account.domains = account.domains.filter(({ service }) => service !== parameters.script_name);
  for (const zone of account.zones)
    zone.routes = zone.routes.filter(({ script }) => script !== parameters.script_name);
  return { result: null };
}
