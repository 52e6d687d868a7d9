// The main module. `index.js` is the Rust library; what is here is what only JavaScript can be: an object
// class that extends `DurableObject`, without which the runtime refuses calls by RPC.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import { FrontDoor, ProviderLedger } from "./index.js";

export default {
  // Awaits what the request waits for, one thing after the other.
  async fetch(request, env, ctx) {
    const visit = { number: (last = (last + 1) >>> 0) };
    left.register(visit, visit.number, visit);
    try {
      let turn = FrontDoor.begin(visit.number, request, env, ctx);
      while (turn instanceof Promise) {
        let value;
        let rejected = false;
        try {
          value = await turn;
        } catch (error) {
          value = error;
          rejected = true;
        }
        turn = FrontDoor.resume(visit.number, value, rejected);
      }
      return turn;
    } catch (error) {
      return failed(error);
    } finally {
      left.unregister(visit);
    }
  },
};

// The number of the last request, an unsigned integer of 32 bits.
let last = 0;

// Requests whose client has left: the runtime does not go on with them, and one day nobody can.
const left = new FinalizationRegistry((number) => FrontDoor.forget(number));

// The reply and the log line when the gateway itself breaks. Both formats' clients find their message in it.
function failed(error) {
  const id = `req_${crypto.randomUUID().replaceAll("-", "").slice(8)}`;
  const line = { time: new Date(), level: "error", event: "request", id, status: 500, error: "failed" };
  console.error(JSON.stringify({ ...line, detail: String(error?.stack ?? error).slice(0, 4096) }));
  const body = {
    type: "error",
    error: { type: "api_error", message: "The gateway failed on this request", param: null, code: null },
    request_id: id,
  };
  return Response.json(body, { status: 500, headers: { "x-request-id": id, "request-id": id } });
}

export class ProviderObject extends DurableObject {
  #ledger;

  constructor(ctx, env) {
    super(ctx, env);
    this.#ledger = new ProviderLedger(ctx, env);
  }

  reserve(ask) {
    return this.#ledger.reserve(ask);
  }

  settle(report) {
    return this.#ledger.settle(report);
  }

  giveBack(returns) {
    return this.#ledger.give_back(returns);
  }

  standing(inquiry) {
    return this.#ledger.standing(inquiry);
  }

  inspect() {
    return this.#ledger.inspect();
  }

  alarm() {
    return this.#ledger.alarm();
  }
}

// Takes a new config without a restart. `start` alone reaches it, on a Unix socket, and it does nothing
// where the binding is missing that `start` alone sets.
export class Control extends WorkerEntrypoint {
  async fetch(request) {
    if (this.env.LLM_ROUTER_LOCAL === undefined) return new Response(null, { status: 404 });
    if (request.method !== "PUT" || new URL(request.url).pathname !== "/config") {
      return new Response(null, { status: 404 });
    }
    const problems = FrontDoor.configure(this.env, await request.text());
    return Response.json({ ok: problems.length === 0, problems }, { status: problems.length === 0 ? 200 : 422 });
  }
}
