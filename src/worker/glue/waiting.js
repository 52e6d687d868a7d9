// Waiting, and letting others wait.

// The request's context lives until then, whether or not its client does.
export function waitUntil(ctx, promise) {
  ctx.waitUntil(promise);
}

// A promise, and what fulfils it before `ms` have passed. Another request may call that: the runtime lets those
// who wait go on in their own.
export function wakeable(ms) {
  let wake;
  const woken = new Promise((resolve) => (wake = resolve));
  const timer = setTimeout(wake, ms);
  return [woken.then(() => clearTimeout(timer)), wake];
}

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
