import { startEnqueuer } from "../../../tests/process/service_process.ts";
import type { SoakBroker } from "../../soak/broker.ts";
import { rabbitmqBroker } from "../../soak/rabbitmq_broker.ts";
import { sqliteBroker } from "../../soak/sqlite_broker.ts";
import { measure } from "./measure.ts";
import { settings } from "./settings.ts";
import type { Row } from "./table.ts";

/** The brokers that are measured. */
export const brokers = { rabbitmq: rabbitmqBroker, sqlite: sqliteBroker } as const;

/** What is measured. */
export interface BatchesOptions {
  readonly brokers: readonly (keyof typeof brokers)[];
  readonly connections: readonly number[];
  /** How long each setting is measured, milliseconds. */
  readonly ms: number;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/**
 * A microservice that takes 20 ms a call for up to 64 items, and does one call at a time, behind a
 * queue, by the settings of its dequeuer.
 */
export async function benchBatches(options: BatchesOptions): Promise<Row[]> {
  const { connections, ms, signal, log } = options;
  const rows: Row[] = [];
  for (const name of options.brokers) {
    const service = `bench-${Date.now().toString(36)}`;
    await using broker: SoakBroker = await brokers[name]({ service, restart: false, signal, log });
    await using enqueuer = startEnqueuer({ BROKER_URL: broker.url, ENQUEUER_SERVICES: service });
    const front = await enqueuer.ready({ timeoutMs: 60_000 });
    const place = {
      brokerUrl: broker.url,
      service,
      url: `${front}/proxy/${service}/embed`,
      signal,
    };
    for (const setting of connections.flatMap(settings)) {
      const measured = await measure(place, setting, ms);
      log(
        `${name}, ${setting.connections} callers, ${setting.name}: ${measured.rate.toFixed(0)}/s`,
      );
      rows.push({ broker: name, measured });
    }
    enqueuer.signal("SIGTERM");
    await enqueuer.exited({ timeoutMs: 60_000 });
  }
  return rows;
}
