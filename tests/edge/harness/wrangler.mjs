// Real wrangler, against the local API, on a copy of this repository's project.

import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { join } from 'node:path';
import { within } from '../../worker/harness/client.mjs';
import { ROOT } from '../../worker/harness/names.mjs';
import { modulePath, temporaryDirectory } from '../../worker/harness/workerd.mjs';
import { MODULES } from '../../worker/harness/names.mjs';

/**
 * A directory with wrangler.toml and the built bundle. The build command is gone: what is built is what is
 * deployed. `top` is put in front of the file, `routes` and the like.
 */
export function newProject({ top = '', more = '' } = {}) {
  const dir = temporaryDirectory();
  mkdirSync(join(dir, 'build'));
  for (const module of MODULES) cpSync(modulePath(module), join(dir, 'build', module));
  const file = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8');
  const built = file.replace(/^\[build\]\n(?:.+\n)*/m, '');
  if (built === file) throw new Error('wrangler.toml has no [build]');
  writeFileSync(join(dir, 'wrangler.toml'), `${top}\n${built}\n${more}`);
  return dir;
}

/** Runs wrangler in a project: `{status, output}`. */
export async function wrangler(api, dir, args, { input = '', env = {} } = {}) {
  const home = join(dir, '.home');
  mkdirSync(home, { recursive: true });
  const child = spawn(process.execPath, [join(ROOT, 'node_modules/wrangler/bin/wrangler.js'), ...args], {
    cwd: dir,
    env: {
      PATH: process.env.PATH,
      HOME: home,
      XDG_CONFIG_HOME: home,
      WRANGLER_LOG_PATH: join(home, 'logs'),
      WRANGLER_SEND_METRICS: 'false',
      WRANGLER_HIDE_BANNER: 'true',
      CI: 'true',
      CLOUDFLARE_API_BASE_URL: api.url,
      CLOUDFLARE_API_TOKEN: api.token,
      CLOUDFLARE_ACCOUNT_ID: api.account.id,
      ...env,
    },
  });
  child.stdin.end(input);
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  const [stdout, stderr, [status]] = await within(ended, 'wrangler', 180_000);
  return { status, output: stdout + stderr };
}
