// A way to a gateway's objects that can stand still: for front doors in other processes.

import http from 'node:http';
import { once } from 'node:events';

/**
 * What `startGateway` takes as `home`. While held, reservations wait until they are let through or dropped; the object
 * may have decided some meanwhile.
 */
export async function startHeld(t, gateway) {
  let holding = false;
  let held = [];
  const server = http.createServer({ keepAliveTimeout: 60_000 }, async (incoming, response) => {
    const chunks = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const to = `http://127.0.0.1:${gateway.ports.probe}${incoming.url}`;
    const call = async () => {
      const reply = await fetch(to, { method: 'POST', body });
      return [reply.status, await reply.text()];
    };
    let decided;
    const decide = () => (decided ??= call().catch((error) => [502, String(error)]));
    const pass = async () => {
      const [status, text] = await decide();
      response.statusCode = status;
      response.end(text);
    };
    if (!holding || !incoming.url.endsWith('/reserve')) return pass();
    held.push({ decide, pass, drop: () => incoming.socket.destroy(), ask: JSON.parse(body) });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => (server.closeAllConnections(), server.close()));
  const end = (how) => {
    holding = false;
    for (const question of held.splice(0)) question[how]();
  };
  return {
    ports: { probe: server.address().port },
    hold: () => (holding = true),
    /** Questions that wait. */
    held: () => held.map(({ ask }) => ask),
    /** Has the object decide those that `which` says, and keeps the answers. */
    decide: (which) => Promise.all(held.filter(({ ask }) => which(ask)).map(({ decide }) => decide())),
    /** Lets those through that `which` says, and goes on holding. */
    async letSome(which) {
      const some = held.filter(({ ask }) => which(ask));
      held = held.filter((question) => !some.includes(question));
      for (const { pass } of some) await pass();
    },
    letThrough: () => end('pass'),
    drop: () => end('drop'),
  };
}
