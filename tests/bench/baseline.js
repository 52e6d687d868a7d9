// The smallest proxy that can be written for the runtime: the ceiling that the gateway is measured against.

export default {
  async fetch(request, env) {
    const body = await request.json();
    body.model = env.MODEL;
    return fetch(env.UPSTREAM, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: env.AUTHORIZATION },
      body: JSON.stringify(body),
    });
  },
};
