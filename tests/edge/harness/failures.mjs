// Something fails at each call of the API in turn. Afterwards the gateway answers as it did, or, where success was
// reported, as it should now; and a first deployment that failed has opened nothing.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { sceneFor, succeeded } from './setup.mjs';

const CONCURRENCY = 4;

/** What happens: to this call alone, to every call of its operation from then on, or to all calls from then on. */
const FAULTS = [
  { kind: 'limited', reach: 'once' },
  { kind: 'lost', reach: 'once' },
  { kind: 'error', reach: 'operation' },
  { kind: 'lost', reach: 'operation' },
  { kind: 'cut', reach: 'all' },
];

/** The command is killed when the API has carried out this call. */
const KILLED = { kind: 'killed', reach: 'once' };

function faultAt(at, { kind, reach }, machine) {
  let operation;
  return ({ number, name }) => {
    if (number === at) operation = name;
    if (kind === 'killed' && number === at) machine.kill();
    if (kind === 'killed') return undefined;
    const meant = { once: number === at, operation: number >= at && name === operation, all: number >= at };
    return meant[reach] ? kind : undefined;
  };
}

/** The account of a gateway that is deployed, to start from many times. */
export async function deployedAccount() {
  const ends = [];
  const { api, deploy } = await sceneFor({ after: (end) => ends.push(end) });
  succeeded(await deploy());
  const copy = structuredClone(api.account);
  for (const end of ends) await end();
  return copy;
}

async function play(t, { account, config, run }, faultOn = () => () => undefined) {
  const scene = await sceneFor(t, { accounts: [account()], config });
  scene.api.fault = faultOn(scene.machine);
  const ended = await run(scene);
  return { scene, ended, calls: [...scene.api.calls] };
}

/**
 * Defines the tests of a scenario: `{account(), config, run(scene)}`, and what has to hold afterwards:
 * `{succeeded(scene, ended), failed(scene, ended), killed?(scene)}`.
 * It is run once without faults, to see which calls there are.
 */
export async function failAtEveryCall(name, scenario) {
  const { ended, calls } = await play({ after }, scenario);
  succeeded(ended);
  describe(name, { concurrency: CONCURRENCY }, () => {
    for (const { number, method, path } of calls) {
      const what = `${method} ${path.replace(/[0-9a-f]{32}/g, '…').replace(/\?.*/, '')}`;
      for (const fault of method === 'GET' ? FAULTS : [...FAULTS, KILLED])
        test(`call ${number}, ${what}: ${fault.kind}, ${fault.reach}`, (t) =>
          endure(t, scenario, number, fault));
    }
  });
}

async function endure(t, scenario, number, fault) {
  const { scene, ended } = await play(t, scenario, (machine) => faultAt(number, fault, machine));
  scene.api.reset(); // all is well again
  if (fault === KILLED) {
    assert.equal(ended.status, null, ended.output);
    await scenario.killed?.(scene);
  } else {
    await (ended.status === 0 ? scenario.succeeded : scenario.failed)(scene, ended);
    if (fault.reach === 'once') assert.equal(ended.status, 0, `it passes by itself:\n${ended.output}`);
    // Only what comes after the change may fail for good and be no failure.
    if (fault.reach !== 'all' || ended.status === 0) return;
    assert.equal(ended.status, 1, ended.output);
  }
  const again = await scenario.run(scene);
  succeeded(again);
  await scenario.succeeded(scene, again);
}
