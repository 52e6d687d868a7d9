// Providers' objects.

// Ids of objects are the same for ever; stubs belong to the request that made them.
const ids = new Map();

function stub(namespace, provider) {
  let id = ids.get(provider);
  if (id === undefined) {
    id = namespace.idFromName(provider);
    ids.set(provider, id);
  }
  return namespace.get(id);
}

// An object that does not answer for this long is unavailable.
const RESERVE_MS = 10_000;

export function reserve(namespace, provider, ask) {
  return within(RESERVE_MS, stub(namespace, provider).reserve(ask));
}

async function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error("no answer")), ms)));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

// What each provider's object says to its inquiry; `null` where it says nothing in time. Providers that are not
// asked by the time all of them have together count as silent.
export async function standings(namespace, providers, inquiries, width, eachMs, allMs) {
  const replies = new Array(providers.length).fill(null);
  const deadline = Date.now() + allMs;
  let next = 0;
  const ask = async () => {
    while (next < providers.length) {
      const at = next++;
      const left = deadline - Date.now();
      if (left <= 0) return;
      try {
        const reply = stub(namespace, providers[at]).standing(inquiries[at]);
        replies[at] = await within(Math.min(eachMs, left), reply);
      } catch (error) {
        console.error(`standing of ${providers[at]}: ${error.message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: width }, ask));
  return replies;
}

export function settle(namespace, provider, report, ctx) {
  const told = stub(namespace, provider).settle(report);
  ctx.waitUntil(told.catch((error) => console.error(`settle at ${provider}: ${error.message}`)));
}

export function giveBack(namespace, provider, returns) {
  return within(RESERVE_MS, stub(namespace, provider).giveBack(returns));
}

// The write belongs to the turn that calls; a failure of it fails that turn's other writes too.
export function setAlarm(ctx, at) {
  ctx.storage.setAlarm(at).catch((error) => console.error(`alarm: ${error.message}`));
}

// Calls back after `ms`, once the events that are ready by then have been handled.
export function later(callback, ms) {
  setTimeout(callback, ms);
}
