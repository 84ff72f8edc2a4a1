import type { SoakBroker } from "./broker.ts";
import type { Load } from "./load.ts";
import type { Services } from "./services.ts";

/** Something that was done to the stack. Times are those of `performance.now()`. */
export interface Fault {
  readonly name: string;
  readonly start: number;
  /** When everything was ready again. */
  readonly end: number;
}

/**
 * Does to the stack what is to be done to it, one thing after the other, each under load: kills
 * each dequeuer, and restarts the broker if that is ours to do.
 */
export async function doFaults(
  stack: { readonly load: Load; readonly services: Services; readonly broker: SoakBroker },
  log: (line: string) => void,
): Promise<Fault[]> {
  const { load, services, broker } = stack;
  const { requests, connections } = load;
  const faults: Fault[] = [];
  const steps: { readonly name: string; readonly run: () => Promise<void> }[] = [
    { name: "dequeuer 1 killed and restarted", run: () => services.replaceDequeuer(0) },
    { name: "dequeuer 2 killed and restarted", run: () => services.replaceDequeuer(1) },
  ];
  const { restart } = broker;
  if (restart) steps.push({ name: "broker stopped and started", run: restart });
  const allowUntil = (step: number) =>
    load.allow(
      step < steps.length ? Math.floor(requests * (step + 1) / 4) + connections : requests,
    );
  allowUntil(0);
  for (const [step, { name, run }] of steps.entries()) {
    const at = Math.floor(requests * (step + 1) / 4);
    await load.until(() => load.finished >= at);
    allowUntil(step + 1);
    // The callers may have waited for the fault before to be over: it has to meet a full load.
    await load.until(() => load.inFlight >= connections / 2 || load.finished === requests);
    const start = performance.now();
    log(`${name}: starts after ${load.finished} requests, with ${load.inFlight} in flight`);
    await run();
    await services.ready();
    const end = performance.now();
    faults.push({ name, start, end });
    log(`${name}: all is ready again after ${(end - start).toFixed(0)} ms`);
  }
  return faults;
}
