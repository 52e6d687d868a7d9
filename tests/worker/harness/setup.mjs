// Starts what a test needs and stops it afterwards. `t` is a test's context, or `{after}` for a whole file.

import { startUpstream } from './upstream.mjs';
import { startGateway } from './workerd.mjs';

export async function upstreamFor(t) {
  const upstream = await startUpstream();
  t.after(() => upstream.close());
  return upstream;
}

export async function gatewayFor(t, options) {
  const gateway = await startGateway(options);
  t.after(() => gateway.stop());
  return gateway;
}
