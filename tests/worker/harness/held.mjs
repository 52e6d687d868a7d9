// A way to a gateway's objects that can stand still: for front doors in other processes.

import http from 'node:http';
import { once } from 'node:events';

/** What `startGateway` takes as `home`. While held, reservations wait until they are let through or dropped. */
export async function startHeld(t, gateway) {
  let holding = false;
  let held = [];
  const server = http.createServer(async (incoming, response) => {
    const chunks = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const pass = async () => {
      const to = `http://127.0.0.1:${gateway.ports.probe}${incoming.url}`;
      const reply = await fetch(to, { method: 'POST', body }).catch((error) => error);
      response.statusCode = reply.status ?? 502;
      response.end(reply instanceof Error ? String(reply) : await reply.text());
    };
    if (!holding || !incoming.url.endsWith('/reserve')) return pass();
    held.push({ pass, drop: () => incoming.socket.destroy(), ask: JSON.parse(body) });
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
    letThrough: () => end('pass'),
    drop: () => end('drop'),
  };
}
