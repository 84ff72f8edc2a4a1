import type { Capabilities } from "../../shared/broker/broker.ts";
import type { Faults, TestBroker } from "../brokers.ts";

/** What a broker declares of itself, and can be made to suffer. */
export interface Declared {
  readonly capabilities: Capabilities;
  readonly faults?: Faults;
}

/** One thing that every broker does. */
export interface Behaviour {
  readonly name: string;
  /** Why it does not apply to a broker that declares this, or undefined if it does. */
  readonly exempt?: (declared: Declared) => string | undefined;
  run(t: TestBroker): Promise<void>;
}

/** Exempts brokers that do not deliver in the order of priorities. */
export function withoutPriorities({ capabilities }: Declared): string | undefined {
  return capabilities.priorities === "strict" ? undefined : declared(capabilities);
}

/** Exempts brokers that do not deliver by shares. */
export function withoutShares({ capabilities }: Declared): string | undefined {
  return capabilities.priorities === "shares" ? undefined : declared(capabilities);
}

/** Exempts brokers in which priorities do nothing. */
export function withoutAnyPriorities({ capabilities }: Declared): string | undefined {
  return capabilities.priorities === "none" ? declared(capabilities) : undefined;
}

function declared({ priorities }: Capabilities): string {
  return `declares priorities: ${priorities}`;
}

/** Exempts brokers that cannot be made to suffer a fault here. */
export function withoutFault(
  fault: Exclude<keyof Faults, "reasons">,
): (declared: Declared) => string | undefined {
  return ({ faults }) => {
    if (!faults) return "embedded, there is no server";
    if (faults[fault]) return undefined;
    return faults.reasons?.[fault] ?? "this server is not ours to administer";
  };
}
