import { microservice, type TestServer } from "../../e2e/stack.ts";

/**
 * A microservice that keeps account of what it has run. What it answers follows from the request
 * alone, so that an answer can be told to be the right one ({@link expected}).
 */
export class Upstream implements AsyncDisposable {
  /** How often each request was begun, by its body. */
  readonly runs = new Map<string, number>();
  readonly #server: TestServer;
  #held: PromiseWithResolvers<void> | undefined;

  constructor() {
    this.#server = microservice(async (request) => {
      const body = await request.text();
      this.runs.set(body, (this.runs.get(body) ?? 0) + 1);
      await this.#held?.promise;
      return new Response(answerTo(body), {
        status: 201,
        headers: { "x-length": `${body.length}` },
      });
    });
  }

  get url(): string {
    return this.#server.url;
  }

  /** How many calls there were. */
  get calls(): number {
    return [...this.runs.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Holds back all answers until {@link release}. */
  hold(): void {
    this.#held ??= Promise.withResolvers();
  }

  release(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
    await this.#server[Symbol.asyncDispose]();
  }
}

/** The answer to a body: longer than it, so that a mix-up of two cannot go unseen. */
export function answerTo(body: string): string {
  return `${body} `.repeat(1 + body.length % 5);
}
