import { ErrorReply } from "@redis/client";
import { BrokerUnavailableError } from "../errors.ts";

/** Answers by which a server says that it takes nothing just now. */
const refusals = /^(LOADING|MASTERDOWN|READONLY|MISCONF|NOREPLICAS|CLUSTERDOWN|BUSY|TRYAGAIN) /;

/** Whether something failed for want of a connection, or because the server takes nothing now. */
export function isUnavailable(error: unknown): boolean {
  return !(error instanceof ErrorReply) || refusals.test(error.message);
}

/** An error of the client as one of the contract. */
export function unavailable(error: unknown): BrokerUnavailableError {
  const text = error instanceof Error ? error.message : "the connection was lost";
  return new BrokerUnavailableError(text || "the connection was lost", { cause: error });
}

/** Whether the server has no memory left for what it was given. */
export function isFull(error: unknown): boolean {
  return error instanceof ErrorReply && /\bOOM\b/.test(error.message);
}

/** Whether a script is to be loaded (again): the server was restarted, or forgot its scripts. */
export function isScriptMissing(error: unknown): boolean {
  return error instanceof ErrorReply && error.message.startsWith("NOSCRIPT");
}
