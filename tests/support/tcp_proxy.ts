import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/**
 * Stands between clients and a server, and does to the bytes between them what a network does.
 * What holds for the connections there are holds for those that come meanwhile too.
 */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** How many connections go through it. */
  readonly connections: number;
  /** How often something was lost on half-open connections. */
  readonly swallowed: number;
  /** Loses everything for good, bytes and closings, in either direction: connections are half-open. */
  silence(): void;
  /** Ends a silence: connections that come from now on pass; those of the silence stay dead. */
  resume(): void;
  /** Holds everything back, as a network that is cut: senders send again, so nothing is lost. */
  hold(): void;
  /** Passes on what was held back, and all that comes. */
  release(): void;
  /** Passes everything on so much later, milliseconds for each direction; 0 is no delay. */
  delay(ms: number): void;
  /** Resets all connections, on both sides. Returns how many. */
  reset(): number;
  /** Resets all connections on the side of the clients; the server goes on holding them. */
  orphan(): void;
  /** Whether new connections are refused from now on. */
  refuse(refuses: boolean): void;
}

/**
 * Starts a proxy on this machine.
 * @param ownPort where it listens. @default a free port
 */
export async function startTcpProxy(host: string, port: number, ownPort = 0): Promise<TcpProxy> {
  const network = new Network();
  const server = createServer({ noDelay: true }, (downstream) => {
    network.join(downstream, () => connect({ host, port, noDelay: true }));
  });
  await once(server.listen(ownPort, "127.0.0.1"), "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return network.pairs.size;
    },
    get swallowed() {
      return network.swallowed;
    },
    silence: () => network.silence(),
    resume: () => {
      network.silent = false;
    },
    hold: () => {
      network.held = true;
    },
    release: () => network.release(),
    delay: (ms) => {
      network.delayMs = ms;
    },
    reset: () => network.reset(),
    orphan: () => network.orphan(),
    refuse: (refuses) => {
      network.refuses = refuses;
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      network.refuses = true;
      network.reset();
      await closed;
    },
  };
}

/** A connection of a client and the one that it is passed on by. */
class Pair {
  readonly sockets: readonly Socket[];
  readonly directions: readonly Direction[];
  /** Nothing passes any more, for good. */
  dead = false;

  constructor(downstream: Socket, upstream: Socket, network: Network) {
    this.sockets = [downstream, upstream];
    this.directions = [
      new Direction(this, downstream, upstream, network),
      new Direction(this, upstream, downstream, network),
    ];
  }
}

/** One way of a connection: what is under way arrives in its order, whatever the delay was then. */
class Direction {
  readonly #pair: Pair;
  readonly #network: Network;
  #underWay: { readonly due: number; readonly arrive: () => void }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(pair: Pair, from: Socket, to: Socket, network: Network) {
    this.#pair = pair;
    this.#network = network;
    from.on("error", () => {});
    from.on("data", (bytes) => this.#send(() => to.write(bytes)));
    from.on("close", () => {
      this.#send(() => {
        to.destroy();
        network.pairs.delete(pair);
      });
    });
  }

  /** Lets arrive what is due. */
  arrive(): void {
    clearTimeout(this.#timer);
    if (this.#pair.dead) this.#network.swallowed += this.#underWay.splice(0).length;
    if (this.#network.held) return;
    for (let first = this.#underWay[0]; first; first = this.#underWay[0]) {
      const left = first.due - performance.now();
      if (left > 0) {
        this.#timer = setTimeout(() => this.arrive(), left);
        return;
      }
      this.#underWay.shift();
      first.arrive();
    }
  }

  #send(arrive: () => void): void {
    this.#underWay.push({ due: performance.now() + this.#network.delayMs, arrive });
    this.arrive();
  }
}

class Network {
  readonly pairs = new Set<Pair>();
  silent = false;
  swallowed = 0;
  held = false;
  refuses = false;
  delayMs = 0;

  join(downstream: Socket, dial: () => Socket): void {
    if (this.refuses) {
      downstream.on("error", () => {});
      downstream.resetAndDestroy();
      return;
    }
    const pair = new Pair(downstream, dial(), this);
    pair.dead = this.silent;
    this.pairs.add(pair);
  }

  silence(): void {
    this.silent = true;
    for (const pair of this.pairs) pair.dead = true;
  }

  release(): void {
    this.held = false;
    for (const { directions } of this.pairs) for (const one of directions) one.arrive();
  }

  orphan(): void {
    for (const pair of this.pairs) {
      pair.dead = true;
      pair.sockets[0]?.resetAndDestroy();
    }
  }

  reset(): number {
    const pairs = [...this.pairs];
    this.pairs.clear();
    for (const pair of pairs) {
      pair.dead = true;
      for (const socket of pair.sockets) socket.resetAndDestroy();
    }
    return pairs.length;
  }
}
