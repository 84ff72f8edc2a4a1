import { documentedModule } from "../support/documented.ts";
import { microservice, type TestServer } from "./stack.ts";

/** The receiver that docs/callbacks.md shows. */
const documented = await documentedModule("callbacks.md", "receiver") as {
  readonly receive: (
    request: Request,
    secret: string,
    handle: (callback: never) => void,
  ) => Promise<Response>;
};

/** What a callback says. */
export interface CallbackDocument {
  readonly type: string;
  readonly timestamp: string;
  readonly data: {
    readonly id: string;
    readonly service: string;
    readonly state: string;
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string | string[]>>;
    readonly body?: unknown;
    readonly encoding?: "base64";
  };
}

/** A callback that arrived. */
export interface Arrived {
  readonly headers: Headers;
  readonly path: string;
  /** Undefined where it was not genuine. */
  readonly document: CallbackDocument | undefined;
}

/** Secrets of Standard Webhooks, for tests alone. */
export const secrets: readonly [string, string] = [
  `whsec_${"bmV3".repeat(8)}`,
  `whsec_${"b2xk".repeat(10)}`,
];

/** A receiver of callbacks. */
export interface Receiver extends TestServer {
  /** Where callbacks are sent to. */
  readonly hook: string;
  /** All that came, in its order. */
  readonly arrived: Arrived[];
  /** Answers in place of 204, while it is set. */
  answer: (() => Response | Promise<Response>) | undefined;
}

/** Starts a receiver that takes what is signed with one of {@link secrets}. */
export function receiver({ secret = secrets[0] }: { readonly secret?: string } = {}): Receiver {
  const arrived: Arrived[] = [];
  const state: Pick<Receiver, "answer"> = { answer: undefined };
  const server = microservice(async (request) => {
    let document: CallbackDocument | undefined;
    const { headers } = request;
    const verdict = await documented.receive(request, secret, (callback) => document = callback);
    arrived.push({ headers, path: new URL(request.url).pathname, document });
    return state.answer ? await state.answer() : verdict;
  });
  return Object.assign(state, { ...server, arrived, hook: `${server.url}/hook` });
}
