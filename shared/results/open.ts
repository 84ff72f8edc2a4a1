import type { Broker, BrokerOptions } from "../broker/broker.ts";
import { openBroker } from "../broker/open.ts";
import type { ResultStore, ResultStoreOptions } from "./result_store.ts";

/** A result store, and who is asked for its connections. */
export interface OpenedResults extends AsyncDisposable {
  readonly store: ResultStore;
  /** The broker that it is in; not the one of the requests, if it has one of its own. */
  readonly broker: Broker;
}

/**
 * Opens the result store: a broker's own, or that of another.
 * @param url the other broker's; undefined for the broker's own.
 * @param options those of the other broker and of the store.
 * @throws {BrokerUrlError} the URL cannot be read.
 */
export async function openResults(
  broker: Broker,
  url: string | undefined,
  options: BrokerOptions & ResultStoreOptions,
): Promise<OpenedResults> {
  const own = url === undefined ? undefined : await openBroker(url, options);
  const store = (own ?? broker).results(options);
  return {
    store,
    broker: own ?? broker,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await own?.[Symbol.asyncDispose]();
    },
  };
}
