import { type AnsweredItem, readAnswer } from "./batch_answer.ts";
import type { BatchFormat } from "./batch_request.ts";
import type { ForwardResult } from "../forwarder.ts";

/** What follows from how the call with a batch ended. */
export type BatchVerdict =
  /** Each item has a result of its own. */
  | { readonly kind: "each"; readonly results: readonly ForwardResult[]; readonly remark?: string }
  /** It failed as a whole: its halves are called at once, to find out whose fault it was. */
  | { readonly kind: "halve"; readonly result: ForwardResult }
  /**
   * It failed as a whole, and calling again at once would not help: the items come again later,
   * each in a smaller batch.
   */
  | { readonly kind: "later"; readonly result: ForwardResult };

/**
 * Decides from how the call with a batch ended. An item that was alone always gets a result of its
 * own.
 *
 * @param retryStatuses the statuses that are failures which may pass.
 */
export function verdictOf(
  result: ForwardResult,
  items: readonly AnsweredItem[],
  format: BatchFormat,
  retryStatuses: ReadonlySet<number>,
): BatchVerdict {
  const alone = items.length === 1;
  switch (result.kind) {
    case "response": {
      const { status, body } = result.response;
      if (status >= 200 && status <= 299) return verdictOfAnswer(body, items, format);
      if (alone) return each(result, items);
      return { kind: retryStatuses.has(status) ? "later" : "halve", result };
    }
    case "unreachable":
    case "timeout":
      return alone ? each(result, items) : { kind: "later", result };
    case "invalid-response":
    case "invalid-request":
      return alone ? each(result, items) : { kind: "halve", result };
    default:
      return each(result, items);
  }
}

function verdictOfAnswer(
  body: Uint8Array,
  items: readonly AnsweredItem[],
  format: BatchFormat,
): BatchVerdict {
  const answer = readAnswer(body, items, format);
  if (answer.kind === "items") {
    const { results, remark } = answer;
    return { kind: "each", results, ...(remark === undefined ? {} : { remark }) };
  }
  const { kind, detail } = answer;
  const result: ForwardResult = kind === "invalid"
    ? { kind: "invalid-response", detail }
    : { kind: "failed", detail };
  if (items.length === 1) return { ...each(result, items), remark: detail };
  return { kind: kind === "invalid" ? "halve" : "later", result };
}

function each(result: ForwardResult, items: readonly AnsweredItem[]) {
  return { kind: "each", results: items.map(() => result) } as const;
}
